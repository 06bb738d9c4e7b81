"""OpenAI's speech API: 24 kHz PCM, the first of it 80 ms after the request, then faster than it is spoken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import orjson

from tests.bench.providers.cartesia import CHUNK_S, FIRST_AUDIO_S, SENTENCE_S, SPEED
from tests.bench.providers.http import Answer
from tests.bench.turn import Turn, answered_in, clock

_RATE = 24_000
_CHUNK = bytes(range(256)) * round(_RATE * CHUNK_S * 2 / 256)


class OpenAISpeech:
    """Speaks any sentence for the same time."""

    def __init__(self, turn_of: Callable[[tuple[int, int]], Turn | None]) -> None:
        self._turn_of = turn_of

    def answer(self, _: bytes, body: bytes, answer: Answer) -> None:
        """A request has come."""
        now = clock()
        named = answered_in(orjson.loads(body)["input"])
        turn = self._turn_of(named) if named else None
        if turn is not None and turn.voiced is None:
            turn.voiced = now
        loop = asyncio.get_running_loop()
        begins = loop.time() + FIRST_AUDIO_S
        chunks = round(SENTENCE_S / CHUNK_S)
        loop.call_at(begins, answer.begin, b"audio/pcm")
        for number in range(chunks):
            loop.call_at(begins + number * CHUNK_S / SPEED, self._chunk, turn, answer)
        loop.call_at(begins + chunks * CHUNK_S / SPEED, self._end, answer)

    def _chunk(self, turn: Turn | None, answer: Answer) -> None:
        if answer.gone:
            return
        answer.write(_CHUNK)
        if turn is not None and turn.spoken is None:
            turn.spoken = clock()

    def _end(self, answer: Answer) -> None:
        if not answer.gone:
            answer.end()
