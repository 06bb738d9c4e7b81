"""An issuer of JWTs, as far as those who verify see it: its public keys over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson


@dataclass
class IdentityProvider:
    """Answers every GET with `keys`, or with a redirect to them, or with an error."""

    url: str = ""
    keys: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1]
        status = 200 if path == b"/elsewhere" else self.status
        body = orjson.dumps({"keys": self.keys})
        headers = f"Location: /elsewhere\r\nContent-Length: {len(body)}\r\nConnection: close"
        head = f"HTTP/1.1 {status} X\r\n{headers}\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def identity_provider() -> AsyncIterator[IdentityProvider]:
    """One on a port of its own."""
    provider = IdentityProvider()
    server = await asyncio.start_server(provider.answer, "127.0.0.1", 0)
    async with server:
        provider.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield provider
