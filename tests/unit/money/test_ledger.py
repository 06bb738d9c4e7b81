"""The account book of a session: nothing is lost, whatever the parts in which usage comes."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from parley_gateway.conversation.events import Stage
from parley_gateway.money.ledger import Ledger, by_stage, by_unit
from parley_gateway.money.prices import Prices
from parley_gateway.ports import Unit, Usage

DAY = date(2026, 11, 21)
PRICES = Prices()

HAIKU = (Stage.LLM, "Anthropic", "claude-haiku-4-5")
NOVA = (Stage.STT, "Deepgram", "nova-3")
SPEECH = (Stage.TTS, "OpenAI", "tts-1")
OWN = (Stage.LLM, "OpenAICompatible", "llama")

tokens = st.integers(1, 200_000)
seconds = st.integers(1, 100_000).map(lambda hundredths: hundredths / 100)
usages = st.one_of(
    st.builds(lambda i, o: Usage(*HAIKU, {Unit.INPUT_TOKENS: i, Unit.OUTPUT_TOKENS: o}), tokens, tokens),
    st.builds(lambda s: Usage(*NOVA, {Unit.AUDIO_SECONDS: s}), seconds),
    st.builds(lambda c: Usage(*SPEECH, {Unit.CHARACTERS: c}), tokens),
    st.builds(lambda o: Usage(*OWN, {Unit.OUTPUT_TOKENS: o}), tokens),
)


def spent(*parts: Usage) -> Ledger:
    ledger = Ledger(PRICES)
    for usage in parts:
        ledger.add(usage, day=DAY)
    return ledger


def test_g07_a_minute_of_talk_costs_what_its_stages_cost() -> None:
    ledger = spent(
        Usage(*NOVA, {Unit.AUDIO_SECONDS: 60.0}),
        Usage(*HAIKU, {Unit.INPUT_TOKENS: 1000, Unit.OUTPUT_TOKENS: 100}),
        Usage(*SPEECH, {Unit.CHARACTERS: 400}),
    )
    assert by_stage(ledger.lines) == {
        Stage.STT: Decimal("0.0043"),
        Stage.LLM: Decimal("0.0015"),
        Stage.TTS: Decimal("0.006"),
    }
    assert ledger.total == Decimal("0.0118")
    assert not ledger.prices_unknown


def test_g07_an_unknown_price_is_said_and_its_usage_kept() -> None:
    ledger = spent(Usage(*OWN, {Unit.OUTPUT_TOKENS: 7}))
    (line,) = ledger.lines
    assert line.amount == 7
    assert line.cost is None
    assert ledger.prices_unknown


def test_g07_a_provider_in_the_gateway_itself_costs_nothing_and_is_known() -> None:
    ledger = spent(Usage(Stage.TTS, "Embedded", "", {Unit.CHARACTERS: 100}))
    assert ledger.total == 0
    assert not ledger.prices_unknown


def test_g07_a_price_that_changes_in_the_middle_of_a_session_changes_what_comes_after() -> None:
    ledger = Ledger(PRICES)
    usage = Usage(Stage.LLM, "Anthropic", "claude-sonnet-5-5", {Unit.CACHED_INPUT_TOKENS: 1_000_000})
    costs = [ledger.add(usage, day=date(2026, 10, day)) for day in (6, 7)]
    assert costs == [Decimal("0.20"), Decimal("0.10")]
    assert [line.cost for line in ledger.lines] == costs


@given(st.lists(usages, max_size=60))
def test_g07_the_sum_is_that_of_all_usages(parts: list[Usage]) -> None:
    ledger = spent(*parts)
    assert ledger.total == sum(by_stage(ledger.lines).values())
    amounts = by_unit(ledger.lines)
    for unit in Unit:
        assert amounts.get(unit, 0) == sum(Decimal(str(usage.amounts.get(unit, 0))) for usage in parts)


@given(st.lists(usages, max_size=60))
def test_g07_the_ledger_grows_by_what_it_says(parts: list[Usage]) -> None:
    ledger = Ledger(PRICES)
    assert sum(ledger.add(usage, day=DAY) for usage in parts) == ledger.total


@given(st.lists(seconds, min_size=1, max_size=60))
def test_g07_the_parts_in_which_usage_comes_do_not_change_the_sum(parts: list[float]) -> None:
    in_parts = spent(*(Usage(*NOVA, {Unit.AUDIO_SECONDS: part}) for part in parts))
    at_once = spent(Usage(*NOVA, {Unit.AUDIO_SECONDS: float(sum(Decimal(str(part)) for part in parts))}))
    assert in_parts.total == at_once.total


@given(st.sampled_from([math.nan, math.inf, -1.0, 0.0]))
def test_an_amount_that_is_none_changes_nothing(amount: float) -> None:
    assert spent(Usage(*NOVA, {Unit.AUDIO_SECONDS: amount})).lines == ()
