"""Cartesia's contexts: one for a reply, many on a connection, and words whatever way they are told."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from parley_gateway.conversation.events import FailureKind
from parley_gateway.ports import ProviderError, Tts, TtsSegment
from parley_gateway.providers.rates import at_rate
from tests.emulators.emulators import Emulators
from tests.emulators.faults import Pace
from tests.gateway.providers import voices
from tests.gateway.providers.conformance_tts import TEXTS, speech, words
from tests.gateway.providers.network import SPEECH, Network, open_provider, spoken
from tests.gateway.providers.voices import Studio


@pytest.fixture
def studio(emulators: Emulators) -> Studio:
    return Studio(emulators, "cartesia")


@pytest_asyncio.fixture
async def tts(network: Network) -> AsyncIterator[Tts]:
    async with open_provider(voices.cartesia(network)) as tts:
        yield tts


@pytest.mark.parametrize("own_flushes", [True, False])
@pytest.mark.parametrize("words_first", [True, False])
@pytest.mark.parametrize("words_of_flush", [True, False])
async def test_g04_words_and_audio_find_their_segments_however_they_are_told(
    tts: Tts, studio: Studio, own_flushes: bool, words_first: bool, words_of_flush: bool
) -> None:
    """The documentation leaves open what counts as a flush, what comes first, and where times begin."""
    studio.script(own_flushes=own_flushes, words_first=words_first, words_of_flush=words_of_flush)
    told = await words(tts, *TEXTS)
    for number, text in enumerate(TEXTS, start=1):
        expected = studio.endpoint.words_of(text)
        found = [(word.text, word.start_ms, word.end_ms) for word in told[number]]
        assert [word for word, _, _ in found] == [word for word, _, _ in expected]
        for (_, start, end), (_, wanted_start, wanted_end) in zip(found, expected, strict=True):
            assert start == pytest.approx(wanted_start, abs=2)
            assert end == pytest.approx(wanted_end, abs=2)
    assert await speech(tts, *TEXTS) == studio.speech(*TEXTS)


async def test_g05_a_reply_is_one_context_and_its_voice_keeps_its_tone(tts: Tts, studio: Studio) -> None:
    await speech(tts, *TEXTS)
    (context,) = studio.requests
    assert [text.strip() for text in context.body["texts"]] == list(TEXTS)
    await studio.emulators.journal.until(lambda _: context.outcome == "completed")


async def test_g02_after_a_pause_the_next_sentence_has_a_context_of_its_own(
    tts: Tts, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contexts expire a second after their last audio."""
    monkeypatch.setattr("parley_gateway.providers.tts.cartesia_context._FRESH_S", 0.0)
    heard = asyncio.Event()

    async def hesitant() -> AsyncIterator[TtsSegment]:
        yield TtsSegment(1, TEXTS[0])
        await heard.wait()
        yield TtsSegment(2, TEXTS[1])

    audio: dict[int, bytes] = {}
    async for piece in tts.speak(SPEECH, hesitant()):
        audio[piece.segment] = audio.get(piece.segment, b"") + piece.pcm
        if audio[1] == studio.speech(TEXTS[0])[1]:
            heard.set()
    assert audio == studio.speech(*TEXTS[:2])
    assert len(studio.requests) == 2


async def test_g05_sessions_share_a_connection_and_a_rush_gets_more(tts: Tts, studio: Studio) -> None:
    await tts.warm()
    await asyncio.gather(*(speech(tts, TEXTS[0]) for _ in range(4)))
    assert len({request.connection for request in studio.requests}) == 1
    studio.script(pace=Pace(between_ms=20))
    said = await asyncio.gather(*(speech(tts, TEXTS[0]) for _ in range(30)))
    assert said == [studio.speech(TEXTS[0])] * 30
    assert len({request.connection for request in studio.requests}) == 2


async def test_g11_a_telephone_shares_the_connection_of_clients_with_another_rate(
    tts: Tts, studio: Studio
) -> None:
    await tts.warm()
    own, telephone = await asyncio.gather(speech(tts, TEXTS[0]), speech(at_rate(tts, 8_000), TEXTS[0]))
    assert own == studio.speech(TEXTS[0])
    assert telephone == {1: array("h", own[1])[::3].tobytes()}
    assert len({request.connection for request in studio.requests}) == 1


async def test_g10_more_than_the_account_may_do_at_once_is_a_rate_limit(tts: Tts, studio: Studio) -> None:
    studio.script(concurrency=1, pace=Pace(between_ms=20))
    async with asyncio.timeout(20):
        outcomes = await asyncio.gather(*(speech(tts, *TEXTS) for _ in range(2)), return_exceptions=True)
    (failure,) = [outcome for outcome in outcomes if isinstance(outcome, ProviderError)]
    assert failure.kind is FailureKind.RATE_LIMITED


async def test_g02_options_reach_cartesia(network: Network, studio: Studio) -> None:
    async with open_provider(voices.cartesia(network, model="sonic-2")) as tts:
        assert [piece async for piece in tts.speak(SPEECH, spoken("Hello."))]
    settings = studio.requests[0].body["settings"]
    assert settings["model_id"] == "sonic-2"
    assert settings["voice"] == {"mode": "id", "id": "a0e99841"}
    assert settings["language"] == "en"
    assert settings["add_timestamps"] is True
