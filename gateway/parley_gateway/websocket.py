"""A Starlette WebSocket as the protocols' `Socket`: one reader, one writer, a bounded queue between."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextlib import suppress
from dataclasses import dataclass

from starlette.websockets import WebSocket, WebSocketDisconnect

from parley_gateway.protocols.socket import Handler

logger = logging.getLogger(__name__)

_QUEUE_BYTES = 256 * 1024
"""More than five seconds of speech at 24 kHz, ten times what the playout sends ahead: such a client is stuck."""
_CLOSE_S = 5.0
ABNORMAL_CLOSURE = 1006
"""What RFC 6455 calls a connection that ended without a close frame."""


@dataclass(frozen=True, slots=True)
class _Close:
    code: int
    reason: str


class QueuedSocket:
    """Queues what is sent, so that no sender ever waits; gives a client up that lets the queue grow."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._queue: deque[str | bytes | _Close] = deque()
        self._queued = 0
        self._filled = asyncio.Event()
        self._closing = False
        self._given_up = asyncio.Event()
        self._close_timer: asyncio.TimerHandle | None = None

    # --- Socket ---

    def send_text(self, text: str) -> None:
        """Queue a text message."""
        self._put(text)

    def send_bytes(self, data: bytes) -> None:
        """Queue a binary message."""
        self._put(data)

    def discard_bytes(self) -> None:
        """Forget the binary messages in the queue."""
        self._queue = deque(message for message in self._queue if not isinstance(message, bytes))
        self._queued = sum(len(message) for message in self._queue if isinstance(message, str))

    def close(self, code: int, reason: str) -> None:
        """Close after what is queued; a client that does not take it in time is given up."""
        if not self._closing:
            self._closing = True
            self._queue.append(_Close(code, reason))
            self._filled.set()
            self._close_timer = asyncio.get_running_loop().call_later(_CLOSE_S, self._given_up.set)

    def _put(self, message: str | bytes) -> None:
        if self._closing:
            return
        self._queued += len(message)
        if self._queued > _QUEUE_BYTES:
            self._closing = True
            self._queue.clear()
            self._given_up.set()
            return
        self._queue.append(message)
        self._filled.set()

    # --- its life ---

    async def serve(self, handler: Handler) -> int:
        """Read and write until either side has closed, or the client was given up; returns the close code."""
        reader = asyncio.create_task(self._read(handler), name="websocket reader")
        writer = asyncio.create_task(self._write(), name="websocket writer")
        given_up = asyncio.create_task(self._given_up.wait(), name="websocket deadline")
        try:
            await asyncio.wait({reader, given_up}, return_when=asyncio.FIRST_COMPLETED)
            if reader.done():
                return reader.result()
            handler.on_slow()
            return ABNORMAL_CLOSURE
        finally:
            self._closing = True
            if self._close_timer:
                self._close_timer.cancel()
            for task in (reader, writer, given_up):
                task.cancel()
            await asyncio.gather(reader, writer, given_up, return_exceptions=True)
            handler.on_disconnect()

    async def _read(self, handler: Handler) -> int:
        """Hand messages over until the socket is closed, also by our own writer."""
        while (message := await self._websocket.receive())["type"] == "websocket.receive":
            try:
                if (text := message.get("text")) is not None:
                    handler.on_text(text)
                else:
                    handler.on_bytes(message["bytes"])
            except Exception:
                logger.exception("message handler failed")
                handler.on_mistake()
        return int(message.get("code", ABNORMAL_CLOSURE))

    async def _write(self) -> None:
        """Send what is queued, in order, until the close or until the client is gone."""
        with suppress(WebSocketDisconnect):
            while True:
                while self._queue:
                    await self._send(self._queue.popleft())
                self._filled.clear()
                await self._filled.wait()

    async def _send(self, message: str | bytes | _Close) -> None:
        match message:
            case _Close(code, reason):
                await self._websocket.close(code, reason)
            case str():
                self._queued -= len(message)
                await self._websocket.send_text(message)
            case bytes():
                self._queued -= len(message)
                await self._websocket.send_bytes(message)
