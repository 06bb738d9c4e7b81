"""uvicorn, bent where it would cut a conversation, forget a close frame or keep a dead peer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from parley_contract.limits import LimitsConfig

_PING_S = 20.0
_LINGER_S = 5.0
_SHUTDOWN_S = 5


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket, with promises of its own.

    A peer that sends too much reads why: after the close frame the rest of what it sends is read and thrown
    away for a while, since closing a TCP connection with unread data resets it and loses the frame. A peer that
    does not read is dropped, with what is buffered for it, once the application has ended. Pings of a peer that
    does not read cost no memory. And a peer that is closing is not reset when the server stops.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._failed = False
        self._reaper: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Parse, unless nothing that comes matters any more."""
        if not self._failed:
            super().data_received(data)

    def handle_parser_exception(self) -> None:
        """Say why, then only wait for the peer to hang up."""
        self._failed = True
        self.close_timer = self.loop.call_later(_LINGER_S, self.transport.abort)
        close, self.close_sent = self.conn.close_sent, True
        if close is not None:
            self.queue.put_nowait({"type": "websocket.disconnect", "code": close.code, "reason": close.reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()

    def handle_ping(self) -> None:
        """Answer, unless the answers before it are still unread."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    async def run_asgi(self) -> None:
        """Run the application; a while after it has ended nothing of the connection is left."""
        await super().run_asgi()
        self._reap_after(self.close_timeout + _LINGER_S if self.writable.is_set() else 0)

    def keepalive_timeout(self) -> None:
        """Nobody answers a ping: what is buffered for such a peer may never get out, and is not waited for."""
        super().keepalive_timeout()
        self._reap_after(_LINGER_S)

    def _reap_after(self, seconds: float) -> None:
        if self._reaper is not None:
            self._reaper.cancel()
        self._reaper = self.loop.call_later(seconds, self.transport.abort)

    def shutdown(self) -> None:
        """The server stops: a peer that was told goodbye may still answer, any other is told now."""
        if not self.close_sent:
            super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        """The peer is gone."""
        if self._reaper is not None:
            self._reaper.cancel()
        super().connection_lost(exc)


class Server(uvicorn.Server):
    """uvicorn's server without its signal handlers: they close every WebSocket at once, with 1012."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the process's own business."""
        yield


def create_server(app: Any, limits: LimitsConfig) -> Server:
    """A server for `app`; it is given its listening socket when it starts."""
    return Server(
        uvicorn.Config(
            app,
            http="h11",
            ws=WebSocketProtocol,
            ws_max_size=limits.frame_bytes,
            ws_ping_interval=_PING_S,
            ws_ping_timeout=_PING_S,
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_SHUTDOWN_S,
        )
    )
