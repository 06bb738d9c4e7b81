"""Somebody's own servers with a function to call: one over plain HTTP, one over the Model Context Protocol."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError

from tests.emulators.http import Exchange, Server
from tests.emulators.journal import Journal
from tests.gateway.servers.web import web

Answering = Callable[[Exchange], Awaitable[None]]


@dataclass
class HttpBookings:
    """Books tables, and remembers how it was asked; `answering` is what it does about it."""

    port: int = 0
    asked: list[Exchange] = field(default_factory=list)
    answering: Answering | None = None
    came: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/bookings"

    def tool(self, **settings: Any) -> dict[str, Any]:
        """As a gateway is told of it."""
        return {
            "type": "HTTP",
            "name": "book",
            "description": "Book a table.",
            "parameters": {
                "type": "object",
                "properties": {"people": {"type": "integer", "minimum": 1}},
                "required": ["people"],
            },
            "url": self.url,
            **settings,
        }

    async def handle(self, exchange: Exchange) -> None:
        self.asked.append(exchange)
        self.came.set()
        if self.answering is not None:
            await self.answering(exchange)
        else:
            await exchange.answer(200, {"table": 12})


@asynccontextmanager
async def http_bookings() -> AsyncIterator[HttpBookings]:
    bookings = HttpBookings()
    server = Server(bookings.handle, Journal())
    bookings.port = await server.start("127.0.0.1", 0)
    try:
        yield bookings
    finally:
        await server.stop()


@dataclass
class McpBookings:
    """The same as a tool of an MCP server, made with the official SDK; it can be stopped and started again."""

    port: int = 0
    booked: list[int] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    held: asyncio.Event = field(default_factory=asyncio.Event)
    """Bookings are answered once it is set."""
    came: asyncio.Event = field(default_factory=asyncio.Event)
    headers: list[dict[str, str]] = field(default_factory=list)
    status: int | None = None
    """Answered to every request, where it is set."""
    of_old: bool = False
    """Knows only the protocol's versions with sessions, up to 2025-11-25."""

    def __post_init__(self) -> None:
        self.held.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"

    def tool(self, **settings: Any) -> dict[str, Any]:
        """As a gateway is told of the server."""
        return {"type": "MCP", "name": "hotel", "url": self.url, **settings}

    def _server(self) -> MCPServer:
        server = MCPServer("bookings")

        @server.tool(description="Book a table.")
        async def book(people: int, context: Context[Any]) -> str:
            meta = context.request_context.meta or {}
            self.keys.append(str(dict(meta).get("parley.dev/idempotency-key")))
            self.booked.append(people)
            self.came.set()
            await self.held.wait()
            if people > 12:
                raise ToolError("we have no such table")
            return f"table 12 for {people}"

        @server.tool(name="rooms.free", description="How many rooms are free.")
        async def free() -> int:
            return 3

        return server

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        """What every request brings is remembered, and refused where that is wanted."""
        if scope["type"] == "http":
            self.headers.append({name.decode(): value.decode() for name, value in scope["headers"]})
            version = self.headers[-1].get("mcp-protocol-version", "")
            status = 400 if self.of_old and version.startswith("2026") else self.status
            if status is not None:
                await send({"type": "http.response.start", "status": status, "headers": []})
                await send({"type": "http.response.body", "body": b""})
                return
        await self._mcp(scope, receive, send)

    @asynccontextmanager
    async def running(self, **options: Any) -> AsyncIterator[McpBookings]:
        """On the same port, should it run again; sessions of before are forgotten."""
        self._mcp: Any = self._server().streamable_http_app(**options)
        async with web(self._app, port=self.port) as self.port:
            yield self
