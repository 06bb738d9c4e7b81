"""What things cost: the issue's numbers, names with dates, prices of one's own, and what is not known."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from parley_contract.limits import Price
from parley_contract.limits import Unit as ContractUnit
from parley_gateway.money.price_list import COMPARED_ON, ListedPrice, listed
from parley_gateway.money.prices import Prices
from parley_gateway.ports import Unit

TODAY = date(2026, 11, 21)
MILLION = 1_000_000


def cost(provider: str, model: str, unit: Unit, amount: int, *, prices: Prices | None = None) -> Decimal | None:
    price = (prices or Prices()).find(provider, model, unit, day=TODAY)
    return amount * price.dollars / price.per if price else None


@pytest.mark.parametrize(
    ("provider", "model", "unit", "amount", "dollars"),
    [
        ("Deepgram", "nova-3", Unit.AUDIO_SECONDS, 60, "0.0043"),
        ("DeepgramFlux", "flux-general-en", Unit.AUDIO_SECONDS, 60, "0.0065"),
        ("Deepgram", "aura-2-thalia-en", Unit.CHARACTERS, 1000, "0.030"),
        ("Deepgram", "aura-asteria-en", Unit.CHARACTERS, 1000, "0.015"),
        ("Anthropic", "claude-3-haiku-20240307", Unit.INPUT_TOKENS, MILLION, "0.25"),
        ("Anthropic", "claude-3-haiku-20240307", Unit.OUTPUT_TOKENS, MILLION, "1.25"),
        ("Anthropic", "claude-haiku-4-5", Unit.INPUT_TOKENS, MILLION, "1"),
        ("Anthropic", "claude-haiku-4-5", Unit.OUTPUT_TOKENS, MILLION, "5"),
        ("Anthropic", "claude-haiku-4-5", Unit.CACHED_INPUT_TOKENS, MILLION, "0.10"),
        ("Anthropic", "claude-haiku-4-5", Unit.CACHE_WRITE_INPUT_TOKENS, MILLION, "1.25"),
        ("OpenAI", "tts-1", Unit.CHARACTERS, MILLION, "15"),
        ("OpenAI", "tts-1-hd", Unit.CHARACTERS, MILLION, "30"),
        ("OpenAI", "gpt-4o-mini-tts", Unit.AUDIO_SECONDS, 60, "0.015"),
        ("OpenAI", "whisper-1", Unit.AUDIO_SECONDS, 60, "0.006"),
        ("OpenAI", "gpt-4.1-nano", Unit.CACHED_INPUT_TOKENS, MILLION, "0.025"),
        ("Gemini", "gemini-2.5-flash", Unit.OUTPUT_TOKENS, MILLION, "2.50"),
        ("Cartesia", "sonic-3", Unit.CHARACTERS, MILLION, "50"),
        ("ElevenLabs", "eleven_flash_v2_5", Unit.CHARACTERS, MILLION, "50"),
        ("Embedded", "", Unit.CHARACTERS, MILLION, "0"),
    ],
)
def test_g07_prices_are_those_of_the_list(
    provider: str, model: str, unit: Unit, amount: int, dollars: str
) -> None:
    assert cost(provider, model, unit, amount) == Decimal(dollars)


@pytest.mark.parametrize(
    ("model", "plain"),
    [
        ("claude-haiku-4-5-20251001", "claude-haiku-4-5"),
        ("claude-haiku-4-5@20251001", "claude-haiku-4-5"),
        ("claude-sonnet-4-20250514", "claude-sonnet-4"),
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("gpt-4o-mini-2024-07-18", "gpt-4o-mini"),
    ],
)
def test_g07_a_version_with_a_date_costs_what_its_model_costs(model: str, plain: str) -> None:
    prices, provider = Prices(), "OpenAI" if model.startswith("gpt") else "Anthropic"
    for unit in (Unit.INPUT_TOKENS, Unit.CACHED_INPUT_TOKENS, Unit.OUTPUT_TOKENS):
        found = prices.find(provider, model, unit, day=TODAY)
        assert found is not None
        assert found.model == plain


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("OpenAI", "gpt-4o-audio-preview"),
        ("OpenAI", "gpt-4o-mini-realtime"),
        ("Anthropic", "claude-haiku-9"),
        ("OpenAICompatible", "claude-haiku-4-5"),
        ("OpenAICompatible", "llama-3-70b"),
        ("Gemini", "gemini-2.5-flash-image"),
    ],
)
def test_g07_another_models_price_is_not_guessed_from_a_name_that_begins_alike(provider: str, model: str) -> None:
    assert not Prices().knows(provider, model, day=TODAY)


def test_g07_a_price_of_ones_own_goes_before_the_list() -> None:
    own = Price(provider="Deepgram", model="nova-3", unit="audio_seconds", price=Decimal("0.0048"), per=60)
    assert cost("Deepgram", "nova-3", Unit.AUDIO_SECONDS, 60, prices=Prices([own])) == Decimal("0.0048")


def test_g07_a_price_of_ones_own_makes_a_server_of_ones_own_known() -> None:
    free = Price(provider="OpenAICompatible", model="*", unit="output_tokens", price=Decimal(0))
    prices = Prices([free])
    assert cost("OpenAICompatible", "llama-3-70b", Unit.OUTPUT_TOKENS, 10, prices=prices) == 0
    assert cost("OpenAICompatible", "llama-3-70b", Unit.INPUT_TOKENS, 10, prices=prices) is None


def test_g07_the_closest_name_wins_whatever_the_order() -> None:
    rows = [
        ListedPrice("P", model, Unit.CHARACTERS, Decimal(dollars), 1, date(2025, 1, 1))
        for model, dollars in (("voice-*", 1), ("voice-fast-*", 2), ("voice-fast-en", 3))
    ]
    for order in (rows, rows[::-1]):
        prices = Prices(rows=order)
        assert cost("P", "voice-fast-en", Unit.CHARACTERS, 1, prices=prices) == 3
        assert cost("P", "voice-fast-de", Unit.CHARACTERS, 1, prices=prices) == 2
        assert cost("P", "voice-slow", Unit.CHARACTERS, 1, prices=prices) == 1


def test_g07_the_closest_name_wins_over_a_later_day() -> None:
    rows = [
        ListedPrice("P", "voice-fast", Unit.CHARACTERS, Decimal(2), 1, date(2025, 1, 1)),
        ListedPrice("P", "voice-*", Unit.CHARACTERS, Decimal(1), 1, date(2026, 1, 1)),
    ]
    assert cost("P", "voice-fast", Unit.CHARACTERS, 1, prices=Prices(rows=rows)) == 2


def test_g07_a_price_holds_from_its_day_on() -> None:
    prices = Prices()

    def cached(day: date) -> Decimal | None:
        found = prices.find("Anthropic", "claude-sonnet-5-5", Unit.CACHED_INPUT_TOKENS, day=day)
        return found.dollars if found else None

    assert cached(date(2026, 10, 6)) == Decimal("0.20")
    assert cached(date(2026, 10, 7)) == Decimal("0.10")
    assert cached(date(2026, 10, 6)) == Decimal("0.20")
    assert cached(date(2026, 1, 1)) is None


def test_no_two_rows_of_the_list_contradict_each_other() -> None:
    keys = [(row.provider, row.model, row.unit, row.since) for row in listed()]
    assert len(keys) == len(set(keys))


def test_no_row_of_the_list_is_of_a_day_to_come() -> None:
    assert all(row.since <= COMPARED_ON for row in listed())


def test_the_configuration_and_the_gateway_mean_the_same_units() -> None:
    assert set(ContractUnit.__args__) == {unit.value for unit in Unit}  # type: ignore[attr-defined]
