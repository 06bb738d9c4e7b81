"""Cartesia's WebSocket: the first audio 80 ms after the text, then faster than it is spoken, with word timings."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
from picows import WSUpgradeRequest

from tests.bench.providers.sockets import Stream
from tests.bench.turn import Turn, answered_in, clock

FIRST_AUDIO_S = 0.08
CHUNK_S = 0.1
SPEED = 4.0
"""Times as fast as it is spoken."""
SENTENCE_S = 2.0
"""Of speech for each sentence, whatever it says."""


@dataclass
class Context:
    """One reply's speech: sentence after sentence."""

    turn: Turn | None
    rate: int
    ready_at: float = 0.0
    """When the sentences so far will have been sent."""
    sentences: int = 0
    flush: int = 1
    cancelled: bool = False


class Cartesia(Stream):
    """One connection with any number of contexts."""

    def __init__(self, request: WSUpgradeRequest, turn_of: Callable[[tuple[int, int]], Turn | None]) -> None:
        super().__init__(request)
        self._turn_of = turn_of
        self._contexts: dict[str, Context] = {}
        self._loop = asyncio.get_running_loop()

    def on_text(self, message: bytes) -> None:
        """Text for a context, its end, or that it is not wanted any more."""
        now = clock()
        content = orjson.loads(message)
        name = content["context_id"]
        if content.get("cancel"):
            if (context := self._contexts.pop(name, None)) is not None:
                context.cancelled = True
            return
        context = self._contexts.get(name)
        if context is None:
            context = self._contexts[name] = self._opened(content)
        text = content.get("transcript", "")
        if text.strip():
            if context.turn is not None and context.turn.voiced is None:
                context.turn.voiced = now
            self._speak(name, context, text, timestamps=bool(content.get("add_timestamps")))
        if content.get("flush"):
            self._flush_at(max(context.ready_at, self._loop.time()), name, context)
        if not content.get("continue", False):
            self._loop.call_at(max(context.ready_at, self._loop.time()), self._done, name, context)

    def _opened(self, content: dict[str, Any]) -> Context:
        named = answered_in(content.get("transcript", ""))
        return Context(self._turn_of(named) if named else None, content["output_format"]["sample_rate"])

    def _speak(self, name: str, context: Context, text: str, *, timestamps: bool) -> None:
        begins = max(self._loop.time() + FIRST_AUDIO_S, context.ready_at)
        words, flush = text.split() if timestamps else [], context.flush
        if words:
            self._loop.call_at(begins, self._words, name, context, words, flush)
        for number in range(round(SENTENCE_S / CHUNK_S)):
            self._loop.call_at(begins + number * CHUNK_S / SPEED, self._chunk, name, context, flush)
        context.ready_at = begins + SENTENCE_S / SPEED
        self._flush_at(context.ready_at, name, context)

    def _words(self, name: str, context: Context, words: list[str], flush: int) -> None:
        if not context.cancelled:
            self.say(_timestamps(name, words, SENTENCE_S * context.sentences, flush))
            context.sentences += 1

    def _flush_at(self, when: float, name: str, context: Context) -> None:
        """Each text is flushed by itself, so that a flush that is asked for has no audio of its own."""
        self._loop.call_at(when, self._flushed, name, context, context.flush)
        context.flush += 1

    def _flushed(self, name: str, context: Context, flush: int) -> None:
        if not context.cancelled:
            about = {"type": "flush_done", "context_id": name, "status_code": 206, "done": False}
            self.say(orjson.dumps({**about, "flush_done": True, "flush_id": flush}))

    def _chunk(self, name: str, context: Context, flush: int) -> None:
        if context.cancelled:
            return
        self.say(_PREFIX % (name.encode(), flush) + _audio(context.rate))
        if context.turn is not None and context.turn.spoken is None:
            context.turn.spoken = clock()

    def _done(self, name: str, context: Context) -> None:
        if self._contexts.get(name) is context:
            del self._contexts[name]
            self.say(orjson.dumps({"type": "done", "context_id": name, "status_code": 200, "done": True}))


_PREFIX = (
    b'{"type":"chunk","context_id":"%b","status_code":206,"done":false,"step_time":1.0,"flush_id":%d,"data":"'
)


@lru_cache(maxsize=4)
def _audio(rate: int) -> bytes:
    """The rest of a chunk's message: a quiet tone."""
    samples = (int(2000 * ((n * 440 // rate) % 2 * 2 - 1)) for n in range(round(rate * CHUNK_S)))
    pcm = b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples)
    return base64.b64encode(pcm) + b'"}'


def _timestamps(name: str, words: list[str], since: float, flush: int) -> bytes:
    step = SENTENCE_S / len(words)
    starts = [since + n * step for n in range(len(words))]
    timings = {"words": words, "start": starts, "end": [start + step * 0.9 for start in starts]}
    about = {"type": "timestamps", "context_id": name, "status_code": 206, "done": False, "flush_id": flush}
    return orjson.dumps({**about, "word_timestamps": timings})
