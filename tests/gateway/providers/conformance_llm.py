"""What every provider of answers does. A provider's test subclasses this and gives it the fixture `llm`.

One that can call tools subclasses `LlmToolsConformance` as well and gives it `scripted`, which tells the model
when to call which.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import aclosing

import pytest

from parley_gateway.conversation.history import (
    HistoryItem,
    Speaker,
    ToolCall,
    ToolExchange,
    ToolResult,
    ToolStatus,
    Utterance,
)
from parley_gateway.ports import Llm, LlmRequest, LlmText, LlmToolCall, ToolSpec, Unit, Usage
from tests.emulators.language_model import ScriptedCall
from tests.gateway.providers.network import a_request, none_but

CALLER_ASKS = Utterance(Speaker.CALLER, "Hello, can you hear me?")
AGENT_GREETS = Utterance(Speaker.AGENT, "Good morning.")
BOOK = ToolSpec(
    "book_table",
    "Books a table.",
    {"type": "object", "properties": {"people": {"type": "integer"}}, "required": ["people"]},
)
CLOCK = ToolSpec("clock", "Tells the time.", {"type": "object", "properties": {}})
BOOKED = ToolExchange(
    ToolCall("call-1", "book_table", '{"people": 2}'),
    ToolResult("call-1", ToolStatus.SUCCEEDED, "Booked for two."),
)
FAILED = ToolExchange(
    ToolCall("other:provider/2", "clock", "no object"),
    ToolResult("other:provider/2", ToolStatus.UNKNOWN, ""),
)

Scripted = Callable[[dict[str, list[ScriptedCall]]], None]


async def answer(llm: Llm, *history: HistoryItem, tools: tuple[ToolSpec, ...] = ()) -> str:
    """The words of the whole answer."""
    request = a_request(*history, tools=tools)
    return "".join([event.delta async for event in llm.reply(request) if isinstance(event, LlmText)])


async def calls(llm: Llm, *history: HistoryItem, tools: tuple[ToolSpec, ...] = (BOOK, CLOCK)) -> list[ToolCall]:
    """The calls that an answer makes."""
    request = a_request(*history, tools=tools)
    return [event.call async for event in llm.reply(request) if isinstance(event, LlmToolCall)]


class LlmConformance:
    """The contract of `ports.Llm`."""

    async def test_an_answer_is_text_in_pieces(self, llm: Llm) -> None:
        events = [event async for event in llm.reply(a_request(CALLER_ASKS))]
        deltas = [event.delta for event in events if isinstance(event, LlmText)]
        assert "".join(deltas).strip()
        assert all(deltas)

    async def test_g07_what_an_answer_took_has_been_told_when_it_is_over(self, llm: Llm) -> None:
        told: list[Usage] = []
        assert [event async for event in llm.reply(a_request(CALLER_ASKS, meter=told.append))]
        assert total(told, Unit.INPUT_TOKENS) > 0
        assert total(told, Unit.OUTPUT_TOKENS) > 0
        assert all(amount > 0 for usage in told for amount in usage.amounts.values())

    async def test_g07_an_answer_that_is_interrupted_took_something_too(self, llm: Llm) -> None:
        told: list[Usage] = []
        async with aclosing(llm.reply(a_request(CALLER_ASKS, meter=told.append))) as events:  # type: ignore[type-var]
            await anext(events)
        assert total(told, Unit.INPUT_TOKENS) > 0
        assert total(told, Unit.OUTPUT_TOKENS) > 0
        assert told[-1].estimated

    @pytest.mark.parametrize(
        "history",
        [
            (),
            (AGENT_GREETS,),
            (AGENT_GREETS, CALLER_ASKS),
            (CALLER_ASKS, CALLER_ASKS),
            (CALLER_ASKS, Utterance(Speaker.AGENT, "Yes, I", interrupted=True), CALLER_ASKS),
            (CALLER_ASKS, Utterance(Speaker.AGENT, "", interrupted=True), CALLER_ASKS),
            (CALLER_ASKS, Utterance(Speaker.AGENT, "I hear you.")),
            (CALLER_ASKS, BOOKED),
            (CALLER_ASKS, AGENT_GREETS, BOOKED, FAILED, CALLER_ASKS),
            (CALLER_ASKS, Utterance(Speaker.AGENT, "Let me", interrupted=True), BOOKED, CALLER_ASKS),
            (BOOKED, FAILED),
        ],
        ids=[
            "empty",
            "greeting",
            "greeted",
            "twice",
            "cut_short",
            "cut_unheard",
            "agent_last",
            "after_tool",
            "after_tools",
            "interrupted_at_tool",
            "tools_are_all_that_is_left",
        ],
    )
    @pytest.mark.parametrize("tools", [(), (CLOCK, BOOK)], ids=["without_tools", "with_tools"])
    async def test_any_history_can_be_answered(
        self, llm: Llm, history: tuple[HistoryItem, ...], tools: tuple[ToolSpec, ...]
    ) -> None:
        request = LlmRequest(session="s", reply=1, instructions="", history=history, language="en-US", tools=tools)
        assert [event async for event in llm.reply(request)]

    async def test_answers_of_several_sessions_do_not_mix(self, llm: Llm) -> None:
        together = await asyncio.gather(*(answer(llm, CALLER_ASKS) for _ in range(5)))
        assert len({text.strip() for text in together}) == 1

    async def test_closing_early_leaves_no_task_and_the_next_answer_is_whole(self, llm: Llm) -> None:
        before = asyncio.all_tasks()
        async with aclosing(llm.reply(a_request(CALLER_ASKS))) as events:  # type: ignore[type-var]
            await anext(events)
        await none_but(before)
        assert (await answer(llm, CALLER_ASKS)).strip()

    async def test_cancelling_the_reader_ends_the_answer(self, llm: Llm) -> None:
        begun = asyncio.Event()

        async def read() -> None:
            async with aclosing(llm.reply(a_request(CALLER_ASKS))) as events:  # type: ignore[type-var]
                async for _ in events:
                    begun.set()
                    await asyncio.Event().wait()

        reader = asyncio.create_task(read())
        await begun.wait()
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader

    async def test_warming_twice_does_no_harm(self, llm: Llm) -> None:
        await llm.warm()
        await llm.warm()


class LlmToolsConformance:
    """What a model is told of tools, how it calls them, and what it makes of their results."""

    async def test_g12_a_tool_is_called_with_its_arguments(self, llm: Llm, scripted: Scripted) -> None:
        scripted({"can you hear": [ScriptedCall(name="book_table", arguments={"people": 4, "café": "Zoë"})]})
        (call,) = await calls(llm, CALLER_ASKS)
        assert call.name == "book_table"
        assert call.id
        assert json.loads(call.arguments) == {"people": 4, "café": "Zoë"}

    async def test_g12_several_tools_are_called_in_their_order(self, llm: Llm, scripted: Scripted) -> None:
        scripted(
            {
                "can you hear": [
                    ScriptedCall(name="clock"),
                    ScriptedCall(name="book_table"),
                    ScriptedCall(name="clock"),
                ]
            }
        )
        made = await calls(llm, CALLER_ASKS)
        assert [(call.name, call.arguments) for call in made] == [
            ("clock", "{}"),
            ("book_table", "{}"),
            ("clock", "{}"),
        ]
        assert len({call.id for call in made}) == 3

    async def test_g12_the_next_answer_knows_the_result(self, llm: Llm, scripted: Scripted) -> None:
        scripted(
            {
                "can you hear": [
                    ScriptedCall(name="book_table", arguments={"people": 4}),
                    ScriptedCall(name="clock"),
                ]
            }
        )
        made = await calls(llm, CALLER_ASKS)
        exchanges = [
            ToolExchange(call, ToolResult(call.id, ToolStatus.SUCCEEDED, f"{call.name} is done")) for call in made
        ]
        assert await answer(llm, CALLER_ASKS, *exchanges, tools=(BOOK, CLOCK)) == "The tool said: clock is done"
        assert (
            await answer(llm, CALLER_ASKS, *exchanges, AGENT_GREETS, Utterance(Speaker.CALLER, "Thanks"))
            == "You said: Thanks"
        )

    async def test_g12_a_call_has_an_id_of_its_own_throughout_the_session(
        self, llm: Llm, scripted: Scripted
    ) -> None:
        scripted({"can you hear": [ScriptedCall(name="clock")]})
        (first,) = await calls(llm, CALLER_ASKS)
        scripted({"can you hear": [ScriptedCall(name="clock")]})
        done = ToolExchange(first, ToolResult(first.id, ToolStatus.FAILED, "no clock"))
        (second,) = await calls(llm, CALLER_ASKS, done, CALLER_ASKS)
        assert second.id != first.id

    async def test_g07_calls_take_tokens(self, llm: Llm, scripted: Scripted) -> None:
        scripted({"can you hear": [ScriptedCall(name="book_table", arguments={"note": "a window, please"})]})
        told: list[Usage] = []
        assert [event async for event in llm.reply(a_request(CALLER_ASKS, tools=(BOOK,), meter=told.append))]
        assert total(told, Unit.OUTPUT_TOKENS) > 0


def total(told: list[Usage], unit: Unit) -> float:
    """What was told of one unit, all together."""
    return sum(usage.amounts.get(unit, 0) for usage in told)
