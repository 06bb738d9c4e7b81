"""Somebody who talks while others rage: each answer comes, is the right one, and nothing else is heard."""

from __future__ import annotations

import asyncio

import orjson

from parley_contract.native import SERVER_MESSAGE, AnyServerMessage, ReplyEnded, ReplyTextMessage, SessionStarted
from parley_gateway.protocols.endpoint import Connection, Handshake
from tests.gateway.fuzz.house import TOKEN, House
from tests.gateway.fuzz.providers import signed
from tests.unit.protocols.scene import Wire


class Bystander:
    """A polite client of the native protocol."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._wire = Wire()
        headers = {"authorization": f"Bearer {TOKEN}"}
        handshake = Handshake(url="ws://127.0.0.1/v1", path="/v1", headers=headers)
        self._connection: Connection = house.native.connect(self._wire, handshake)
        self._said = 0

    async def arrive(self) -> None:
        """Its session begins, and the agent greets."""
        self._say(type="session.start")
        (started, *_), _ = await self._answer()
        assert isinstance(started, SessionStarted)
        self._house.llm.reliable.add(started.session)

    async def says_something(self) -> None:
        """A typed turn, and its answer in full."""
        self._said += 1
        words = f"{signed('bystander')} for the {self._said}th time"
        self._say(type="text", text=words)
        messages, answer = await self._answer()
        assert answer.split() == ["You", "said:", *words.split()], (answer, messages)
        assert [message.type for message in messages if message.type == "reply.ended"] == ["reply.ended"]

    async def leave(self) -> None:
        """As it should be done."""
        self._say(type="session.end")
        assert self._wire.closed == (1000, "the client ended the session")
        self._connection.on_disconnect()
        await self._house.alone_with(0)

    async def _answer(self) -> tuple[list[AnyServerMessage], str]:
        """All that came until the reply was over; nothing of it is kept."""
        async with asyncio.timeout(60):
            while '"reply.ended"' not in "".join(text for text in self._wire.sent if isinstance(text, str)):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        messages = [SERVER_MESSAGE.validate_json(text) for text in self._wire.sent if isinstance(text, str)]
        self._wire.sent.clear()
        assert all(message.status == "completed" for message in messages if isinstance(message, ReplyEnded))
        return messages, "".join(m.delta for m in messages if isinstance(m, ReplyTextMessage))

    def _say(self, **message: str) -> None:
        self._connection.on_text(orjson.dumps(message).decode())
