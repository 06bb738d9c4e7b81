"""ElevenLabs' contexts: one for each sentence, five on a connection, which is kept alive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
import pytest_asyncio

from parley_gateway.conversation.events import FailureKind
from parley_gateway.ports import ProviderError, Tts
from tests.emulators.emulators import Emulators
from tests.emulators.faults import Fault, Pace
from tests.gateway.providers import voices
from tests.gateway.providers.conformance_tts import LONG_TEXTS, TEXTS, speech, words
from tests.gateway.providers.network import SPEECH, Network, open_provider, spoken
from tests.gateway.providers.voices import Studio


@pytest.fixture
def studio(emulators: Emulators) -> Studio:
    return Studio(emulators, "elevenlabs")


@pytest_asyncio.fixture
async def tts(network: Network) -> AsyncIterator[Tts]:
    async with open_provider(voices.elevenlabs(network)) as tts:
        yield tts


async def test_g05_a_sixth_sentence_at_once_gets_another_connection(tts: Tts, studio: Studio) -> None:
    """One more context than a connection may have ends it, and all that is said over it."""
    await tts.warm()
    studio.script(pace=Pace(between_ms=10))
    said = await asyncio.gather(*(speech(tts, TEXTS[0]) for _ in range(6)))
    assert said == [studio.speech(TEXTS[0])] * 6
    assert len({request.connection for request in studio.requests}) == 2


async def test_g04_interrupted_sentences_take_their_places_until_they_are_over(tts: Tts, studio: Studio) -> None:
    studio.script(pace=Pace(between_ms=10))
    for _ in range(8):
        async with aclosing(tts.speak(SPEECH, spoken(*LONG_TEXTS))) as pieces:  # type: ignore[type-var]
            await anext(pieces)
    assert await speech(tts, *TEXTS) == studio.speech(*TEXTS)
    assert [request.outcome for request in studio.requests if request.outcome == "faulted"] == []


@pytest.mark.parametrize("normalized", [True, False])
async def test_g04_words_are_those_that_are_spoken(tts: Tts, studio: Studio, normalized: bool) -> None:
    studio.script(normalized=normalized)
    told = await words(tts, *TEXTS)
    for number, text in enumerate(TEXTS, start=1):
        assert [(word.text, word.start_ms, word.end_ms) for word in told[number]] == studio.endpoint.words_of(text)


async def test_g05_a_connection_that_nobody_speaks_over_is_kept_alive(
    tts: Tts, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parley_gateway.providers.tts.lines._KEEP_ALIVE_S", 0.05)
    studio.script(idle_timeout_ms=1000)
    await tts.warm()
    (warmed,) = studio.emulators.journal.entries
    await studio.emulators.journal.until(lambda _: warmed.messages.count("keep-alive") >= 25)
    await speech(tts, TEXTS[0])
    assert studio.requests[0].connection == warmed.connection


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("quota_exceeded", FailureKind.REFUSED),
        ("voice_not_found", FailureKind.REFUSED),
        ("rate_limit_exceeded", FailureKind.RATE_LIMITED),
        ("input_timeout_exceeded", FailureKind.TIMEOUT),
        ("system_busy", FailureKind.OVERLOADED),
        ("something_new", FailureKind.OVERLOADED),
    ],
)
async def test_g10_what_goes_wrong_has_elevenlabs_own_words(
    tts: Tts, studio: Studio, word: str, kind: FailureKind
) -> None:
    studio.befall(Fault(kind="error_event", error_type=word))
    with pytest.raises(ProviderError) as caught:
        await speech(tts, *TEXTS)
    assert caught.value.kind is kind


@pytest.mark.parametrize("options", [{}, {"stability": 0.4, "similarity_boost": 0.8}])
async def test_g02_options_reach_elevenlabs(network: Network, studio: Studio, options: dict[str, float]) -> None:
    async with open_provider(voices.elevenlabs(network, model="eleven_turbo_v2_5", **options)) as tts:
        await speech(tts, TEXTS[0])
    handshake = studio.emulators.journal.entries[0]
    assert handshake.query["model_id"] == ["eleven_turbo_v2_5"]
    assert handshake.query["output_format"] == ["pcm_24000"]
    settings = studio.requests[0].body["settings"]
    assert settings["text"] == " "
    assert settings.get("voice_settings", {}) == options
