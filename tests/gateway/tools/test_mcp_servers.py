"""Servers of the Model Context Protocol, made with the official SDK, on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from parley_contract.agent import McpServer
from parley_gateway.conversation.history import ToolCall, ToolResult, ToolStatus
from parley_gateway.tools.mcp_server import AWAY
from parley_gateway.tools.registry import create_tools
from parley_gateway.tools.toolbox import Toolbox
from tests.gateway.servers.bookings import McpBookings
from tests.gateway.servers.process import free_port

SUCCEEDED, FAILED, UNKNOWN = ToolStatus.SUCCEEDED, ToolStatus.FAILED, ToolStatus.UNKNOWN
PATIENCE_S = 2.0
"""With one that says nothing. The same holds for what is answered, on a busy machine as well."""


@pytest_asyncio.fixture(params=["events", "json", "of old", "of old, json"])
async def hotel(request: pytest.FixtureRequest) -> AsyncIterator[McpBookings]:
    """In the ways in which servers answer: streams or single answers, with sessions (of old) or without."""
    hotel = McpBookings(of_old="of old" in request.param)
    async with hotel.running(json_response="json" in request.param):
        yield hotel


@asynccontextmanager
async def tools(config: dict[str, Any]) -> AsyncIterator[Toolbox]:
    toolbox = create_tools([McpServer.model_validate(config)])
    async with toolbox.running():
        await toolbox.warm(within_s=20)
        yield toolbox


async def book(toolbox: Toolbox, people: int, key: str = "s:1:c") -> ToolResult:
    call = ToolCall("c", "hotel_book", f'{{"people": {people}}}')
    return await toolbox.call(call, key=key, session="s")


async def test_g12_a_servers_tools_are_called_by_names_that_models_take(hotel: McpBookings) -> None:
    async with tools(hotel.tool()) as toolbox:
        book_spec, free_spec = toolbox.specs
        assert (book_spec.name, book_spec.description) == ("hotel_book", "Book a table.")
        assert book_spec.parameters["required"] == ["people"]
        assert free_spec.name == "hotel_rooms_free"
        assert await book(toolbox, 4) == ToolResult("c", SUCCEEDED, "table 12 for 4")
        free = await toolbox.call(ToolCall("d", "hotel_rooms_free", "{}"), key="s:2:d", session="s")
        assert free == ToolResult("d", SUCCEEDED, "3")
        sources = [{"source": "hotel", "connected": True, "tools": 2}]
        assert toolbox.health() == {"tools": {"status": "ok", "sources": sources}}
    assert hotel.keys == ["s:1:c"], "the key went along"


async def test_g12_only_tools_that_are_allowed_are_there(hotel: McpBookings) -> None:
    async with tools(hotel.tool(allowed_tools=["rooms.free"])) as toolbox:
        assert [spec.name for spec in toolbox.specs] == ["hotel_rooms_free"]
        assert (await book(toolbox, 4)).status is FAILED
    assert hotel.booked == []


async def test_g12_a_tool_that_says_no_has_done_nothing(hotel: McpBookings) -> None:
    async with tools(hotel.tool()) as toolbox:
        refused = await book(toolbox, 13)
        assert refused.status is FAILED
        assert "no such table" in refused.text
        assert (await book(toolbox, 2, "s:2:c")).status is SUCCEEDED, "and the connection goes on"


async def test_g12_arguments_that_do_not_fit_are_not_sent(hotel: McpBookings) -> None:
    async with tools(hotel.tool()) as toolbox:
        result = await toolbox.call(ToolCall("c", "hotel_book", '{"people": "many"}'), key="k", session="s")
    assert (result.status, hotel.booked) == (FAILED, [])
    assert "people" in result.text


async def test_g12_one_that_says_nothing_leaves_a_doubt_and_harms_no_other(hotel: McpBookings) -> None:
    hotel.held.clear()
    async with tools(hotel.tool(timeout=PATIENCE_S)) as toolbox:
        silent = asyncio.create_task(book(toolbox, 4))
        await hotel.came.wait()
        free = await toolbox.call(ToolCall("d", "hotel_rooms_free", "{}"), key="s:2:d", session="s")
        assert free.status is SUCCEEDED
        assert (await silent).status is UNKNOWN
        assert (await book(toolbox, 4, "s:3:c")).status is UNKNOWN
    assert hotel.booked == [4], "what is in doubt is not repeated"


async def test_g12_what_is_declared_idempotent_is_repeated_with_the_same_key(hotel: McpBookings) -> None:
    hotel.held.clear()
    async with tools(hotel.tool(timeout=PATIENCE_S, idempotent_tools=["book"])) as toolbox:
        result = asyncio.create_task(book(toolbox, 4))
        await hotel.came.wait()
        assert (await result).status is UNKNOWN
    assert hotel.keys == ["s:1:c", "s:1:c"]


@pytest.mark.parametrize(("status", "means"), [(401, FAILED), (403, FAILED), (500, UNKNOWN), (503, UNKNOWN)])
async def test_g12_what_a_status_says_of_what_was_done(hotel: McpBookings, status: int, means: ToolStatus) -> None:
    async with tools(hotel.tool()) as toolbox:
        hotel.status = status
        assert (await book(toolbox, 4)).status is means
        hotel.status = None
        assert (await book(toolbox, 5, "s:2:c")).status is SUCCEEDED
    assert hotel.booked == [5]


async def test_g12_secret_headers_come_from_files(hotel: McpBookings, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("Bearer of-the-hotel\n")
    async with tools(hotel.tool(header_files={"authorization": str(tmp_path / "token")})) as toolbox:
        await book(toolbox, 4)
    assert {headers["authorization"] for headers in hotel.headers} == {"Bearer of-the-hotel"}


async def test_g12_a_server_that_comes_late_is_found() -> None:
    hotel = McpBookings(port=free_port())
    async with tools(hotel.tool()) as toolbox:
        assert toolbox.specs == ()
        assert toolbox.health()["tools"]["problem"] == "away: hotel"
        async with hotel.running():
            await until_there(toolbox)
            assert (await book(toolbox, 4)).status is SUCCEEDED


@pytest.mark.parametrize("of_old", [True, False])
async def test_g12_a_server_that_was_restarted_is_called_all_the_same(of_old: bool) -> None:
    hotel = McpBookings(of_old=of_old)
    async with AsyncExitStack() as stack:
        async with hotel.running():
            toolbox = await stack.enter_async_context(tools(hotel.tool()))
            assert (await book(toolbox, 4)).status is SUCCEEDED
        away = await book(toolbox, 5, "s:2:c")
        assert (away.status, away.text) == (FAILED, AWAY)
        async with hotel.running():
            assert (await book(toolbox, 6, "s:3:c")).status is SUCCEEDED
    assert hotel.booked == [4, 6]


async def until_there(toolbox: Toolbox) -> None:
    """A server is looked for by itself, and nobody is told when it is found."""
    for _ in range(600):
        if toolbox.specs:
            return
        await asyncio.sleep(0.05)
