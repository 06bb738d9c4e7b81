"""What a caller waits for: the answer after a turn, the agent's silence, the first sight of a word."""

from __future__ import annotations

import asyncio

from parley_gateway.conversation.events import SpeechStarted, TranscriptChanged
from parley_gateway.ports import SttEvent
from parley_gateway.session.observer import Latency, SessionObserver


class ReplyLatency:
    """One reply's. A draft may have text and audio before the turn has ended: those spans are nought."""

    def __init__(self, loop: asyncio.AbstractEventLoop, observer: SessionObserver) -> None:
        self._loop = loop
        self._observer = observer
        self._turn_ended_at: float | None = None
        self._asked_voice_at: float | None = None
        self._has_text = False
        self._has_speech = False

    def turn_ended(self) -> None:
        """The caller waits from now on."""
        self._turn_ended_at = self._loop.time()
        if self._has_text:
            self._observer.latency(Latency.FIRST_TOKEN, 0.0)

    def text_came(self) -> None:
        """The model has written something."""
        if not self._has_text:
            self._has_text = True
            self._since(self._turn_ended_at, Latency.FIRST_TOKEN)

    def voice_asked(self) -> None:
        """The voice has been given a sentence."""
        if self._asked_voice_at is None:
            self._asked_voice_at = self._loop.time()

    def speech_came(self) -> None:
        """The voice has spoken something."""
        if not self._has_speech:
            self._has_speech = True
            self._since(self._asked_voice_at, Latency.SYNTHESIS)

    def played(self) -> None:
        """The client has been sent the first audio; said once."""
        self._since(self._turn_ended_at, Latency.FIRST_AUDIO)

    def _since(self, start: float | None, kind: Latency) -> None:
        if start is not None:
            self._observer.latency(kind, self._loop.time() - start)


class HearingLatency:
    """How long after the audio itself something is made of it. Times are positions in the caller's audio."""

    def __init__(self, observer: SessionObserver) -> None:
        self._observer = observer
        self._words = (-1, 0)

    def heard(self, event: SttEvent, *, received_ms: int, silenced: bool) -> None:
        """An event was acted on when `received_ms` had come; `silenced`: it has made the agent stop playing."""
        if isinstance(event, SpeechStarted) and silenced:
            self._tell(Latency.BARGE_IN, received_ms - event.audio_ms)
        elif isinstance(event, TranscriptChanged) and event.words and not event.final:
            count = (event.utterance, len(event.words))
            if count > self._words:
                self._words = count
                self._tell(Latency.PARTIAL_ASR, received_ms - event.words[-1].end_ms)

    def _tell(self, kind: Latency, ms: int) -> None:
        self._observer.latency(kind, max(0, ms) / 1000)
