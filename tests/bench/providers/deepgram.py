"""Deepgram: Flux, which knows the ends of turns, and v1. What they hear, their caller says when it is time."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from typing import Any

import orjson
from picows import WSUpgradeRequest

from tests.bench.providers.sockets import Stream

Waiting = deque[Callable[["Recognition"], None]]
"""Callers that have begun to speak and do not know their stream yet, in the order in which they came."""


_RATE = re.compile(rb"sample_rate=([0-9]+)")


class Recognition(Stream):
    """One stream: the first audio that comes over it tells whose it is."""

    def __init__(self, request: WSUpgradeRequest, waiting: Waiting) -> None:
        super().__init__(request)
        self._waiting = waiting
        self._owned = False
        self.audio_bytes = 0

    def on_bytes(self, size: int) -> None:
        """The caller's audio."""
        self.audio_bytes += size
        if not self._owned and self._waiting:
            self._owned = True
            self._waiting.popleft()(self)

    def started(self, turn: int) -> None:
        """Somebody speaks."""
        raise NotImplementedError

    def heard(self, turn: int, text: str) -> None:
        """This much is understood by now."""
        raise NotImplementedError

    def ended(self, turn: int, text: str) -> None:
        """The turn is over."""
        raise NotImplementedError


class Flux(Recognition):
    """/v2/listen."""

    def on_open(self) -> None:
        """Flux says that it is ready."""
        self.say(b'{"type":"Connected","request_id":"bench","sequence_id":0}')

    def started(self, turn: int) -> None:
        """Somebody speaks."""
        self.say(_turn_info("StartOfTurn", turn, ""))

    def heard(self, turn: int, text: str) -> None:
        """This much is understood by now."""
        self.say(_turn_info("Update", turn, text))

    def ended(self, turn: int, text: str) -> None:
        """The turn is over."""
        self.say(_turn_info("EndOfTurn", turn, text))


class V1(Recognition):
    """/v1/listen. Its `speech_final` is what voice activity here would say at the same time."""

    def __init__(self, request: WSUpgradeRequest, waiting: Waiting) -> None:
        super().__init__(request, waiting)
        rate = _RATE.search(request.path)
        self._bytes_per_s = 2 * int(rate[1]) if rate else 32_000
        self._at = 0.0

    def started(self, turn: int) -> None:
        """Somebody speaks."""
        self._at = self.audio_bytes / self._bytes_per_s
        self.say(orjson.dumps({"type": "SpeechStarted", "channel": [0], "timestamp": self._at}))

    def heard(self, turn: int, text: str) -> None:
        """This much is understood by now."""
        self.say(self._results(text, final=False))

    def ended(self, turn: int, text: str) -> None:
        """The turn is over."""
        self.say(self._results(text, final=True))

    def _results(self, text: str, *, final: bool) -> bytes:
        words = [
            {
                "word": word,
                "punctuated_word": word,
                "start": self._at + n / 4,
                "end": self._at + n / 4 + 0.2,
                "confidence": 0.98,
            }
            for n, word in enumerate(text.split())
        ]
        message: dict[str, Any] = {
            "type": "Results",
            "channel_index": [0, 1],
            "duration": 2.5,
            "start": self._at,
            "is_final": final,
            "speech_final": final,
            "from_finalize": False,
            "channel": {"alternatives": [{"transcript": text, "confidence": 0.98, "words": words}]},
            "metadata": {"request_id": "bench", "model_uuid": "bench", "model_info": {}},
        }
        return orjson.dumps(message)


def _turn_info(event: str, turn: int, text: str) -> bytes:
    return orjson.dumps(
        {
            "type": "TurnInfo",
            "request_id": "bench",
            "sequence_id": 1,
            "event": event,
            "turn_index": turn,
            "audio_window_start": 0.0,
            "audio_window_end": 1.0,
            "transcript": text,
            "words": [{"word": word, "confidence": 0.98} for word in text.split()],
            "end_of_turn_confidence": 0.9 if event == "EndOfTurn" else 0.1,
        }
    )


def recognition(waiting: Waiting) -> Callable[[WSUpgradeRequest], Stream]:
    """Makes the stream for a request: by its path."""

    def stream(request: WSUpgradeRequest) -> Stream:
        return Flux(request, waiting) if request.path.startswith(b"/v2/") else V1(request, waiting)

    return stream
