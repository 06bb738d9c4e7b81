"""Functions over HTTP on a real socket: what is sent, and what its answer means."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pydantic import TypeAdapter

from parley_contract.agent import ToolConfig
from parley_gateway.conversation.history import ToolCall, ToolResult, ToolStatus
from parley_gateway.tools.http_function import NOT_REACHED, NOT_SET_UP
from parley_gateway.tools.outcome import CUT, IN_DOUBT, LONGEST_TEXT
from parley_gateway.tools.registry import create_tools
from parley_gateway.tools.toolbox import Toolbox
from tests.emulators.http import Exchange
from tests.gateway.servers.bookings import HttpBookings, http_bookings
from tests.gateway.servers.process import free_port

SUCCEEDED, FAILED, UNKNOWN = ToolStatus.SUCCEEDED, ToolStatus.FAILED, ToolStatus.UNKNOWN


@pytest_asyncio.fixture
async def bookings() -> AsyncIterator[HttpBookings]:
    async with http_bookings() as bookings:
        yield bookings


@asynccontextmanager
async def tools(*configs: dict[str, Any]) -> AsyncIterator[Toolbox]:
    toolbox = create_tools([TypeAdapter[Any](ToolConfig).validate_python(config) for config in configs])
    async with toolbox.running():
        yield toolbox


async def called(config: dict[str, Any], arguments: str = '{"people": 4}', key: str = "s:1:c") -> ToolResult:
    async with tools(config) as toolbox:
        return await toolbox.call(ToolCall("c", config["name"], arguments), key=key, session="s")


async def test_g12_arguments_go_as_json_with_a_key_of_the_call(bookings: HttpBookings) -> None:
    result = await called(bookings.tool())
    assert result == ToolResult("c", SUCCEEDED, '{"table": 12}')
    (asked,) = bookings.asked
    assert (asked.method, asked.path, asked.json()) == ("POST", "/bookings", {"people": 4})
    assert asked.headers["idempotency-key"] == "s:1:c"
    assert asked.headers["content-type"] == "application/json"


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_g12_arguments_go_in_the_query_where_there_is_no_body(bookings: HttpBookings, method: str) -> None:
    await called(bookings.tool(method=method, url=f"{bookings.url}?hotel=9"))
    (asked,) = bookings.asked
    assert asked.entry.query == {"hotel": ["9"], "people": ["4"]}
    assert (asked.method, asked.body) == (method, b"")


async def test_g12_secret_headers_come_from_files_as_they_are_now(bookings: HttpBookings, tmp_path: Path) -> None:
    file = tmp_path / "token"
    config = bookings.tool(header_files={"Authorization": str(file)})
    async with tools(config) as toolbox:
        for number, secret in enumerate(["Bearer one", "Bearer another"]):
            file.write_text(secret + "\n")
            await toolbox.call(ToolCall("c", "book", '{"people": 1}'), key=f"{number}", session="s")
    assert [asked.headers["authorization"] for asked in bookings.asked] == ["Bearer one", "Bearer another"]


@pytest.mark.parametrize("content", [None, "", "two\nlines", "ümläut"])
async def test_g12_without_its_secret_nothing_is_sent(
    bookings: HttpBookings, tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "token").write_text(content)
    result = await called(bookings.tool(header_files={"Authorization": str(tmp_path / "token")}))
    assert (result.status, result.text) == (FAILED, NOT_SET_UP)
    assert bookings.asked == []


@pytest.mark.parametrize(
    ("status", "means"),
    [
        *[(201, SUCCEEDED), (302, FAILED), (400, FAILED), (404, FAILED), (409, FAILED), (429, FAILED)],
        *[(501, FAILED), (408, UNKNOWN), (500, UNKNOWN), (502, UNKNOWN), (503, UNKNOWN)],
    ],
)
async def test_g12_what_a_status_says_of_what_was_done(
    bookings: HttpBookings, status: int, means: ToolStatus
) -> None:
    async def answering(exchange: Exchange) -> None:
        await exchange.answer(status, {"why": "full"}, {"location": "http://127.0.0.1:1/"})

    bookings.answering = answering
    result = await called(bookings.tool())
    assert result.status is means
    assert len(bookings.asked) == 1, "it is neither followed nor repeated"
    if status in (400, 404, 409, 429):
        assert "full" in result.text, "the model is told why"


async def test_g12_a_server_that_is_not_there_has_done_nothing() -> None:
    result = await called(HttpBookings(port=free_port()).tool())
    assert (result.status, result.text) == (FAILED, NOT_REACHED)


async def test_g12_one_that_cuts_leaves_a_doubt(bookings: HttpBookings) -> None:
    async def answering(exchange: Exchange) -> None:
        exchange.cut()

    bookings.answering = answering
    result = await called(bookings.tool())
    assert result.status is UNKNOWN
    assert result.text.endswith(IN_DOUBT)
    assert len(bookings.asked) == 1


async def test_g12_one_that_says_nothing_leaves_a_doubt(bookings: HttpBookings) -> None:
    async def answering(_: Exchange) -> None:
        await asyncio.Event().wait()

    bookings.answering = answering
    result = await called(bookings.tool(timeout=2))
    assert (result.status, len(bookings.asked)) == (UNKNOWN, 1)


@pytest.mark.parametrize("declared", [{"idempotent": True}, {"method": "GET"}])
async def test_g12_what_may_be_repeated_is_once_with_the_same_key(
    bookings: HttpBookings, declared: dict[str, Any]
) -> None:
    async def answering(exchange: Exchange) -> None:
        if len(bookings.asked) == 1:
            exchange.cut()
        else:
            await exchange.answer(200, "done")

    bookings.answering = answering
    result = await called(bookings.tool(**declared))
    assert result.status is SUCCEEDED
    assert [asked.headers["idempotency-key"] for asked in bookings.asked] == ["s:1:c", "s:1:c"]


async def test_g12_a_long_answer_is_shortened_and_a_picture_is_none(bookings: HttpBookings) -> None:
    async def answering(exchange: Exchange) -> None:
        await exchange.start(200, {"content-type": "text/plain" if len(bookings.asked) == 1 else "image/png"})
        await exchange.write(b"x" * 200_000)
        await exchange.finish()

    bookings.answering = answering
    async with tools(bookings.tool()) as toolbox:
        long, picture = [
            await toolbox.call(ToolCall("c", "book", '{"people": 1}'), key=key, session="s") for key in "ab"
        ]
    assert long.text == "x" * LONGEST_TEXT + CUT
    assert picture.text == "[image/png, which cannot be read out]"


@pytest.mark.parametrize("url", ["ftp://here", "nowhere", "http://", "http://[::1"])
def test_a_url_that_cannot_be_called_is_said_at_the_start(url: str) -> None:
    with pytest.raises(ValueError, match="book"):
        create_tools([TypeAdapter[Any](ToolConfig).validate_python(HttpBookings().tool(url=url))])
