"""What every provider of answers does. A provider's test subclasses this and gives it the fixture `llm`."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from parley_gateway.conversation.history import Speaker, Utterance
from parley_gateway.ports import Llm, LlmRequest, LlmText, LlmUsage
from tests.gateway.providers.network import a_request, none_but


async def answer(llm: Llm, *history: Utterance) -> tuple[str, list[LlmUsage]]:
    """The whole answer and what it took."""
    events = [event async for event in llm.reply(a_request(*history))]
    text = "".join(event.delta for event in events if isinstance(event, LlmText))
    return text, [event for event in events if isinstance(event, LlmUsage)]


CALLER_ASKS = Utterance(Speaker.CALLER, "Hello, can you hear me?")
AGENT_GREETS = Utterance(Speaker.AGENT, "Good morning.")


class LlmConformance:
    """The contract of `ports.Llm`."""

    async def test_an_answer_is_text_in_pieces(self, llm: Llm) -> None:
        events = [event async for event in llm.reply(a_request(CALLER_ASKS))]
        deltas = [event.delta for event in events if isinstance(event, LlmText)]
        assert "".join(deltas).strip()
        assert all(deltas)

    async def test_usage_is_told_once_at_most_and_is_not_negative(self, llm: Llm) -> None:
        _, usage = await answer(llm, CALLER_ASKS)
        assert len(usage) <= 1
        assert all(told.input_tokens >= 0 and told.output_tokens >= 0 for told in usage)

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
        ],
        ids=["empty", "greeting", "greeted", "twice", "cut_short", "cut_unheard", "agent_last"],
    )
    async def test_any_history_can_be_answered(self, llm: Llm, history: tuple[Utterance, ...]) -> None:
        request = LlmRequest(session="s", reply=1, instructions="", history=history, language="en-US")
        assert [event async for event in llm.reply(request)]

    async def test_answers_of_several_sessions_do_not_mix(self, llm: Llm) -> None:
        together = await asyncio.gather(*(answer(llm, CALLER_ASKS) for _ in range(5)))
        assert all(text.strip() and len(usage) <= 1 for text, usage in together)

    async def test_closing_early_leaves_no_task_and_the_next_answer_is_whole(self, llm: Llm) -> None:
        before = asyncio.all_tasks()
        async with aclosing(llm.reply(a_request(CALLER_ASKS))) as events:  # type: ignore[type-var]
            await anext(events)
        await none_but(before)
        text, _ = await answer(llm, CALLER_ASKS)
        assert text.strip()

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
