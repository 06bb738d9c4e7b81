"""A company's HTTP proxy: whoever wants a host that it alone can find has to ask it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_READ = 65_536


@dataclass
class ConnectProxy:
    """Leads every host to one port of this machine, and remembers who was asked for."""

    port: int
    """Where it leads."""
    url: str = ""
    refuses: bool = False
    """Whether it lets nobody through."""
    tunnels: set[str] = field(default_factory=set)
    """Host and port of each CONNECT: what it passes on without reading it."""
    requests: set[str] = field(default_factory=set)
    """Host and port of each request that it read."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client, until either side leaves."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            head = await reader.readuntil(b"\r\n\r\n")
            method, target, _ = head.decode("ascii").split(" ", 2)
            if self.refuses:
                writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            elif method == "CONNECT":
                self.tunnels.add(target)
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await self._join(reader, writer)
            else:
                self.requests.add(urlsplit(target).netloc)
                await self._join(reader, writer, first=head)  # whose target is a whole URL, which servers take
        writer.close()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, first: bytes = b"") -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self.port)
        inner_writer.write(first)
        await asyncio.gather(_copy(reader, inner_writer), _copy(inner_reader, writer))


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(_READ):
            sink.write(data)
            await sink.drain()
    finally:
        sink.close()


@asynccontextmanager
async def connect_proxy(*, to: int) -> AsyncIterator[ConnectProxy]:
    """One on a port of its own."""
    proxy = ConnectProxy(to)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    async with server:
        proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield proxy
