"""A caller asks, the model calls a tool on a real server, and the answer is spoken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, TypeVar

import pytest
import pytest_asyncio

from parley_client import FEATURES, Audio, Conversation, Received, connect
from parley_contract.native import ReplyCancel, ReplyEnded, TextInput, ToolEnded
from tests.emulators.anthropic_messages import AnthropicScript
from tests.emulators.emulators import Emulators
from tests.emulators.http import Exchange
from tests.emulators.language_model import ScriptedCall
from tests.emulators.openai_speech import OpenAISpeechScript
from tests.emulators.recogniser import DeepgramScript
from tests.gateway.calling import QUESTION, calling
from tests.gateway.running import TOKEN, Site, served
from tests.gateway.servers.bookings import HttpBookings, McpBookings, http_bookings

R = TypeVar("R", bound=Any)


@pytest_asyncio.fixture
async def bookings() -> AsyncIterator[HttpBookings]:
    async with http_bookings() as bookings:
        yield bookings


class Heard:
    """All that a client is told, and waiting for it."""

    def __init__(self) -> None:
        self._received: list[Received] = []
        self._changed = asyncio.Event()

    def take(self, received: Received) -> None:
        self._received.append(received)
        self._changed.set()

    async def first(self, kind: type[R]) -> R:
        while not (found := [one for one in self._received if isinstance(one, kind)]):
            self._changed.clear()
            await self._changed.wait()
        return found[0]


@pytest.fixture(autouse=True)
def fast_speech(emulators: Emulators) -> None:
    """Callers listen in real time."""
    emulators.openai_speech.set_script(OpenAISpeechScript(ms_per_character=20))


def calls(name: str, preamble: str = "") -> AnthropicScript:
    """A model that books a table for whoever asks for one, and reads out what comes of it."""
    call = ScriptedCall(name=name, arguments={"people": 4})
    return AnthropicScript(calls={"table": [call]}, preamble=preamble)


async def test_g12_a_function_over_http_is_called_and_its_answer_is_spoken(
    site: Site, emulators: Emulators, bookings: HttpBookings
) -> None:
    emulators.deepgram.set_script(DeepgramScript(transcripts=["A table for four, please."]))
    emulators.anthropic.set_script(calls("book", preamble="Let me see."))
    site.settings = {"tools": [bookings.tool()]}
    async with served(site.config()) as gateway, calling(gateway) as (_, conversation):
        turn = await conversation.say(QUESTION)
    assert turn.answer == 'Let me see. The tool said: {"table": 12}'
    spoken = [emulators.openai_speech.audio_of(text) for text in ("Let me see.", 'The tool said: {"table": 12}')]
    assert bytes(turn.pcm) == b"".join(spoken)
    (asked,) = bookings.asked
    assert asked.json() == {"people": 4}
    offered, answered = emulators.journal.of("/v1/messages")
    assert [tool["name"] for tool in offered.body["tools"]] == ["book"]
    assert answered.body["messages"][-1]["content"][0]["type"] == "tool_result"


async def test_g12_a_tool_of_an_mcp_server_is_called_and_its_answer_is_spoken(
    site: Site, emulators: Emulators
) -> None:
    emulators.anthropic.set_script(calls("hotel_book"))
    async with McpBookings().running() as hotel:
        site.settings = {"tools": [hotel.tool()]}
        async with served(site.config()) as gateway, calling(gateway) as (_, conversation):
            turn = await conversation.type("a table for four")
            health = (await gateway.get("/health")).json()
            assert await gateway.metric('voice_tool_seconds_count{status="succeeded",tool="hotel_book"}') == 1
    assert turn.answer == "The tool said: table 12 for 4"
    assert hotel.booked == [4]
    assert health["dependencies"]["tools"]["status"] == "ok"


async def test_g12_a_tool_that_is_away_is_said_in_words(site: Site, emulators: Emulators) -> None:
    emulators.anthropic.set_script(calls("book"))
    site.settings = {"tools": [HttpBookings(port=1).tool()]}
    async with served(site.config()) as gateway, calling(gateway) as (_, conversation):
        turn = await conversation.type("a table for four")
    assert turn.answer == "The tool said: It could not be reached; nothing was done."


async def test_g12_a_result_that_comes_after_an_interruption_is_kept_and_the_call_is_not_repeated(
    site: Site, emulators: Emulators, bookings: HttpBookings
) -> None:
    interrupted = asyncio.Event()
    heard = Heard()

    async def answering(exchange: Exchange) -> None:
        await interrupted.wait()
        await exchange.answer(200, {"table": 12})

    bookings.answering = answering
    emulators.anthropic.set_script(calls("book", preamble="This will take a moment, for the book is large."))
    site.settings = {"tools": [bookings.tool()]}
    async with (
        asyncio.timeout(60),
        served(site.config()) as gateway,
        connect(gateway.url, token=TOKEN, features=FEATURES) as connection,
        Conversation(connection, on_received=heard.take, microphone=False) as conversation,
    ):
        await connection.send(TextInput(text="a table for four"))
        await bookings.came.wait()
        await heard.first(Audio)
        await connection.send(ReplyCancel())
        await heard.first(ReplyEnded)
        interrupted.set()
        ended = await heard.first(ToolEnded)
        turn = await conversation.type("is it done?")
    assert turn.answer == "You said: is it done?"
    assert len(bookings.asked) == 1
    assert (ended.name, ended.status) == ("book", "succeeded")
    *_, last = emulators.journal.of("/v1/messages")
    results = [
        block
        for message in last.body["messages"]
        for block in message["content"]
        if isinstance(block, dict) and block["type"] == "tool_result"
    ]
    assert [result["content"] for result in results] == ['{"table": 12}']


async def test_g12_what_is_in_doubt_is_told_and_not_repeated(
    site: Site, emulators: Emulators, bookings: HttpBookings
) -> None:
    async def answering(exchange: Exchange) -> None:
        exchange.cut()

    bookings.answering = answering
    emulators.anthropic.set_script(calls("book"))
    site.settings = {"tools": [bookings.tool()]}
    async with served(site.config()) as gateway, calling(gateway) as (_, conversation):
        first = await conversation.type("a table for four")
        again = await conversation.type("book that table again")
    assert first.answer.endswith("Whether it was done is not known.")
    assert "Not called again" in again.answer
    assert len(bookings.asked) == 1
