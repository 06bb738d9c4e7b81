"""Deepgram's behaviour over time, for scripted transcripts: where speech is, the audio's energy says. No I/O."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from tests.emulators.scripted import Script

RATE = 16_000
_FRAME_MS = 10
_FRAME_BYTES = RATE * _FRAME_MS // 1000 * 2
_ONSET_MS = 30
_WORD_MS = 300
_SILENT_RESULT_MS = 3_000
"""Deepgram sends a final result every few seconds, with an empty transcript where nobody speaks."""

Message = dict[str, Any]


class DeepgramScript(Script):
    """What is understood, and how it is told."""

    transcripts: list[str] = ["hello there"]
    """One for each stretch of speech, from the start again at the end. `|` splits one into several final results;
    an empty one is noise that was taken for speech."""
    speech_started: Literal["once", "repeated", "missing"] = "once"
    speech_final: bool = True
    """False: as in noise, only `UtteranceEnd` ends a turn."""
    utterance_end: bool = True
    late_finals: bool = False
    """Whether `UtteranceEnd` comes before the final result that it ends."""
    unknown_messages: bool = False
    interim_every_ms: int = 300
    loudness: float = 300.0
    """RMS of s16 above which a frame of 10 ms is speech."""
    idle_timeout_ms: int = 10_000
    """After so long without audio or KeepAlive the stream is closed with NET-0001."""


class Recogniser:
    """One stream: audio goes in, messages come out."""

    def __init__(self, script: DeepgramScript, *, endpointing_ms: int, utterance_end_ms: int | None) -> None:
        self._script = script
        self._endpointing_ms = endpointing_ms
        self._utterance_end_ms = utterance_end_ms
        self._rest = b""
        self._now = 0
        self._voiced_ms = 0
        self._since: int | None = None
        self._last_voice = 0
        self._spoken = 0
        self._told_until = 0
        self._awaits_utterance_end = False
        self._next_interim = 0

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
            case "Finalize":
                return self.finalize()
            case "CloseStream":
                return [*self.finalize(), self._metadata()]
        return []

    def finalize(self) -> list[Message]:
        """All that was heard becomes final now."""
        if self._since is None:
            return [self._result("", final=True, from_finalize=True)]
        *parts, last = self._parts()
        messages = [self._result(part, final=True) for part in parts]
        messages.append(self._result(last, final=True, from_finalize=True))
        self._speech_over()
        return messages

    def _metadata(self) -> Message:
        return {
            "type": "Metadata",
            "transaction_key": "deprecated",
            "request_id": "emulated",
            "sha256": "",
            "created": "2026-01-01T00:00:00.000Z",
            "duration": self._now / 1000,
            "channels": 1,
        }

    def _frame(self, samples: Any) -> list[Message]:
        self._now += _FRAME_MS
        voiced = float(np.sqrt(np.mean(np.square(samples.astype(np.float64))))) > self._script.loudness
        self._voiced_ms = self._voiced_ms + _FRAME_MS if voiced else 0
        if voiced:
            self._last_voice = self._now
        if self._since is None:
            return self._onset() or self._while_silent()
        return self._while_speaking()

    def _onset(self) -> list[Message]:
        if self._voiced_ms < _ONSET_MS:
            return []
        self._since = self._now - self._voiced_ms
        self._next_interim = self._now + self._script.interim_every_ms
        if self._script.unknown_messages:
            return [{"type": "AuraChanged", "aura": "blue"}, *self._speech_started()]
        return self._speech_started()

    def _speech_started(self) -> list[Message]:
        if self._script.speech_started == "missing":
            return []
        return [{"type": "SpeechStarted", "channel": [0], "timestamp": (self._since or 0) / 1000}]

    def _while_speaking(self) -> list[Message]:
        if self._now - self._last_voice >= self._endpointing_ms:
            return self._end_of_speech()
        if self._now < self._next_interim:
            return []
        self._next_interim += self._script.interim_every_ms
        again = self._speech_started() if self._script.speech_started == "repeated" else []
        return [*again, self._interim()]

    def _interim(self) -> Message:
        words = self._transcript().replace("|", " ").split()
        known = max(1, (self._now - (self._since or 0)) // _WORD_MS)
        return self._result(" ".join(words[:known]), final=False)

    def _end_of_speech(self) -> list[Message]:
        *parts, last = self._parts()
        messages = [self._result(part, final=True) for part in parts]
        ending = self._result(last, final=True, speech_final=self._script.speech_final)
        if self._script.late_finals:
            messages += [self._utterance_end(), ending]
        else:
            messages.append(ending)
            self._awaits_utterance_end = bool(last) and self._utterance_end_ms is not None
        self._speech_over()
        return messages

    def _while_silent(self) -> list[Message]:
        quiet = self._now - self._last_voice
        if self._awaits_utterance_end and quiet >= (self._utterance_end_ms or 0):
            self._awaits_utterance_end = False
            return [self._utterance_end()] if self._script.utterance_end else []
        if self._now - self._told_until >= _SILENT_RESULT_MS:
            return [self._result("", final=True)]
        return []

    def _speech_over(self) -> None:
        self._since = None
        self._voiced_ms = 0
        self._spoken += 1

    def _transcript(self) -> str:
        return self._script.transcripts[self._spoken % len(self._script.transcripts)]

    def _parts(self) -> list[str]:
        return [part.strip() for part in self._transcript().split("|")]

    def _utterance_end(self) -> Message:
        return {"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": self._last_voice / 1000}

    def _result(
        self, text: str, *, final: bool, speech_final: bool = False, from_finalize: bool = False
    ) -> Message:
        start, self._told_until = self._told_until, self._now if final else self._told_until
        alternative = {"transcript": text, "confidence": 0.98 if text else 0.0, "words": self._words(text)}
        return {
            "type": "Results",
            "channel_index": [0, 1],
            "duration": (self._now - start) / 1000,
            "start": start / 1000,
            "is_final": final,
            "speech_final": speech_final,
            "from_finalize": from_finalize,
            "channel": {"alternatives": [alternative]},
            "metadata": {"request_id": "emulated", "model_uuid": "emulated", "model_info": {}},
        }

    def _words(self, text: str) -> list[Message]:
        words = text.split()
        begin, end = (self._since or 0) / 1000, self._last_voice / 1000
        step = (end - begin) / max(1, len(words))
        return [
            {
                "word": word.lower().strip(".,!?"),
                "punctuated_word": word,
                "start": round(begin + step * n, 3),
                "end": round(begin + step * (n + 1), 3),
                "confidence": 0.98,
            }
            for n, word in enumerate(words)
        ]
