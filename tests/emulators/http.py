"""HTTP/1.1 and the upgrade to WebSocket on plain asyncio streams, with every byte under control.

A server framework would finish what a fault must leave unfinished: here a body can end in the middle of a
chunk, an answer can be no HTTP at all, and a peer can ignore a close frame.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import h11

from tests.emulators.journal import Entry, Journal
from tests.emulators.websocket import WebSocket

_READ = 65_536
Handler = Callable[["Exchange"], Awaitable[None]]


class Exchange:
    """One request and the answer to it."""

    def __init__(self, connection: Connection, request: h11.Request, body: bytes) -> None:
        target = urlsplit(request.target.decode("ascii"))
        self.method = request.method.decode("ascii")
        self.path = target.path
        self.headers = {name.decode(): value.decode() for name, value in request.headers}
        self.body = body
        self.entry = Entry(
            route=self.path,
            method=self.method,
            query=parse_qs(target.query, keep_blank_values=True),
            connection=connection.number,
        )
        self._connection = connection

    @property
    def wants_websocket(self) -> bool:
        """Whether the client asks for the upgrade."""
        return self.headers.get("upgrade", "").lower() == "websocket"

    def json(self) -> Any:
        """The body. Raises ValueError."""
        return json.loads(self.body)

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Begin an answer of unknown length, in chunks."""
        await self._send(h11.Response(status_code=status, headers=[*headers.items()]))

    async def write(self, data: bytes) -> None:
        """One chunk of the body."""
        await self._send(h11.Data(data=data))
        self.entry.sent += 1
        self._connection.journal.changed()

    async def finish(self) -> None:
        """The proper end of the body."""
        await self._send(h11.EndOfMessage())

    async def answer(self, status: int, content: object, headers: Mapping[str, str] | None = None) -> None:
        """A whole answer in JSON."""
        body = json.dumps(content).encode()
        fixed = {"content-type": "application/json", "content-length": str(len(body)), **(headers or {})}
        await self.start(status, fixed)
        if self.method != "HEAD":
            await self._send(h11.Data(data=body))
        await self.finish()

    async def raw(self, data: bytes) -> None:
        """Bytes that are no HTTP."""
        self._connection.writer.write(data)
        await self._connection.writer.drain()

    async def gone(self) -> None:
        """Returns when the client has left; for an upgrade that is never answered."""
        while await self._connection.reader.read(_READ):
            continue

    def cut(self) -> None:
        """Reset the connection, with nothing more said."""
        self._connection.writer.transport.abort()

    def cut_softly(self) -> None:
        """End the connection after what was sent, with nothing more said."""
        self._connection.writer.close()

    async def upgrade(self) -> WebSocket:
        """Go on as a WebSocket."""
        connection = self._connection
        return await WebSocket.accept(bytes(connection.received), connection.reader, connection.writer)

    async def _send(self, event: h11.Event) -> None:
        data = self._connection.protocol.send(event)
        if data:
            await self.raw(data)


class Connection:
    """One client's TCP connection, which carries one request after the other."""

    def __init__(
        self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, journal: Journal
    ) -> None:
        self.number = number
        self.reader = reader
        self.writer = writer
        self.journal = journal
        self.protocol = h11.Connection(h11.SERVER)
        self.received = bytearray()
        """All bytes of the present request; the upgrade reads them again."""
        self._ahead = b""

    async def serve(self, handler: Handler) -> None:
        """Answer requests until the client leaves or an answer cannot be followed by another."""
        while (exchange := await self._next()) is not None:
            await self._answer(exchange, handler)
            if self.protocol.states != {h11.SERVER: h11.DONE, h11.CLIENT: h11.DONE}:
                return
            self.protocol.start_next_cycle()
            self.received.clear()

    async def _next(self) -> Exchange | None:
        request, body = None, bytearray()
        while True:
            event = self.protocol.next_event()
            if event is h11.NEED_DATA:
                data = self._take_ahead() or await self._read()
                self.received += data
                self.protocol.receive_data(data)
            elif isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage) and request is not None:
                return Exchange(self, request, bytes(body))
            else:
                return None

    async def _read(self) -> bytes:
        try:
            return await self.reader.read(_READ)
        except ConnectionError:
            return b""

    def _take_ahead(self) -> bytes:
        data, self._ahead = self._ahead, b""
        return data

    async def _left(self) -> None:
        """Returns when the client is gone; what it sends meanwhile belongs to its next request."""
        while data := await self._read():
            self._ahead += data

    async def _answer(self, exchange: Exchange, handler: Handler) -> None:
        """A client that leaves ends the handler: a barge-in must be seen, also by one that is stalling."""
        answering = asyncio.ensure_future(handler(exchange))
        if exchange.wants_websocket:
            await answering
            return
        leaving = asyncio.ensure_future(self._left())
        await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not answering.done():
            self._gone(exchange)
            answering.cancel()
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        try:
            await answering
        except (asyncio.CancelledError, ConnectionError):
            self._gone(exchange)

    def _gone(self, exchange: Exchange) -> None:
        if exchange.entry.outcome == "open":
            exchange.entry.outcome = "client_gone"
            self.journal.changed()


class Server:
    """Listens, and ends without waiting for anybody."""

    def __init__(self, handler: Handler, journal: Journal, *, tls: ssl.SSLContext | None = None) -> None:
        self._handler = handler
        self._journal = journal
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._accepted = 0

    @property
    def open_connections(self) -> int:
        """How many clients are connected."""
        return len(self._connections)

    async def start(self, host: str, port: int) -> int:
        """Listen; returns the port."""
        self._server = await asyncio.start_server(self._serve, host, port, ssl=self._tls)
        return int(self._server.sockets[0].getsockname()[1])

    def cut(self) -> None:
        """Cut all connections, and go on listening."""
        for writer in self._connections.values():
            writer.transport.abort()

    def hang_up(self) -> None:
        """Close all connections; others may come."""
        for writer in self._connections.values():
            writer.close()

    async def stop(self) -> None:
        """Cut all connections and stop listening."""
        if self._server is not None:
            self._server.close()
        tasks = list(self._connections)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("asyncio serves connections in tasks")
        self._connections[task] = writer
        self._accepted += 1
        try:
            await Connection(self._accepted, reader, writer, self._journal).serve(self._handler)
        except (ConnectionError, h11.ProtocolError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            writer.close()
            del self._connections[task]
            self._journal.changed()
