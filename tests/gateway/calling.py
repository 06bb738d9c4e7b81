"""Callers: polite ones, and those who break the rules."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_websocket
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from parley_client import FEATURES, Connection, Conversation, connect
from tests.emulators.speech import silence, speech_like
from tests.gateway.running import TOKEN, Served

QUESTION = speech_like(900, rate=16_000) + silence(200, rate=16_000)
START = '{"type":"session.start"}'


@asynccontextmanager
async def calling(gateway: Served, *, token: str | None = TOKEN) -> AsyncIterator[tuple[Connection, Conversation]]:
    """A caller with a microphone and a loudspeaker."""
    async with (
        connect(gateway.url, token=token, features=FEATURES) as connection,
        Conversation(connection) as conversation,
    ):
        yield connection, conversation


class RawClient:
    """The official `websockets` client, saying whatever it is told."""

    def __init__(self, websocket: ClientConnection) -> None:
        self._websocket = websocket
        self.messages: list[dict[str, Any]] = []

    @property
    def subprotocol(self) -> str | None:
        return self._websocket.subprotocol

    @property
    def extensions(self) -> list[Any]:
        """What was agreed upon in the handshake."""
        return list(self._websocket.protocol.extensions)

    async def send(self, *frames: str | bytes) -> None:
        for frame in frames:
            await self._websocket.send(frame)

    async def until(self, kind: str) -> dict[str, Any]:
        """The next message of this type."""
        while True:
            frame = await self._websocket.recv()
            if isinstance(frame, str):
                self.messages.append(orjson.loads(frame))
                if self.messages[-1]["type"] == kind:
                    return self.messages[-1]

    async def until_closed(self) -> tuple[int, str]:
        """Read to the end; code and reason of the server's close frame."""
        try:
            while True:
                frame = await self._websocket.recv()
                if isinstance(frame, str):
                    self.messages.append(orjson.loads(frame))
        except ConnectionClosed as closed:
            received = closed.rcvd
        assert received, "the connection ended without a close frame"
        return received.code, received.reason

    @property
    def error(self) -> dict[str, Any]:
        """The one error message so far."""
        (error,) = [message for message in self.messages if message["type"] == "error"]
        return error


@asynccontextmanager
async def raw(
    gateway: Served,
    *,
    token: str | None = TOKEN,
    subprotocols: list[str] | None = None,
    origin: str | None = None,
    start: bool = False,
) -> AsyncIterator[RawClient]:
    """A client of its own mind; `start` starts its session."""
    headers = {"Authorization": f"Bearer {token}"} if token else None
    websocket = await connect_websocket(
        gateway.url,
        additional_headers=headers,
        subprotocols=subprotocols,  # type: ignore[arg-type]
        origin=origin,  # type: ignore[arg-type]
        proxy=None,
        max_size=None,
        max_queue=None,
    )
    client = RawClient(websocket)
    try:
        if start:
            await client.send(START)
            await client.until("session.started")
        yield client
    finally:
        # close() of a connection that is closing already trips over a transport that has emptied its buffer.
        await (websocket.close() if websocket.state is State.OPEN else websocket.wait_closed())
