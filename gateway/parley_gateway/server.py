"""uvicorn, bent where it would cut a conversation, forget a close frame, keep a dead peer, or dawdle."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import State

from parley_contract.limits import LimitsConfig
from parley_gateway.frames import BINARY, TEXT, FrameReader, frame
from parley_gateway.websocket import ABNORMAL_CLOSURE, WIRE, Reader

_PING_S = 20.0
_LINGER_S = 5.0
_SHUTDOWN_S = 5


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket, with promises of its own.

    A peer that sends too much reads why: after the close frame the rest of what it sends is read and thrown
    away for a while, since closing a TCP connection with unread data resets it and loses the frame. A peer that
    does not read is dropped, with what is buffered for it, once the application has ended. Pings of a peer that
    does not read cost no memory. And a peer that is closing is not reset when the server stops.

    It is a `Wire`: once the application has taken it, messages go to a reader as they come, in no queue and with
    no task between, and reading is not paused and resumed for each.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._failed = False
        self._early = False
        """Whether a client has sent anything before its WebSocket was accepted and taken."""
        self._reader: Reader | None = None
        self._frames: FrameReader | None = None
        self._reaper: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Parse, unless nothing that comes matters any more."""
        if self._frames is not None:
            self._frames.feed(data)
        elif not self._failed:
            self._early = self._early or self.handshake_initiated
            super().data_received(data)

    def handle_connect(self, event: Request) -> None:
        """Offer the wire with the handshake."""
        super().handle_connect(event)
        if not self.handshake_complete:
            cast("dict[str, object]", self.scope["extensions"])[WIRE] = self

    # --- Wire ---

    @property
    def ready(self) -> bool:
        """Whether what is sent now goes out without piling up."""
        return self.writable.is_set()

    def take(self, reader: Reader) -> None:
        """From now on `reader` is told what comes; first what has come already."""
        waiting, self.queue = self.queue, _Straight(reader)
        self._reader = reader
        while not waiting.empty():
            self.queue.put_nowait(waiting.get_nowait())
        self._read_on()
        # The parser of a client that was early may stand within a frame: it is left to it.
        if not self._early:
            self._frames = FrameReader(
                largest=self.config.ws_max_size, on_message=self._on_message, on_other=self._on_other
            )

    def send_text(self, text: str) -> None:
        """Send; nothing is sent where there is nobody any more."""
        self._send(TEXT, text.encode())

    def send_bytes(self, data: bytes) -> None:
        """Send; nothing is sent where there is nobody any more."""
        self._send(BINARY, data)

    def _send(self, kind: int, payload: bytes) -> None:
        if not (self.close_sent or self.disconnected or self.transport.is_closing()):
            self.transport.write(frame(kind, payload))

    def _on_message(self, kind: int, payload: bytes) -> bool:
        """Whether it was a message for the reader. The library knows what to do with all others."""
        if self._reader is None or self.close_sent or self._failed or self.conn.state is not State.OPEN:
            return False
        if self.conn.current_size is not None:
            return False
        if kind == BINARY:
            self._reader.on_bytes(payload)
            return True
        try:
            text = payload.decode()
        except UnicodeDecodeError:
            return False
        self._reader.on_text(text)
        return True

    def _on_other(self, data: bytes) -> None:
        if not self._failed:
            super().data_received(data)

    def send_receive_event_to_app(self) -> None:
        """A reader takes messages at once, so that there is nothing to wait for."""
        super().send_receive_event_to_app()
        if self._reader is not None:
            self._read_on()

    def _read_on(self) -> None:
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()

    def resume_writing(self) -> None:
        """The network takes more again."""
        super().resume_writing()
        if self._reader is not None:
            self._reader.on_writable()

    # --- what is bent ---

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


class _Straight(asyncio.Queue[Any]):
    """In place of the application's queue: hands over what is put."""

    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self._reader = reader

    def put_nowait(self, item: Any) -> None:
        """Tell the reader."""
        if item["type"] != "websocket.receive":
            self._reader.on_closed(int(item.get("code", ABNORMAL_CLOSURE)))
        elif "text" in item:
            self._reader.on_text(item["text"])
        else:
            self._reader.on_bytes(item["bytes"])


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
