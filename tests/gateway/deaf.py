"""A client that takes part in a session and never reads: what a stalled phone looks like to a server."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from websockets.client import ClientProtocol
from websockets.uri import parse_uri

from tests.gateway.running import HOST, TOKEN, Served

_TINY = 4096


class DeafClient:
    """Speaks the WebSocket protocol, its receive buffer as small as the kernel allows."""

    def __init__(self, gateway: Served, sock: socket.socket) -> None:
        self._sock = sock
        self._protocol = ClientProtocol(parse_uri(gateway.url))

    async def open(self) -> None:
        request = self._protocol.connect()
        request.headers["Authorization"] = f"Bearer {TOKEN}"
        self._protocol.send_request(request)
        self._flush()
        self._protocol.receive_data(await asyncio.get_running_loop().sock_recv(self._sock, _TINY))
        assert self._protocol.handshake_exc is None

    def start(self, **fields: Any) -> None:
        self._send({"type": "session.start", **fields})

    def say(self, text: str) -> None:
        self._send({"type": "text", "text": text})

    async def ping(self, times: int) -> None:
        for _ in range(times):
            self._protocol.send_ping(b"x" * 125)
            data = b"".join(self._protocol.data_to_send())
            await asyncio.get_running_loop().sock_sendall(self._sock, data)

    def _send(self, message: dict[str, Any]) -> None:
        self._protocol.send_text(orjson.dumps(message))
        self._flush()

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            self._sock.send(data)


@asynccontextmanager
async def deaf_client(gateway: Served) -> AsyncIterator[DeafClient]:
    """Connected, and reset at the end."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _TINY)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, (HOST, gateway.port))
        client = DeafClient(gateway, sock)
        await client.open()
        yield client
