"""Whatever goes wrong at a provider of speech becomes a ProviderError of the right kind, in time and in turn."""

from __future__ import annotations

import traceback
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.ports import ProviderError, Tts, TtsSegment
from tests.emulators.emulators import Emulators
from tests.emulators.faults import Fault, Pace
from tests.emulators.fixtures import API_KEY
from tests.gateway.providers.network import SAID, SPEECH, Network, befall, drained, open_provider, spoken

FAULTS = [
    pytest.param(Fault(kind="refuse", status=401), FailureKind.REFUSED, id="status_401"),
    pytest.param(Fault(kind="refuse", status=429), FailureKind.RATE_LIMITED, id="status_429"),
    pytest.param(Fault(kind="refuse", status=500), FailureKind.OVERLOADED, id="status_500"),
    pytest.param(Fault(kind="stall"), FailureKind.TIMEOUT, id="stall_at_once"),
    pytest.param(Fault(kind="stall", after=2), FailureKind.TIMEOUT, id="stall_in_the_middle"),
    pytest.param(Fault(kind="cut"), FailureKind.CUT, id="cut_at_once"),
    pytest.param(Fault(kind="cut", after=2), FailureKind.CUT, id="cut_in_the_middle"),
    pytest.param(Fault(kind="end"), FailureKind.CUT, id="end_at_once"),
    pytest.param(Fault(kind="end", after=1), FailureKind.CUT, id="end_within_a_sample"),
    pytest.param(Fault(kind="garbage"), FailureKind.GARBAGE, id="not_http"),
]


@pytest_asyncio.fixture
async def tts(beset: Network) -> AsyncIterator[Tts]:
    async with open_provider(beset.openai_speech()) as tts:
        yield tts


async def failing(tts: Tts, *texts: str) -> tuple[list[int], ProviderError]:
    """The segments of which there was audio, and the failure that ended it."""
    pieces, failure = await drained(tts.speak(SPEECH, spoken(*texts)))
    assert failure is not None
    return sorted({piece.segment for piece in pieces}), failure


@pytest.mark.parametrize(("fault", "kind"), FAULTS)
async def test_g02_a_fault_is_a_failure_of_its_kind(
    emulators: Emulators, tts: Tts, fault: Fault, kind: FailureKind
) -> None:
    befall(emulators, "openai_speech", fault)
    _, failure = await failing(tts, SAID)
    assert (failure.stage, failure.kind) == (Stage.TTS, kind)
    shown = "".join(traceback.format_exception(failure))
    assert API_KEY not in shown
    assert SAID not in shown


async def test_g02_a_fault_of_a_later_segment_comes_after_the_audio_before_it(
    emulators: Emulators, tts: Tts
) -> None:
    befall(emulators, "openai_speech", Fault(kind="none"), Fault(kind="refuse", status=500))
    heard, failure = await failing(tts, "The first.", "The second.", "The third.")
    assert heard == [1]
    assert failure.kind is FailureKind.OVERLOADED


@pytest.mark.parametrize("content_type", ["text/html", "application/json"])
async def test_g02_what_is_not_audio_is_never_played(emulators: Emulators, tts: Tts, content_type: str) -> None:
    befall(emulators, "openai_speech", content_type=content_type)
    heard, failure = await failing(tts, SAID)
    assert heard == []
    assert failure.kind is FailureKind.GARBAGE


async def test_g02_half_a_sample_at_the_end_is_a_cut(emulators: Emulators, tts: Tts) -> None:
    befall(emulators, "openai_speech", odd_end=True)
    heard, failure = await failing(tts, SAID)
    assert heard == [1]
    assert failure.kind is FailureKind.CUT


async def test_g02_words_without_audio_are_garbage(emulators: Emulators, tts: Tts) -> None:
    befall(emulators, "openai_speech", ms_per_character=0)
    _, failure = await failing(tts, SAID)
    assert failure.kind is FailureKind.GARBAGE


@pytest.mark.parametrize("chunk_bytes", [1, 2, 3, 997, 48_000])
async def test_g02_every_byte_arrives_whatever_the_chunks(
    emulators: Emulators, network: Network, chunk_bytes: int
) -> None:
    befall(emulators, "openai_speech", chunk_bytes=chunk_bytes, ms_per_character=10)
    async with open_provider(network.openai_speech()) as tts:
        pieces = [piece async for piece in tts.speak(SPEECH, spoken("One.", "Two, three."))]
    for number, text in ((1, "One."), (2, "Two, three.")):
        heard = b"".join(piece.pcm for piece in pieces if piece.segment == number)
        assert heard == emulators.openai_speech.audio_of(text)


async def test_g05_the_next_segment_is_asked_for_while_the_present_one_comes_and_no_more(
    emulators: Emulators, network: Network
) -> None:
    befall(emulators, "openai_speech", Fault(kind="stall", after=2), pace=Pace())
    async with open_provider(network.openai_speech()) as tts:
        pieces = tts.speak(SPEECH, spoken("The first.", "The second.", "The third."))
        assert (await anext(pieces)).segment == 1
        await emulators.journal.until(lambda journal: len(journal.entries) == 2 and journal.entries[1].sent > 0)
        assert [entry.body["input"] for entry in emulators.journal.entries] == ["The first.", "The second."]
        await pieces.aclose()
        await emulators.journal.until(lambda journal: journal.entries[0].outcome == "client_gone")


async def test_g04_closing_ends_the_requests_at_a_stalled_peer(emulators: Emulators, network: Network) -> None:
    befall(emulators, "openai_speech", Fault(kind="stall", after=1, times=None))
    async with open_provider(network.openai_speech()) as tts:
        pieces = tts.speak(SPEECH, spoken("The first.", "The second."))
        await anext(pieces)
        await emulators.journal.until(lambda journal: len(journal.entries) == 2 and journal.entries[1].sent > 0)
        await pieces.aclose()
        await emulators.journal.until(
            lambda journal: [entry.outcome for entry in journal.entries] == ["client_gone"] * 2
        )


async def test_g02_options_reach_the_provider(emulators: Emulators, network: Network) -> None:
    async with open_provider(network.openai_speech(voice="coral", instructions="Speak softly.")) as tts:
        assert [piece async for piece in tts.speak(SPEECH, spoken("Hello."))]
    (entry,) = emulators.journal.entries
    assert entry.body == {
        "model": "gpt-4o-mini-tts",
        "voice": "coral",
        "input": "Hello.",
        "instructions": "Speak softly.",
        "response_format": "pcm",
    }


async def test_g05_after_a_quiet_hour_the_connection_is_opened_while_the_model_still_writes(
    emulators: Emulators, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parley_gateway.providers.http._FRESH_S", 0.0)

    async def thinking() -> AsyncIterator[TtsSegment]:
        await emulators.journal.until(lambda journal: len(journal.entries) == 2)
        yield TtsSegment(1, "Hello.")

    async with open_provider(network.openai_speech()) as tts:
        await tts.warm()
        assert [piece async for piece in tts.speak(SPEECH, thinking())]
    assert [entry.method for entry in emulators.journal.entries] == ["HEAD", "HEAD", "POST"]


async def test_g05_a_connection_that_is_in_use_is_not_opened_again(emulators: Emulators, network: Network) -> None:
    async with open_provider(network.openai_speech()) as tts:
        await tts.warm()
        for _ in range(2):
            assert [piece async for piece in tts.speak(SPEECH, spoken("Hello."))]
    assert [entry.method for entry in emulators.journal.entries] == ["HEAD", "POST", "POST"]


async def test_g05_what_cannot_be_opened_ahead_is_told_by_the_request(
    emulators: Emulators, tts: Tts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parley_gateway.providers.http._FRESH_S", 0.0)
    await tts.warm()
    await emulators.stop()
    _, failure = await failing(tts, SAID)
    assert failure.kind is FailureKind.UNREACHABLE
