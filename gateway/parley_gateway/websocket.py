"""A client's WebSocket as the protocols' `Socket`: nothing between a frame and the protocol, in either direction.

Only while the network is slower than what is sent, that waits in a bounded queue.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextlib import suppress
from typing import Protocol

from starlette.websockets import WebSocket, WebSocketDisconnect

from parley_gateway.protocols.socket import Handler

logger = logging.getLogger(__name__)

WIRE = "parley.wire"
"""The extension of the ASGI scope in which the server offers a connection's `Wire`."""
ABNORMAL_CLOSURE = 1006
"""What RFC 6455 calls a connection that ended without a close frame."""
_TOO_BIG = 1009
"""The socket layer's own close, for a message over its bound."""

_QUEUE_BYTES = 256 * 1024
"""More than five seconds of speech at 24 kHz, ten times what the playout sends ahead: such a client is stuck."""
_CLOSE_S = 5.0


class Reader(Protocol):
    """Who is told what happens on a wire."""

    def on_text(self, text: str) -> None:
        """A text message."""
        ...

    def on_bytes(self, data: bytes) -> None:
        """A binary message."""
        ...

    def on_writable(self) -> None:
        """The network takes more again."""
        ...

    def on_closed(self, code: int) -> None:
        """No more comes, by whoever's wish."""
        ...


class Wire(Protocol):
    """The connection below a WebSocket that has been accepted."""

    @property
    def ready(self) -> bool:
        """Whether what is sent now goes out without piling up."""
        ...

    def take(self, reader: Reader) -> None:
        """From now on `reader` is told what comes; first what has come already."""
        ...

    def send_text(self, text: str) -> None:
        """Send; nothing is sent where there is nobody any more."""
        ...

    def send_bytes(self, data: bytes) -> None:
        """Send; nothing is sent where there is nobody any more."""
        ...


class ClientSocket:
    """Never makes a sender wait; gives a client up that lets the queue grow.

    `Socket` to the protocol, `Reader` to the wire.
    """

    def __init__(self, websocket: WebSocket) -> None:
        """Raises KeyError for a server that offers no wire."""
        self._websocket = websocket
        self._wire: Wire = websocket.scope["extensions"][WIRE]
        self._queue: deque[str | bytes] = deque()
        self._queued = 0
        self._closing = False
        self._close: tuple[int, str] | None = None
        self._close_timer: asyncio.TimerHandle | None = None
        self._given_up = False
        self._code: int | None = None
        self._turn = asyncio.Event()
        """Set when its end has come, or is to be brought about."""
        self._handler: Handler | None = None

    # --- Socket ---

    def send_text(self, text: str) -> None:
        """Send a text message."""
        if self._direct:
            self._wire.send_text(text)
        else:
            self._put(text)

    def send_bytes(self, data: bytes) -> None:
        """Send a binary message."""
        if self._direct:
            self._wire.send_bytes(data)
        else:
            self._put(data)

    def discard_bytes(self) -> None:
        """Forget the binary messages in the queue."""
        self._queue = deque(message for message in self._queue if not isinstance(message, bytes))
        self._queued = sum(map(len, self._queue))

    def close(self, code: int, reason: str) -> None:
        """Close after what is queued; a client that does not take it in time is given up."""
        if not self._closing:
            self._closing = True
            self._close = (code, reason)
            self._close_timer = asyncio.get_running_loop().call_later(_CLOSE_S, self._give_up)
            self._close_when_sent()

    @property
    def _direct(self) -> bool:
        return not self._queue and not self._closing and self._wire.ready

    def _put(self, message: str | bytes) -> None:
        if self._closing:
            return
        self._queued += len(message)
        self._queue.append(message)
        if self._queued > _QUEUE_BYTES:
            self._give_up()

    def _give_up(self) -> None:
        self._closing = self._given_up = True
        self._queue.clear()
        self._turn.set()

    def _close_when_sent(self) -> None:
        if self._close is not None and not self._queue:
            self._turn.set()

    # --- Reader ---

    def on_text(self, text: str) -> None:
        """A text message."""
        if self._handler is not None:
            try:
                self._handler.on_text(text)
            except Exception:
                logger.exception("message handler failed")
                self._handler.on_mistake()

    def on_bytes(self, data: bytes) -> None:
        """A binary message."""
        if self._handler is not None:
            try:
                self._handler.on_bytes(data)
            except Exception:
                logger.exception("message handler failed")
                self._handler.on_mistake()

    def on_writable(self) -> None:
        """Send on what had to wait."""
        while self._queue and self._wire.ready:
            message = self._queue.popleft()
            self._queued -= len(message)
            if isinstance(message, str):
                self._wire.send_text(message)
            else:
                self._wire.send_bytes(message)
        self._close_when_sent()

    def on_closed(self, code: int) -> None:
        """No more comes."""
        if self._code is None:
            self._code = code
            self._turn.set()

    # --- its life ---

    async def serve(self, handler: Handler) -> int:
        """Until either side has closed, or the client was given up; returns the close code."""
        self._handler = handler
        try:
            self._wire.take(self)
            await self._turn.wait()
            if self._code is None and self._close is not None and not self._given_up:
                await self._say_goodbye(*self._close)
            if self._code == _TOO_BIG:
                handler.on_too_big()
            if self._code is not None:
                return self._code
            handler.on_slow()
            return ABNORMAL_CLOSURE
        finally:
            self._closing = True
            self._handler = None
            self._queue.clear()
            if self._close_timer:
                self._close_timer.cancel()
            handler.on_disconnect()

    async def _say_goodbye(self, code: int, reason: str) -> None:
        with suppress(TimeoutError, WebSocketDisconnect):
            async with asyncio.timeout(_CLOSE_S):
                await self._websocket.close(code, reason)
                self.on_closed(code)
