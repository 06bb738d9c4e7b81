"""What an answer takes is told once, as its provider counts it, and estimated only where that does not say."""

from __future__ import annotations

from contextlib import aclosing
from typing import Any

import pytest

from parley_gateway.conversation.events import Stage
from parley_gateway.ports import Llm, Unit, Usage
from tests.emulators.emulators import Emulators
from tests.emulators.faults import Fault
from tests.gateway.providers.network import Network, a_request, befall, drained, open_provider

READ, CACHED, KEPT, WRITTEN = (
    Unit.INPUT_TOKENS,
    Unit.CACHED_INPUT_TOKENS,
    Unit.CACHE_WRITE_INPUT_TOKENS,
    Unit.OUTPUT_TOKENS,
)
NAMES = ["anthropic", "openai_chat", "compatible_chat", "gemini"]


async def taken(llm: Llm, **request: Any) -> list[Usage]:
    """What a whole answer took, in the order in which it was told."""
    told: list[Usage] = []
    assert [event async for event in llm.reply(a_request(meter=told.append, **request))]
    return told


def amounts(told: list[Usage]) -> dict[Unit, float]:
    sums: dict[Unit, float] = {}
    for usage in told:
        for unit, amount in usage.amounts.items():
            sums[unit] = sums.get(unit, 0) + amount
    return sums


async def test_g07_anthropic_tells_input_at_once_and_output_at_the_end(network: Network) -> None:
    async with open_provider(network.anthropic()) as llm:
        first, last = await taken(llm)
    assert (first.stage, first.provider, first.model) == (Stage.LLM, "Anthropic", "claude-haiku-4-5")
    # "Be brief." and "my secret word is zanzibar"; "You said: my secret word is zanzibar".
    assert (first.amounts, first.estimated) == ({READ: 7}, False)
    assert (last.amounts, last.estimated) == ({WRITTEN: 7}, False)


async def test_g07_anthropic_s_cache_is_told_apart(network: Network) -> None:
    instructions = "be brief " * 300
    async with open_provider(network.anthropic()) as llm:
        assert amounts(await taken(llm, instructions=instructions))[KEPT] > 600
        again = amounts(await taken(llm, instructions=instructions))
    assert again[CACHED] > 600
    assert KEPT not in again
    assert again[READ] < 30


async def test_g07_openai_s_cached_tokens_are_not_counted_twice(network: Network) -> None:
    async with open_provider(network.openai_chat()) as llm:
        told = await taken(llm)
    assert amounts(told) == {READ: 6, CACHED: 1, WRITTEN: 7}
    assert not any(usage.estimated for usage in told)


async def test_g07_gemini_s_sums_are_told_as_parts(network: Network, emulators: Emulators) -> None:
    befall(emulators, "gemini", thinks=True)
    async with open_provider(network.gemini()) as llm:
        told = await taken(llm)
    # Seven pieces of text, and three of thoughts, which are billed as output.
    assert amounts(told)[WRITTEN] == 10
    assert amounts(told)[CACHED] == 1
    assert not any(usage.estimated for usage in told)


@pytest.mark.parametrize("usage", ["last", "every"])
async def test_g07_a_server_may_tell_its_sum_once_or_with_every_chunk(
    network: Network, emulators: Emulators, usage: str
) -> None:
    befall(emulators, "compatible_chat", usage=usage)
    async with open_provider(network.compatible_chat()) as llm:
        assert amounts(await taken(llm)) == {READ: 7, WRITTEN: 1}


async def test_g07_a_server_that_tells_nothing_is_estimated(network: Network, emulators: Emulators) -> None:
    befall(emulators, "compatible_chat", usage="none")
    async with open_provider(network.compatible_chat()) as llm:
        told = await taken(llm)
    assert all(usage.estimated for usage in told)
    # 35 and 36 characters at four to a token.
    assert amounts(told) == {READ: 9, WRITTEN: 9}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["cut", "error_event"])
async def test_g07_an_answer_that_breaks_off_took_what_was_read_and_written(
    network: Network, emulators: Emulators, name: str, kind: Any
) -> None:
    befall(emulators, name, Fault(kind=kind, after=4))
    told: list[Usage] = []
    async with open_provider(getattr(network, name)()) as llm:
        _, failure = await drained(llm.reply(a_request(meter=told.append)))
    assert failure is not None
    assert amounts(told)[READ] > 0
    assert amounts(told)[WRITTEN] > 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("fault", [Fault(kind="refuse", status=429), Fault(kind="cut"), Fault(kind="garbage")])
async def test_g07_a_request_that_was_refused_took_nothing(
    network: Network, emulators: Emulators, name: str, fault: Fault
) -> None:
    befall(emulators, name, fault)
    told: list[Usage] = []
    async with open_provider(getattr(network, name)()) as llm:
        _, failure = await drained(llm.reply(a_request(meter=told.append)))
    assert failure is not None
    assert told == []


@pytest.mark.parametrize("name", NAMES)
async def test_g07_a_request_that_is_given_up_took_what_it_said(
    impatient: Network, emulators: Emulators, name: str
) -> None:
    befall(emulators, name, Fault(kind="stall"))
    told: list[Usage] = []
    async with open_provider(getattr(impatient, name)()) as llm:
        _, failure = await drained(llm.reply(a_request(meter=told.append)))
    assert failure is not None
    (usage,) = told
    assert (usage.amounts, usage.estimated) == ({READ: 9}, True)


@pytest.mark.parametrize("name", NAMES)
async def test_g07_an_interrupted_answer_is_estimated_by_what_was_written(network: Network, name: str) -> None:
    told: list[Usage] = []
    async with (
        open_provider(getattr(network, name)()) as llm,
        aclosing(llm.reply(a_request(meter=told.append))) as events,
    ):
        await anext(events)
    assert amounts(told)[WRITTEN] == 1
    assert told[-1].estimated
