"""Deepgram's Aura: a connection for each reply that speaks, which is cleared before another speaks over it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
import pytest_asyncio

from parley_gateway.conversation.events import FailureKind
from parley_gateway.ports import Tts
from tests.emulators.emulators import Emulators
from tests.emulators.faults import Pace
from tests.gateway.providers import voices
from tests.gateway.providers.conformance_tts import LONG_TEXTS, TEXTS, speech
from tests.gateway.providers.network import SPEECH, Network, drained, open_provider, spoken
from tests.gateway.providers.voices import Studio


@pytest.fixture
def studio(emulators: Emulators) -> Studio:
    return Studio(emulators, "deepgram_speak")


@pytest_asyncio.fixture
async def tts(network: Network) -> AsyncIterator[Tts]:
    async with open_provider(voices.deepgram(network)) as tts:
        yield tts


async def interrupted(tts: Tts) -> None:
    """A reply of which only the beginning is heard."""
    async with aclosing(tts.speak(SPEECH, spoken(*LONG_TEXTS))) as pieces:  # type: ignore[type-var]
        await anext(pieces)


async def test_g05_a_reply_has_its_connection_to_itself(tts: Tts, studio: Studio) -> None:
    studio.script(pace=Pace(between_ms=10))
    await asyncio.gather(*(speech(tts, *TEXTS) for _ in range(3)))
    assert len({request.connection for request in studio.requests}) == 3


async def test_g05_the_next_reply_finds_an_open_connection(tts: Tts, studio: Studio) -> None:
    await tts.warm()
    for _ in range(5):
        await speech(tts, *TEXTS)
    handshakes = [entry for entry in studio.emulators.journal.entries if entry.method == "GET"]
    assert len(handshakes) <= 2


async def test_g02_a_long_reply_moves_on_before_a_connection_has_spoken_enough(tts: Tts, studio: Studio) -> None:
    """Of more than twenty flushes a minute Deepgram speaks none."""
    texts = [f"Number {number}." for number in range(45)]
    assert await speech(tts, *texts) == studio.speech(*texts)
    assert len({request.connection for request in studio.requests}) == 3


async def test_g10_a_connection_with_a_warning_is_not_spoken_over_again(wary: Network, studio: Studio) -> None:
    studio.script(flushes_per_minute=1)
    async with open_provider(voices.deepgram(wary)) as tts:
        _, failure = await drained(tts.speak(SPEECH, spoken(*TEXTS)))
        assert failure is not None
        assert (failure.kind, failure.segment) == (FailureKind.TIMEOUT, 2)
        assert await speech(tts, TEXTS[0]) == studio.speech(TEXTS[0])
    assert len({request.connection for request in studio.requests}) == 2


async def test_g04_a_cleared_connection_is_spoken_over_again(tts: Tts, studio: Studio) -> None:
    studio.script(pace=Pace(between_ms=5), late_chunks=2)
    for _ in range(6):
        await interrupted(tts)
    await studio.emulators.journal.until(lambda _: all(request.outcome != "open" for request in studio.requests))
    assert await speech(tts, *TEXTS) == studio.speech(*TEXTS)
    handshakes = [entry for entry in studio.emulators.journal.entries if entry.method == "GET"]
    assert len(handshakes) < 6


async def test_g04_a_connection_that_is_never_clear_is_given_up(
    tts: Tts, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parley_gateway.providers.tts.deepgram._CLEARED_S", 0.05)
    studio.script(clears=False, pace=Pace(between_ms=5))
    await interrupted(tts)
    await studio.emulators.journal.until(lambda journal: journal.entries[0].outcome == "client_gone")
    assert await speech(tts, *TEXTS) == studio.speech(*TEXTS)


async def test_g02_options_reach_deepgram(network: Network, studio: Studio) -> None:
    async with open_provider(voices.deepgram(network, model="aura-2-apollo-en")) as tts:
        await speech(tts, TEXTS[0])
    assert studio.emulators.journal.entries[0].query == {
        "model": ["aura-2-apollo-en"],
        "encoding": ["linear16"],
        "sample_rate": ["24000"],
    }
