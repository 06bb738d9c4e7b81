"""What a caller waits for: the answer after a turn, the agent's silence, the first sight of a word."""

from __future__ import annotations

import asyncio

from parley_gateway.conversation.events import SpeechStarted, SpeechStopped, TranscriptChanged
from parley_gateway.ports import SttEvent
from parley_gateway.session.observer import Latency, SessionObserver


class ReplyLatency:
    """One reply's. A draft may have text and audio before the turn has ended: those spans are nought."""

    def __init__(self, loop: asyncio.AbstractEventLoop, observer: SessionObserver) -> None:
        self._loop = loop
        self._observer = observer
        self._last_sound_at: float | None = None
        self._turn_ended_at: float | None = None
        self._text_at: float | None = None
        self._asked_voice_at: float | None = None
        self._speech_at: float | None = None

    def turn_ended(self, *, silent_s: float | None = None) -> None:
        """The caller waits from now on, silent for `silent_s` already; None for a turn that was not spoken."""
        now = self._turn_ended_at = self._loop.time()
        if silent_s is not None:
            self._last_sound_at = now - silent_s
            self._observer.latency(Latency.ENDPOINTING, silent_s)
        if self._text_at is not None:
            self._observer.latency(Latency.FIRST_TOKEN, 0.0)

    def text_came(self) -> None:
        """The model has written something."""
        if self._text_at is None:
            self._text_at = self._loop.time()
            self._since(self._turn_ended_at, Latency.FIRST_TOKEN)

    def voice_asked(self) -> None:
        """The voice has been given a sentence."""
        if self._asked_voice_at is None:
            self._asked_voice_at = self._loop.time()
            self._waited_since(self._text_at, Latency.SENTENCE)

    def speech_came(self) -> None:
        """The voice has spoken something."""
        if self._speech_at is None:
            self._speech_at = self._loop.time()
            self._since(self._asked_voice_at, Latency.SYNTHESIS)

    def played(self) -> None:
        """The client has been sent the first audio; said once."""
        self._waited_since(self._speech_at, Latency.PLAYOUT)
        self._since(self._turn_ended_at, Latency.FIRST_AUDIO)
        self._since(self._last_sound_at, Latency.RESPONSE)

    def _waited_since(self, start: float | None, kind: Latency) -> None:
        """A part of the way that the caller waited for: none of it before the end of the turn."""
        if start is not None and self._turn_ended_at is not None:
            self._since(max(start, self._turn_ended_at), kind)

    def _since(self, start: float | None, kind: Latency) -> None:
        if start is not None:
            self._observer.latency(kind, self._loop.time() - start)


class HearingLatency:
    """How long after the audio itself something is made of it. Times are positions in the caller's audio."""

    def __init__(self, observer: SessionObserver) -> None:
        self._observer = observer
        self._words = (-1, 0)
        self._last_sound_ms: int | None = None

    def heard(self, event: SttEvent, *, received_ms: int, silenced: bool) -> None:
        """An event was acted on when `received_ms` had come; `silenced`: it has made the agent stop playing."""
        match event:
            case SpeechStarted(audio_ms):
                if silenced:
                    self._tell(Latency.BARGE_IN, received_ms - audio_ms)
            case SpeechStopped(audio_ms):
                self._sound_until(audio_ms)
            case TranscriptChanged(words=words) if words:
                self._sound_until(words[-1].end_ms)
                self._on_words(event, received_ms)

    def silent_s(self, received_ms: int) -> float | None:
        """How long the caller has been silent when `received_ms` had come; None where no sound was since the last.

        The caller's audio comes in real time, so that positions in it tell the time.
        """
        last, self._last_sound_ms = self._last_sound_ms, None
        return None if last is None else max(0, received_ms - last) / 1000

    def _sound_until(self, audio_ms: int) -> None:
        self._last_sound_ms = max(audio_ms, self._last_sound_ms or 0)

    def _on_words(self, event: TranscriptChanged, received_ms: int) -> None:
        count = (event.utterance, len(event.words))
        if not event.final and count > self._words:
            self._words = count
            self._tell(Latency.PARTIAL_ASR, received_ms - event.words[-1].end_ms)

    def _tell(self, kind: Latency, ms: int) -> None:
        self._observer.latency(kind, max(0, ms) / 1000)
