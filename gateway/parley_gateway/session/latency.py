"""What a caller waits for: the answer after a turn, the agent's silence, the first sight of a word."""

from __future__ import annotations

import asyncio

from parley_gateway.conversation.events import SpeechStarted, SpeechStopped, TranscriptChanged
from parley_gateway.ports import SttEvent
from parley_gateway.session.observer import Latency, Milestone, SessionObserver


class ReplyLatency:
    """One reply's. A draft may have text and audio before the turn has ended: those spans are nought."""

    def __init__(self, loop: asyncio.AbstractEventLoop, observer: SessionObserver, *, reply: int) -> None:
        self._loop = loop
        self._observer = observer
        self._reply = reply
        self._last_sound_at: float | None = None
        self._turn_ended_at: float | None = None
        self._text_at: float | None = None
        self._asked_voice_at: float | None = None
        self._speech_at: float | None = None
        self._played_at: float | None = None
        self._heard = False

    def turn_ended(self, *, silent_s: float | None = None) -> None:
        """The caller waits from now on, silent for `silent_s` already; None for a turn that was not spoken."""
        now = self._turn_ended_at = self._loop.time()
        if silent_s is not None:
            self._last_sound_at = now - silent_s
            self._observer.latency(Latency.ENDPOINTING, silent_s)
        if self._text_at is not None:
            self._observer.latency(Latency.FIRST_TOKEN, 0.0)
        self._reached(Milestone.TURN_ENDED)

    def model_asked(self) -> None:
        """The model has been asked for text, or for more of it."""
        self._reached(Milestone.MODEL_ASKED)

    def text_came(self) -> None:
        """The model has written something."""
        if self._text_at is None:
            self._text_at = self._loop.time()
            self._took(Latency.FIRST_TOKEN, self._turn_ended_at, self._text_at)
            self._reached(Milestone.TEXT)

    def text_ended(self) -> None:
        """The model has written all that it was asked for."""
        self._reached(Milestone.TEXT_ENDED)

    def voice_asked(self) -> None:
        """The voice has been given a sentence."""
        if self._asked_voice_at is None:
            self._asked_voice_at = self._loop.time()
            self._waited(Latency.SENTENCE, self._text_at, self._asked_voice_at)
            self._reached(Milestone.VOICE_ASKED)

    def speech_came(self) -> None:
        """The voice has spoken something."""
        if self._speech_at is None:
            self._speech_at = self._loop.time()
            self._took(Latency.SYNTHESIS, self._asked_voice_at, self._speech_at)
            self._reached(Milestone.SPEECH)

    def speech_ended(self) -> None:
        """The voice has spoken everything."""
        self._reached(Milestone.SPEECH_ENDED)

    def played(self) -> None:
        """The client has been sent the first audio; said once."""
        now = self._played_at = self._loop.time()
        self._waited(Latency.PLAYOUT, self._speech_at, now)
        self._took(Latency.FIRST_AUDIO, self._turn_ended_at, now)
        self._took(Latency.RESPONSE, self._last_sound_at, now)
        self._reached(Milestone.PLAYING)

    def reported(self, ms: int) -> None:
        """The client says that it has played `ms` of the reply: the first time tells when it began to."""
        if self._heard or ms <= 0 or self._last_sound_at is None or self._played_at is None:
            return
        self._heard = True
        began_at = max(self._played_at, self._loop.time() - ms / 1000)
        self._observer.latency(Latency.HEARD, began_at - self._last_sound_at)

    def _reached(self, milestone: Milestone) -> None:
        self._observer.reached(milestone, reply=self._reply)

    def _waited(self, kind: Latency, start: float | None, end: float) -> None:
        """A part of the way that the caller waited for: none of it before the end of the turn."""
        if start is not None and self._turn_ended_at is not None:
            self._took(kind, max(start, self._turn_ended_at), end)

    def _took(self, kind: Latency, start: float | None, end: float) -> None:
        if start is not None:
            self._observer.latency(kind, end - start)


class HearingLatency:
    """How long after the audio itself something is made of it. Times are positions in the caller's audio."""

    def __init__(self, observer: SessionObserver) -> None:
        self._observer = observer
        self._words = (-1, 0)
        self._last_sound_ms: int | None = None
        self._speaks = False
        """Whether the beginning of what is being said has been told."""
        self._said_something = False

    def heard(self, event: SttEvent, *, received_ms: int, silenced: bool) -> None:
        """An event was acted on when `received_ms` had come; `silenced`: it has made the agent stop playing."""
        match event:
            case SpeechStarted(audio_ms):
                self._sound_from(audio_ms, received_ms)
                if silenced:
                    self._tell(Latency.BARGE_IN, received_ms - audio_ms)
            case SpeechStopped(audio_ms):
                self._sound_until(audio_ms)
                self._speaks = self._speaks and self._said_something
            case TranscriptChanged(words=words) if words:
                self._said_something = True
                self._sound_from(words[0].start_ms, received_ms)
                self._sound_until(words[-1].end_ms)
                self._on_words(event, received_ms)

    def silent_s(self, received_ms: int) -> float | None:
        """How long the caller has been silent when `received_ms` had come; None where no sound was since the last.

        The caller's audio comes in real time, so that positions in it tell the time.
        """
        last, self._last_sound_ms = self._last_sound_ms, None
        self._speaks = self._said_something = False
        return None if last is None else max(0, received_ms - last) / 1000

    def _sound_from(self, audio_ms: int, received_ms: int) -> None:
        if not self._speaks:
            self._speaks = True
            ago_s = max(0, received_ms - audio_ms) / 1000
            self._observer.reached(Milestone.CALLER_SPEAKS, reply=0, ago_s=ago_s)

    def _sound_until(self, audio_ms: int) -> None:
        self._last_sound_ms = max(audio_ms, self._last_sound_ms or 0)

    def _on_words(self, event: TranscriptChanged, received_ms: int) -> None:
        count = (event.utterance, len(event.words))
        if not event.final and count > self._words:
            self._words = count
            self._tell(Latency.PARTIAL_ASR, received_ms - event.words[-1].end_ms)

    def _tell(self, kind: Latency, ms: int) -> None:
        self._observer.latency(kind, max(0, ms) / 1000)
