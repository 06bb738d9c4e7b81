"""What providers take, in US dollars, as it was public on `COMPARED_ON`.

Prices move, and customers have prices of their own: `limits.cost.prices` in the configuration goes before this
list. A row holds from `since` on, the first day of which it is known, until a later row of the same model and
unit. Where a provider sells at several prices, the row says which one it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from parley_gateway.ports import Unit

COMPARED_ON = date(2026, 11, 20)

MILLION = 1_000_000
_MINUTE = 60


@dataclass(frozen=True, slots=True)
class ListedPrice:
    """One price."""

    provider: str
    """As the configuration names it."""
    model: str
    """As the provider names it, without the date of a snapshot; one that ends in `*` is a family."""
    unit: Unit
    dollars: Decimal
    """Of `per` units."""
    per: int
    since: date


def listed() -> tuple[ListedPrice, ...]:
    """All rows."""
    return (*_embedded(), *_deepgram(), *_openai_audio(), *_openai(), *_anthropic(), *_gemini(), *_voices())


def _embedded() -> Iterator[ListedPrice]:
    """Runs in the gateway's own process: nobody sends a bill."""
    for unit in Unit:
        yield ListedPrice("Embedded", "*", unit, Decimal(0), 1, date(2023, 1, 1))


def _deepgram() -> Iterator[ListedPrice]:
    """Nova's is the long-standing one.

    Since 2026 streaming without a contract is sold at $0.0048, and at $0.0058 for several languages in one call.
    """
    yield _minutes("Deepgram", "nova-3", "0.0043", date(2025, 2, 12))
    yield _minutes("Deepgram", "nova-3-general", "0.0043", date(2025, 2, 12))
    yield _minutes("Deepgram", "nova-3-medical", "0.0043", date(2025, 3, 4))
    yield _minutes("Deepgram", "nova-2", "0.0043", date(2023, 9, 18))
    yield _minutes("Deepgram", "nova-2-*", "0.0043", date(2023, 9, 18))
    yield _minutes("DeepgramFlux", "flux-general-en", "0.0065", date(2026, 8, 1))
    yield _minutes("DeepgramFlux", "flux-general-multi", "0.0078", date(2026, 8, 1))
    yield _characters("Deepgram", "aura-2-*", "30", date(2025, 4, 15))
    yield _characters("Deepgram", "aura-*", "15", date(2024, 3, 12))


def _openai_audio() -> Iterator[ListedPrice]:
    """gpt-4o-mini-tts is billed by tokens, which are not told: this is OpenAI's own figure for a minute."""
    yield _minutes("OpenAI", "whisper-1", "0.006", date(2023, 3, 1))
    yield _minutes("OpenAI", "gpt-4o-transcribe", "0.006", date(2025, 3, 20))
    yield _minutes("OpenAI", "gpt-4o-mini-transcribe", "0.003", date(2025, 3, 20))
    yield _characters("OpenAI", "tts-1", "15", date(2023, 11, 6))
    yield _characters("OpenAI", "tts-1-hd", "30", date(2023, 11, 6))
    yield _minutes("OpenAI", "gpt-4o-mini-tts", "0.015", date(2025, 3, 20))
    yield _not_billed("OpenAI", "tts-1", Unit.AUDIO_SECONDS)
    yield _not_billed("OpenAI", "tts-1-hd", Unit.AUDIO_SECONDS)
    yield _not_billed("OpenAI", "gpt-4o-mini-tts", Unit.CHARACTERS)


def _openai() -> Iterator[ListedPrice]:
    yield from _tokens("OpenAI", "gpt-4o", ("2.50", "1.25", "10"), date(2024, 10, 2))
    yield from _tokens("OpenAI", "gpt-4o-mini", ("0.15", "0.075", "0.60"), date(2024, 7, 18))
    yield from _tokens("OpenAI", "gpt-4.1", ("2", "0.50", "8"), date(2025, 4, 14))
    yield from _tokens("OpenAI", "gpt-4.1-mini", ("0.40", "0.10", "1.60"), date(2025, 4, 14))
    yield from _tokens("OpenAI", "gpt-4.1-nano", ("0.10", "0.025", "0.40"), date(2025, 4, 14))
    yield from _tokens("OpenAI", "gpt-5", ("1.25", "0.125", "10"), date(2025, 8, 7))
    yield from _tokens("OpenAI", "gpt-5-mini", ("0.25", "0.025", "2"), date(2025, 8, 7))
    yield from _tokens("OpenAI", "gpt-5-nano", ("0.05", "0.005", "0.40"), date(2025, 8, 7))
    yield from _tokens("OpenAI", "gpt-5.4", ("2.50", "0.25", "15"), date(2026, 3, 16))
    yield from _tokens("OpenAI", "gpt-5.4-mini", ("0.75", "0.075", "4.50"), date(2026, 6, 4))
    yield from _tokens("OpenAI", "gpt-5.4-nano", ("0.20", "0.02", "1.25"), date(2026, 6, 4))
    yield from _tokens("OpenAI", "gpt-5.5", ("5", "0.50", "30"), date(2026, 6, 4))


def _anthropic() -> Iterator[ListedPrice]:
    """Haiku 5.5's are those of prompts up to 100,000 tokens, which a conversation does not reach."""
    yield from _claude("claude-3-haiku", ("0.25", "0.03", "1.25"), date(2024, 3, 13))
    yield from _claude("claude-3-5-haiku", ("0.80", "0.08", "4"), date(2024, 12, 5))
    yield from _claude("claude-haiku-4-5", ("1", "0.10", "5"), date(2025, 10, 15))
    yield from _claude("claude-haiku-5-5", ("0.10", "0.01", "0.50"), date(2026, 10, 7))
    for model, since in (
        ("claude-3-5-sonnet", date(2024, 6, 20)),
        ("claude-3-7-sonnet", date(2025, 2, 24)),
        ("claude-sonnet-4", date(2025, 5, 22)),
        ("claude-sonnet-4-0", date(2025, 5, 22)),
        ("claude-sonnet-4-5", date(2025, 9, 29)),
        ("claude-sonnet-4-6", date(2026, 2, 17)),
    ):
        yield from _claude(model, ("3", "0.30", "15"), since)
    yield from _claude("claude-sonnet-5", ("2", "0.20", "10"), date(2026, 7, 24))
    yield from _claude("claude-sonnet-5-5", ("2", "0.20", "10"), date(2026, 9, 29))
    yield from _claude("claude-sonnet-5-5", ("2", "0.10", "10"), date(2026, 10, 7))
    for model in ("claude-opus-4", "claude-opus-4-0", "claude-opus-4-1"):
        yield from _claude(model, ("15", "1.50", "75"), date(2025, 5, 22))
    for model, since in (
        ("claude-opus-4-5", date(2025, 11, 24)),
        ("claude-opus-4-6", date(2026, 2, 5)),
        ("claude-opus-4-7", date(2026, 7, 24)),
        ("claude-opus-4-8", date(2026, 7, 24)),
        ("claude-opus-5", date(2026, 7, 24)),
    ):
        yield from _claude(model, ("5", "0.50", "25"), since)
    yield from _claude("claude-opus-5-5", ("4", "0.20", "20"), date(2026, 10, 10))
    yield from _claude("claude-fable-5", ("10", "1", "50"), date(2026, 7, 24))
    yield from _claude("claude-fable-5-1", ("10", "0.25", "50"), date(2026, 10, 10))


def _claude(model: str, dollars: tuple[str, str, str], since: date) -> Iterator[ListedPrice]:
    """What is put into the cache for five minutes costs a quarter more than other input."""
    yield from _tokens("Anthropic", model, dollars, since)
    write = Decimal(dollars[0]) * 5 / 4
    yield ListedPrice("Anthropic", model, Unit.CACHE_WRITE_INPUT_TOKENS, write, MILLION, since)


def _gemini() -> Iterator[ListedPrice]:
    """Pro's are those of prompts up to 200,000 tokens."""
    yield from _tokens("Gemini", "gemini-2.5-flash-lite", ("0.10", "0.01", "0.40"), date(2025, 7, 22))
    yield from _tokens("Gemini", "gemini-2.5-flash", ("0.30", "0.03", "2.50"), date(2025, 6, 17))
    yield from _tokens("Gemini", "gemini-2.5-pro", ("1.25", "0.125", "10"), date(2025, 6, 17))
    yield from _tokens("Gemini", "gemini-3-flash-preview", ("0.50", "0.05", "3"), date(2025, 12, 17))
    yield from _tokens("Gemini", "gemini-3.1-flash-lite", ("0.25", "0.025", "1.50"), date(2026, 3, 3))
    yield from _tokens("Gemini", "gemini-3.1-flash-lite-preview", ("0.25", "0.025", "1.50"), date(2026, 3, 3))
    yield from _tokens("Gemini", "gemini-3.1-pro-preview", ("2", "0.20", "12"), date(2026, 2, 19))
    yield from _tokens("Gemini", "gemini-3.5-flash", ("1.50", "0.15", "9"), date(2026, 5, 19))


def _voices() -> Iterator[ListedPrice]:
    """ElevenLabs' are those of use without a plan.

    Cartesia sells credits, about one for a character, in plans: a credit costs most in the smallest, and so here.
    """
    yield _characters("Cartesia", "sonic", "50", date(2025, 1, 1))
    yield _characters("Cartesia", "sonic-*", "50", date(2025, 1, 1))
    for model in ("eleven_flash_v2", "eleven_flash_v2_5", "eleven_turbo_v2", "eleven_turbo_v2_5"):
        yield _characters("ElevenLabs", model, "50", date(2026, 5, 5))
    for model in ("eleven_multilingual_v2", "eleven_v3"):
        yield _characters("ElevenLabs", model, "100", date(2026, 5, 19))


def _minutes(provider: str, model: str, dollars: str, since: date) -> ListedPrice:
    return ListedPrice(provider, model, Unit.AUDIO_SECONDS, Decimal(dollars), _MINUTE, since)


def _not_billed(provider: str, model: str, unit: Unit) -> ListedPrice:
    """Told, since other models of the API are billed by it; this one is billed by another unit."""
    return ListedPrice(provider, model, unit, Decimal(0), 1, date(2023, 1, 1))


def _characters(provider: str, model: str, dollars_per_million: str, since: date) -> ListedPrice:
    return ListedPrice(provider, model, Unit.CHARACTERS, Decimal(dollars_per_million), MILLION, since)


def _tokens(provider: str, model: str, dollars: tuple[str, str, str], since: date) -> Iterator[ListedPrice]:
    """Prices of a million: input, input from a cache, output."""
    units = (Unit.INPUT_TOKENS, Unit.CACHED_INPUT_TOKENS, Unit.OUTPUT_TOKENS)
    for unit, price in zip(units, dollars, strict=True):
        yield ListedPrice(provider, model, unit, Decimal(price), MILLION, since)
