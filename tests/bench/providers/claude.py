"""Claude's Messages API: an answer of two sentences, 200 ms after the request, 80 tokens a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from tests.bench.providers.http import Answer
from tests.bench.turn import Turn, asked_in, clock

FIRST_TOKEN_S = 0.2
TOKENS_PER_S = 80.0
_EVENT_STREAM = b"text/event-stream; charset=utf-8"


class Claude:
    """Answers the question that it finds last in a request."""

    def __init__(self, turn_of: Callable[[tuple[int, int]], Turn | None]) -> None:
        self._turn_of = turn_of
        self.strays = 0
        """Requests that are nobody's."""

    def answer(self, _: bytes, body: bytes, answer: Answer) -> None:
        """A request has come."""
        now = clock()
        named = asked_in(body)
        turn = self._turn_of(named) if named else None
        if turn is None:
            self.strays += 1
        elif turn.asked is None:
            turn.asked = now
        loop = asyncio.get_running_loop()
        loop.call_later(FIRST_TOKEN_S, self._begin, loop, turn, answer)

    def _begin(self, loop: asyncio.AbstractEventLoop, turn: Turn | None, answer: Answer) -> None:
        if answer.gone:
            return
        answer.begin(_EVENT_STREAM)
        answer.write(_HEAD)
        self._go_on(loop, loop.time(), turn, _tokens(turn), answer)

    def _go_on(
        self,
        loop: asyncio.AbstractEventLoop,
        due: float,
        turn: Turn | None,
        tokens: Iterator[str],
        answer: Answer,
    ) -> None:
        """One token, and the next when it is due, by the clock and not by when this one went."""
        if answer.gone:
            return
        token = next(tokens, None)
        if token is None:
            answer.write(_TAIL)
            answer.end()
            return
        answer.write(_delta(token))
        if turn is not None and turn.written is None and token.endswith("."):
            turn.written = clock()
        due += 1 / TOKENS_PER_S
        loop.call_at(due, self._go_on, loop, due, turn, tokens, answer)


def _tokens(turn: Turn | None) -> Iterator[str]:
    """Words, each with the space before it, as models write them."""
    first, second = turn.sentences if turn else ("Yes.", "Of course.")
    words = f"{first} {second}".split(" ")
    yield words[0]
    yield from (f" {word}" for word in words[1:])


def _event(name: str, **content: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), orjson.dumps({"type": name, **content}))


def _delta(text: str) -> bytes:
    return _event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})


_MESSAGE: dict[str, Any] = {
    "id": "msg_bench",
    "type": "message",
    "role": "assistant",
    "model": "claude-haiku-4-5",
    "content": [],
    "stop_reason": None,
    "stop_sequence": None,
    "usage": {"input_tokens": 40, "output_tokens": 1},
}
_HEAD = _event("message_start", message=_MESSAGE) + _event(
    "content_block_start", index=0, content_block={"type": "text", "text": ""}
)
_TAIL = (
    _event("content_block_stop", index=0)
    + _event(
        "message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage={"output_tokens": 22}
    )
    + _event("message_stop")
)
