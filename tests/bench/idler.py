"""A client of the native protocol that has a session and says nothing."""

from __future__ import annotations

import asyncio

from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

_START = b'{"type":"session.start"}'
_STARTED = b'"session.started"'


class Idler(WSListener):
    """One."""

    def __init__(self) -> None:
        self._started = asyncio.Event()
        self.gone = False

    async def connect(self, url: str) -> None:
        """Returns when the session has begun."""
        await ws_connect(lambda: self, url, websocket_handshake_timeout=30, enable_auto_pong=True)
        self.transport.send(WSMsgType.TEXT, _START)
        await self._started.wait()

    def hang_up(self) -> None:
        """The end."""
        if not self.gone:
            self.transport.disconnect()

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT and _STARTED in frame.get_payload_as_bytes():
            self._started.set()
        elif frame.msg_type == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()

    def on_ws_disconnected(self, _: WSTransport) -> None:
        self.gone = True
