"""WebSocket servers on picows: what a provider does with one client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server


class Stream(WSListener):
    """One client's connection to a provider."""

    transport: WSTransport

    def __init__(self, request: WSUpgradeRequest) -> None:
        self.request = request
        self.gone = False

    def on_ws_connected(self, transport: WSTransport) -> None:
        """The client is there."""
        self.transport = transport
        self.on_open()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """A message, whole: none of the clients fragments."""
        if frame.msg_type == WSMsgType.BINARY:
            self.on_bytes(frame.payload_size)
        elif frame.msg_type == WSMsgType.TEXT:
            self.on_text(frame.get_payload_as_bytes())
        elif frame.msg_type == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()

    def on_ws_disconnected(self, _: WSTransport) -> None:
        """The client is gone."""
        self.gone = True

    def say(self, message: bytes) -> None:
        """Send text, if there is anybody."""
        if not self.gone:
            self.transport.send(WSMsgType.TEXT, message)

    def on_open(self) -> None:
        """The client is there."""

    def on_bytes(self, size: int) -> None:
        """So much audio has come."""

    def on_text(self, message: bytes) -> None:
        """A control message has come."""


async def serve(stream: Callable[[WSUpgradeRequest], Stream]) -> tuple[asyncio.Server, int]:
    """Listen; the server and its port."""
    server = await ws_create_server(stream, "127.0.0.1", 0, enable_auto_pong=True)
    return server, server.sockets[0].getsockname()[1]
