"""The server's side of a WebSocket, sans-IO rules of `websockets` over streams that faults can reach."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

_READ = 65_536


class PeerGoneError(Exception):
    """The client closed the connection or is gone."""


class WebSocket:
    """One upgraded connection."""

    def __init__(
        self, protocol: ServerProtocol, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._protocol = protocol
        self._reader = reader
        self._writer = writer
        self._messages: list[str | bytes] = []
        self.ignores_close = False
        """Whether a close frame of the client is left unanswered, as a hung peer would."""

    @classmethod
    async def accept(cls, request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> WebSocket:
        """Answer the handshake that `request` holds."""
        protocol = ServerProtocol()
        protocol.receive_data(request)
        (handshake,) = protocol.events_received()
        if not isinstance(handshake, Request):
            raise TypeError("a handshake comes first")
        protocol.send_response(protocol.accept(handshake))
        websocket = cls(protocol, reader, writer)
        await websocket._flush()
        return websocket

    async def receive(self) -> str | bytes:
        """The next message. Raises PeerGoneError."""
        while not self._messages:
            if self._protocol.state is not State.OPEN and not self.ignores_close:
                raise PeerGoneError
            data = await self._read()
            if not data:
                raise PeerGoneError
            self._protocol.receive_data(data)
            self._collect()
            await self._flush()
        return self._messages.pop(0)

    async def send(self, message: dict[str, Any]) -> None:
        """Send JSON as text."""
        await self.send_text(json.dumps(message))

    async def send_text(self, text: str) -> None:
        """Send text as it is."""
        self._protocol.send_text(text.encode())
        await self._flush()

    async def send_bytes(self, data: bytes) -> None:
        """Send a binary message."""
        self._protocol.send_binary(data)
        await self._flush()

    async def close(self, code: int, reason: str) -> None:
        """Say goodbye; the client's answer is not waited for."""
        self._protocol.send_close(code, reason)
        await self._flush()

    async def raw(self, data: bytes) -> None:
        """Bytes that are no WebSocket."""
        self._writer.write(data)
        await self._writer.drain()

    def cut(self) -> None:
        """Reset the connection, with nothing more said."""
        self._writer.transport.abort()

    async def _read(self) -> bytes:
        try:
            return await self._reader.read(_READ)
        except ConnectionError:
            return b""

    def _collect(self) -> None:
        for event in self._protocol.events_received():
            if isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                self._messages.append(event.data.decode() if isinstance(event.data, bytes) else str(event.data))
            elif isinstance(event, Frame) and event.opcode is Opcode.BINARY:
                self._messages.append(bytes(event.data))

    async def _flush(self) -> None:
        outgoing = self._protocol.data_to_send()
        if self.ignores_close and self._protocol.state is not State.OPEN:
            return
        for data in outgoing:
            if data:
                self._writer.write(data)
        await self._writer.drain()
