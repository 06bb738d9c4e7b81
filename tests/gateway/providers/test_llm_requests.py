"""What each provider is asked, where they differ; read out of what the SDKs put on the wire."""

from __future__ import annotations

from typing import Any

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
from parley_gateway.ports import Llm, ToolSpec
from tests.emulators.emulators import Emulators
from tests.emulators.language_model import ScriptedCall
from tests.gateway.providers.network import Network, a_request, befall, open_provider

ASKED = Utterance(Speaker.CALLER, "A table, please.")
BOOK = ToolSpec("book", "Books a table.", {"type": "object", "properties": {"people": {"type": "integer"}}})


def booked(call_id: str = "c1", status: ToolStatus = ToolStatus.SUCCEEDED, arguments: str = "{}") -> ToolExchange:
    return ToolExchange(ToolCall(call_id, "book", arguments), ToolResult(call_id, status, "Booked."))


async def body(llm: Llm, emulators: Emulators, *history: HistoryItem, **request: Any) -> Any:
    """What was asked for an answer, which must be one."""
    async with open_provider(llm):
        assert [event async for event in llm.reply(a_request(*(history or (ASKED,)), **request))]
    return emulators.journal.entries[-1].body


class TestAnthropic:
    async def test_short_instructions_are_not_worth_a_cache(self, network: Network, emulators: Emulators) -> None:
        asked = await body(network.anthropic(), emulators, tools=(BOOK,))
        assert asked["system"] == "Be brief."
        assert "cache_control" not in str(asked)

    async def test_g05_long_instructions_and_the_conversation_so_far_are_cached(
        self, network: Network, emulators: Emulators
    ) -> None:
        asked = await body(network.anthropic(), emulators, ASKED, booked(), ASKED, instructions="be brief " * 300)
        assert asked["system"][-1]["cache_control"] == {"type": "ephemeral"}
        assert asked["messages"][-1]["content"][-1]["cache_control"] == {"type": "ephemeral"}
        assert str(asked).count("cache_control") == 2

    async def test_g12_tools_that_are_gone_are_named_where_the_history_tells_of_them(
        self, network: Network, emulators: Emulators
    ) -> None:
        asked = await body(network.anthropic(), emulators, ASKED, booked())
        assert [tool["name"] for tool in asked["tools"]] == ["book"]
        assert asked["tool_choice"] == {"type": "none"}

    async def test_g12_what_failed_is_marked_and_foreign_ids_are_mended(
        self, network: Network, emulators: Emulators
    ) -> None:
        asked = await body(
            network.anthropic(), emulators, ASKED, booked("a:b/c", ToolStatus.UNKNOWN), tools=(BOOK,)
        )
        (use,), (result,) = asked["messages"][1]["content"], asked["messages"][2]["content"]
        assert use["id"] == result["tool_use_id"] == "a_b_c"
        assert result["is_error"] is True

    @pytest.mark.parametrize(
        ("thinking", "told"),
        [("Disabled", "disabled"), ("BetweenTools", "between_tools"), ("Adaptive", "adaptive")],
    )
    async def test_g05_how_to_think_is_told(
        self, network: Network, emulators: Emulators, thinking: str, told: str
    ) -> None:
        asked = await body(network.anthropic(thinking=thinking), emulators)
        assert asked["thinking"] == {"type": told}

    async def test_g05_nothing_is_said_of_thinking_unless_it_is_set(
        self, network: Network, emulators: Emulators
    ) -> None:
        assert "thinking" not in await body(network.anthropic(), emulators)

    async def test_thoughts_are_not_spoken(self, network: Network, emulators: Emulators) -> None:
        befall(
            emulators,
            "anthropic",
            thinks=True,
            unknown_events=True,
            pings=2,
            calls={"": [ScriptedCall(name="book")]},
        )
        async with open_provider(network.anthropic()) as llm:
            (event,) = [event async for event in llm.reply(a_request(tools=(BOOK,)))]
        assert event.call.name == "book"


class TestOpenAI:
    async def test_tools_and_results_are_told(self, network: Network, emulators: Emulators) -> None:
        history = (ASKED, Utterance(Speaker.AGENT, "One moment."), booked(arguments='{"people": 2}'))
        asked = await body(network.openai_chat(reasoning_effort="minimal"), emulators, *history, tools=(BOOK,))
        function = {"name": "book", "description": "Books a table.", "parameters": BOOK.parameters}
        assert asked["tools"] == [{"type": "function", "function": function}]
        assert asked["reasoning_effort"] == "minimal"
        call = {"id": "c1", "type": "function", "function": {"name": "book", "arguments": '{"people": 2}'}}
        assert asked["messages"][-2:] == [
            {"role": "assistant", "content": "One moment.", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "Booked."},
        ]

    async def test_g12_arguments_that_are_no_object_are_not_sent_back(
        self, network: Network, emulators: Emulators
    ) -> None:
        asked = await body(network.openai_chat(), emulators, ASKED, booked(arguments="{peop"), tools=(BOOK,))
        assert asked["messages"][-2]["tool_calls"][0]["function"]["arguments"] == "{}"


class TestCompatible:
    async def test_no_key_is_needed_and_one_is_used(self, network: Network, emulators: Emulators) -> None:
        await body(network.compatible_chat(), emulators)
        befall(emulators, "compatible_chat", keys=["another key"])
        asked = network.compatible_chat(api_key_files=[network.key_file])
        async with open_provider(asked) as llm:
            with pytest.raises(Exception, match="401"):
                await anext(llm.reply(a_request()))

    async def test_the_length_goes_by_its_old_name(self, network: Network, emulators: Emulators) -> None:
        asked = await body(network.compatible_chat(max_tokens=99), emulators)
        assert asked["max_tokens"] == 99
        assert "max_completion_tokens" not in asked

    @pytest.mark.parametrize("calls_as", ["whole", "one_index", "nameless"])
    async def test_g12_calls_are_understood_however_they_are_numbered(
        self, network: Network, emulators: Emulators, calls_as: str
    ) -> None:
        scripted = [ScriptedCall(name="book", arguments={"people": 2}), ScriptedCall(name="clock")]
        befall(emulators, "compatible_chat", calls_as=calls_as, calls={"table": scripted}, preamble="One moment.")
        async with open_provider(network.compatible_chat()) as llm:
            events = [event async for event in llm.reply(a_request(ASKED, tools=(BOOK,)))]
        *words, book, clock = events
        assert "".join(event.delta for event in words) == "One moment."
        assert (book.call.name, book.call.arguments) == ("book", '{"people": 2}')
        assert (clock.call.name, clock.call.arguments) == ("clock", "{}")
        assert book.call.id != clock.call.id


class TestGemini:
    async def test_what_is_told(self, network: Network, emulators: Emulators) -> None:
        asked = await body(network.gemini(thinking_level="Low", temperature=0.5), emulators, tools=(BOOK,))
        assert asked["systemInstruction"]["parts"] == [{"text": "Be brief."}]
        assert asked["generationConfig"] == {
            "maxOutputTokens": 1024,
            "temperature": 0.5,
            # As the SDK spells it; the API takes both ways.
            "thinkingConfig": {"thinking_level": "LOW"},
        }
        (declared,) = asked["tools"][0]["functionDeclarations"]
        assert declared == {
            "name": "book",
            "description": "Books a table.",
            "parameters_json_schema": BOOK.parameters,
        }

    async def test_g05_thinking_can_be_turned_off(self, network: Network, emulators: Emulators) -> None:
        asked = await body(network.gemini(thinking_budget=0), emulators)
        assert asked["generationConfig"]["thinkingConfig"] == {"thinking_budget": 0}

    async def test_g12_calls_come_back_with_their_signatures(self, network: Network, emulators: Emulators) -> None:
        scripted = [ScriptedCall(name="book"), ScriptedCall(name="book")]
        befall(emulators, "gemini", thinks=True, calls={"table": scripted})
        async with open_provider(network.gemini()) as llm:
            made = [event.call async for event in llm.reply(a_request(ASKED, tools=(BOOK,)))]
            done = [ToolExchange(call, ToolResult(call.id, ToolStatus.FAILED, "Full.")) for call in made]
            # As a call of another model, which has no signature.
            history: tuple[HistoryItem, ...] = (ASKED, booked(), ASKED, *done)
            assert [event async for event in llm.reply(a_request(*history, tools=(BOOK,)))]
        last = emulators.journal.entries[-1].body["contents"][-1]["parts"][0]["functionResponse"]
        assert (last["id"], last["name"], last["response"]) == (made[-1].id, "book", {"error": "Full."})
