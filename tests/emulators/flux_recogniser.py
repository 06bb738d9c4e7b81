"""Deepgram Flux's behaviour over time, for scripted transcripts; the audio's energy says where speech is."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from tests.emulators.recogniser import RATE, Message
from tests.emulators.scripted import Script

_FRAME_MS = 10
_FRAME_BYTES = RATE * _FRAME_MS // 1000 * 2
_ONSET_MS = 30
_WORD_MS = 300
_UPDATE_MS = 250
"""So often there is an update, whether or not it has news."""

State = Literal["quiet", "speaking", "eager"]


class FluxScript(Script):
    """What is understood, and how it is told."""

    transcripts: list[str] = ["hello there"]
    """One for each turn, from the start again at the end; an empty one is noise that was taken for speech."""
    eager_after_ms: int = 200
    """Silence after which the turn is perhaps over, where eager ends are asked for."""
    end_after_ms: int = 500
    """Silence after which it is."""
    unknown_messages: bool = False
    word_times: bool = True
    loudness: float = 300.0
    """RMS of s16 above which a frame of 10 ms is speech."""
    idle_timeout_ms: int = 60_000
    """After so long without a message the stream is closed."""


class FluxRecogniser:
    """One stream: audio goes in, messages come out."""

    def __init__(self, script: FluxScript, *, eager: bool) -> None:
        self._script = script
        self._eager = eager
        self._rest = b""
        self._now = 0
        self._voiced_ms = 0
        self._state: State = "quiet"
        self._since = 0
        self._last_voice = 0
        self._turn = 0
        self._sequence = 0
        self._next_update = _UPDATE_MS

    def feed(self, pcm: bytes) -> list[Message]:
        """Messages that the audio gives rise to."""
        data = self._rest + pcm
        whole = len(data) - len(data) % _FRAME_BYTES
        self._rest = data[whole:]
        messages: list[Message] = []
        for at in range(0, whole, _FRAME_BYTES):
            messages += self._frame(np.frombuffer(data[at : at + _FRAME_BYTES], dtype="<i2"))
        return messages

    def control(self, message: Message) -> list[Message]:
        """Messages that answer a control message."""
        match message.get("type"):
            case "ForceEndTurn":
                return [self._end(trigger="manual")] if self._state != "quiet" else []
            case "Configure":
                self._sequence += 1
                return [{"type": "ConfigureSuccess", "request_id": "emulated", "sequence_id": self._sequence}]
        return []

    def _frame(self, samples: Any) -> list[Message]:
        self._now += _FRAME_MS
        voiced = float(np.sqrt(np.mean(np.square(samples.astype(np.float64))))) > self._script.loudness
        self._voiced_ms = self._voiced_ms + _FRAME_MS if voiced else 0
        if voiced:
            self._last_voice = self._now
        return self._change(voiced=voiced) or self._update()

    def _change(self, *, voiced: bool) -> list[Message]:
        quiet = self._now - self._last_voice
        if self._state == "quiet":
            if self._voiced_ms < _ONSET_MS:
                return []
            self._state, self._since = "speaking", self._now - self._voiced_ms
            unknown = [{"type": "AuraChanged", "aura": "blue"}] if self._script.unknown_messages else []
            return [*unknown, self._info("StartOfTurn")]
        if self._state == "eager" and voiced:
            self._state = "speaking"
            return [self._info("TurnResumed")]
        if quiet >= self._script.end_after_ms:
            return [self._end(trigger="model")]
        if (
            self._state == "speaking"
            and self._eager
            and quiet >= self._script.eager_after_ms
            and self._transcript()
        ):
            self._state = "eager"
            return [self._info("EagerEndOfTurn", whole=True)]
        return []

    def _update(self) -> list[Message]:
        if self._now < self._next_update:
            return []
        self._next_update = self._now + _UPDATE_MS
        return [self._info("Update", whole=self._state == "eager")]

    def _end(self, *, trigger: str) -> Message:
        message = {**self._info("EndOfTurn", whole=True), "trigger": trigger}
        self._state = "quiet"
        self._turn += 1
        self._voiced_ms = 0
        return message

    def _transcript(self) -> str:
        return self._script.transcripts[self._turn % len(self._script.transcripts)]

    def _info(self, event: str, *, whole: bool = False) -> Message:
        words = self._transcript().split() if self._state != "quiet" else []
        known = len(words) if whole else max(1, (self._now - self._since) // _WORD_MS)
        self._sequence += 1
        self._next_update = self._now + _UPDATE_MS
        return {
            "type": "TurnInfo",
            "request_id": "emulated",
            "sequence_id": self._sequence,
            "event": event,
            "turn_index": self._turn,
            "audio_window_start": self._since / 1000,
            "audio_window_end": self._now / 1000,
            "transcript": " ".join(words[:known]),
            "words": self._words(words[:known]),
            "end_of_turn_confidence": 0.8 if whole else 0.1,
        }

    def _words(self, words: list[str]) -> list[Message]:
        step = (self._last_voice - self._since) / 1000 / max(1, len(words))
        told: list[Message] = [{"word": word, "confidence": 0.98} for word in words]
        for number, word in enumerate(told if self._script.word_times else ()):
            start = self._since / 1000 + step * number
            word |= {"start": round(start, 3), "end": round(start + step, 3)}
        return told
