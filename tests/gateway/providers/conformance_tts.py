"""What every provider of speech does. A provider's test subclasses one of these and gives it its fixtures."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import pytest
import pytest_asyncio

from parley_gateway.conversation.events import FailureKind, Stage, Word
from parley_gateway.ports import ProviderError, Tts, TtsRequest, TtsSegment, Unit
from tests.emulators.faults import Fault, Pace
from tests.emulators.fixtures import API_KEY
from tests.gateway.providers.network import SAID, SPEECH, Network, drained, none_but, open_provider, spoken
from tests.gateway.providers.voices import Meter, Studio

TEXTS = ("Hello.", "How are you today?", "Fine, thank you.")
LONG_TEXTS = tuple(f"This is sentence number {number}, and it takes its time to be said." for number in range(5))

FAULTS = [
    pytest.param(Fault(kind="refuse", status=401), FailureKind.REFUSED, id="status_401"),
    pytest.param(Fault(kind="refuse", status=402), FailureKind.REFUSED, id="status_402"),
    pytest.param(Fault(kind="refuse", status=429), FailureKind.RATE_LIMITED, id="status_429"),
    pytest.param(Fault(kind="refuse", status=500), FailureKind.OVERLOADED, id="status_500"),
    pytest.param(Fault(kind="stall"), FailureKind.TIMEOUT, id="stall_at_once"),
    pytest.param(Fault(kind="stall", after=2), FailureKind.TIMEOUT, id="stall_in_the_middle"),
    pytest.param(Fault(kind="cut"), FailureKind.CUT, id="cut_at_once"),
    pytest.param(Fault(kind="cut", after=2), FailureKind.CUT, id="cut_in_the_middle"),
    pytest.param(Fault(kind="end"), FailureKind.CUT, id="end_at_once"),
    pytest.param(Fault(kind="garbage"), FailureKind.GARBAGE, id="not_http"),
]


async def speech(tts: Tts, *texts: str, request: TtsRequest = SPEECH) -> dict[int, bytes]:
    """The audio of each segment."""
    audio: dict[int, bytes] = {}
    async for piece in tts.speak(request, spoken(*texts)):
        audio[piece.segment] = audio.get(piece.segment, b"") + piece.pcm
    return audio


async def words(tts: Tts, *texts: str) -> dict[int, list[Word]]:
    """The words of each segment; each lies within the segment's audio up to it."""
    made: dict[int, int] = {}
    told: dict[int, list[Word]] = {}
    async for piece in tts.speak(SPEECH, spoken(*texts)):
        made[piece.segment] = made.get(piece.segment, 0) + len(piece.pcm)
        ms = made[piece.segment] / 2 / tts.sample_rate * 1000
        assert all(0 <= word.start_ms <= word.end_ms <= ms for word in piece.words)
        told.setdefault(piece.segment, []).extend(piece.words)
    return told


class TtsConformance:
    """The contract of `ports.Tts`."""

    has_words = False

    async def test_audio_comes_in_whole_samples_and_is_not_silence(self, tts: Tts) -> None:
        pieces = [piece async for piece in tts.speak(SPEECH, spoken(*TEXTS))]
        assert all(piece.pcm or piece.words for piece in pieces)
        assert all(len(piece.pcm) % 2 == 0 for piece in pieces)
        assert any(b != 0 for piece in pieces for b in piece.pcm)

    async def test_a_segment_begins_with_audio(self, tts: Tts) -> None:
        begun = set()
        async for piece in tts.speak(SPEECH, spoken(*TEXTS)):
            assert piece.pcm or piece.segment in begun
            begun.add(piece.segment)

    async def test_the_length_is_that_of_speech(self, tts: Tts) -> None:
        audio = await speech(tts, "This sentence takes somewhat longer than a second to say.")
        seconds = len(audio[1]) / 2 / tts.sample_rate
        assert 1 < seconds < 10

    async def test_segments_come_in_their_order(self, tts: Tts) -> None:
        order = [piece.segment async for piece in tts.speak(SPEECH, spoken(*TEXTS))]
        assert order == sorted(order)
        assert set(order) == {1, 2, 3}

    async def test_a_segment_is_about_as_long_in_company_as_alone(self, tts: Tts) -> None:
        together = await speech(tts, *TEXTS)
        alone = await speech(tts, TEXTS[1])
        assert len(together[2]) == pytest.approx(len(alone[1]), rel=0.25)

    async def test_no_segments_are_no_audio(self, tts: Tts) -> None:
        assert await speech(tts) == {}

    async def test_audio_is_there_before_the_last_segment_is_known(self, tts: Tts) -> None:
        more = asyncio.Event()

        async def hesitant() -> AsyncIterator[TtsSegment]:
            yield TtsSegment(1, "Hello.")
            await more.wait()
            yield TtsSegment(2, "Goodbye.")

        heard = []
        async for piece in tts.speak(SPEECH, hesitant()):
            heard.append(piece.segment)
            more.set()
        assert set(heard) == {1, 2}

    async def test_g04_words_are_told_where_the_voice_knows_them(self, tts: Tts) -> None:
        told = await words(tts, *TEXTS)
        for number, text in enumerate(TEXTS, start=1):
            expected = text.split() if self.has_words else []
            found = told[number]
            assert [word.text.strip(".,?") for word in found] == [word.strip(".,?") for word in expected]
            assert [word.start_ms for word in found] == sorted(word.start_ms for word in found)

    async def test_g04_closing_early_leaves_no_task_and_the_next_speech_is_whole(self, tts: Tts) -> None:
        await tts.warm()
        before = asyncio.all_tasks()
        async with aclosing(tts.speak(SPEECH, spoken(*TEXTS))) as pieces:  # type: ignore[type-var]
            await anext(pieces)
        await none_but(before, kept=_is_of_a_line)
        assert set(await speech(tts, *TEXTS)) == {1, 2, 3}

    async def test_g04_closing_while_it_waits_for_a_segment_ends_the_wait(self, tts: Tts) -> None:
        async def endless() -> AsyncIterator[TtsSegment]:
            yield TtsSegment(1, "Hello.")
            await asyncio.Event().wait()

        await tts.warm()
        before = asyncio.all_tasks()
        async with aclosing(tts.speak(SPEECH, endless())) as pieces:  # type: ignore[type-var]
            await anext(pieces)
        await none_but(before, kept=_is_of_a_line)

    async def test_g04_a_voice_that_is_interrupted_before_it_begins_says_nothing(self, tts: Tts) -> None:
        speaking = asyncio.ensure_future(speech(tts, *TEXTS))
        await asyncio.sleep(0)
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)
        assert set(await speech(tts, *TEXTS)) == {1, 2, 3}

    async def test_several_sessions_speak_at_once(self, tts: Tts) -> None:
        together = await asyncio.gather(*(speech(tts, *TEXTS) for _ in range(4)))
        assert all(set(audio) == {1, 2, 3} for audio in together)

    async def test_warming_twice_does_no_harm(self, tts: Tts) -> None:
        await tts.warm()
        await tts.warm()


def _is_of_a_line(task: asyncio.Task[Any]) -> bool:
    """Whether it belongs to a connection that is kept, at either end: it ends with the provider."""
    code = getattr(task.get_coro(), "cr_code", None)
    file, name = (code.co_filename, code.co_name) if code else ("", "")
    return task.get_name().startswith("voice line") or name == "keepalive" or "/tests/emulators/" in file


class NetworkVoiceConformance(TtsConformance):
    """The same over a network, where the emulator knows what was asked of it, and what every byte must be."""

    made_by: Callable[[Network], Any]
    """Makes the provider; a static method."""
    stops_at_once = True
    """Whether the provider can be told to make no more of a sentence that it has begun."""

    @pytest_asyncio.fixture
    async def tts(self, network: Network) -> AsyncIterator[Tts]:
        async with open_provider(self.made_by(network)) as tts:
            yield tts

    @pytest_asyncio.fixture
    async def beset_tts(self, beset: Network) -> AsyncIterator[Tts]:
        async with open_provider(self.made_by(beset)) as tts:
            yield tts

    @pytest_asyncio.fixture
    async def wary_tts(self, wary: Network) -> AsyncIterator[Tts]:
        async with open_provider(self.made_by(wary)) as tts:
            yield tts

    async def test_g02_every_byte_arrives_in_its_segment(self, tts: Tts, studio: Studio) -> None:
        assert await speech(tts, *TEXTS) == studio.speech(*TEXTS)

    async def test_g02_what_is_said_is_said_once(self, tts: Tts, studio: Studio) -> None:
        await speech(tts, *TEXTS)
        assert _said(studio) == list(TEXTS)

    async def test_g05_the_first_sentence_finds_an_open_connection(self, tts: Tts, studio: Studio) -> None:
        await tts.warm()
        (warmed,) = studio.emulators.journal.entries
        await speech(tts, TEXTS[0])
        assert [request.connection for request in studio.requests] == [warmed.connection]

    # --- sessions beside each other ---

    async def test_g02_sessions_that_speak_at_once_are_not_mistaken_for_each_other(
        self, tts: Tts, studio: Studio
    ) -> None:
        said = [[f"{text} I am {number}." for text in TEXTS] for number in range(7)]
        studio.script(pace=Pace(between_ms=1))
        heard = await asyncio.gather(*(speech(tts, *texts) for texts in said))
        assert heard == [studio.speech(*texts) for texts in said]

    async def test_g10_a_listener_who_is_slow_holds_up_nobody_else_and_loses_nothing(
        self, tts: Tts, studio: Studio
    ) -> None:
        slow: dict[int, bytes] = {}
        async with aclosing(tts.speak(SPEECH, spoken(*LONG_TEXTS))) as pieces:  # type: ignore[type-var]
            first = await anext(pieces)
            slow[first.segment] = first.pcm
            for _ in range(3):
                assert await speech(tts, *TEXTS) == studio.speech(*TEXTS)
            # Of the slow one no more than one sentence was asked for ahead.
            assert [text for text in _said(studio) if text in LONG_TEXTS[2:]] == []
            async for piece in pieces:
                slow[piece.segment] = slow.get(piece.segment, b"") + piece.pcm
        assert slow == studio.speech(*LONG_TEXTS)

    # --- interruptions ---

    async def test_g04_an_interruption_ends_the_work_at_the_provider(self, tts: Tts, studio: Studio) -> None:
        studio.script(pace=Pace(between_ms=5))
        async with aclosing(tts.speak(SPEECH, spoken(*LONG_TEXTS))) as pieces:  # type: ignore[type-var]
            await anext(pieces)
        await studio.emulators.journal.until(
            lambda _: bool(studio.requests) and all(request.outcome != "open" for request in studio.requests)
        )
        assert set(_said(studio)) <= set(LONG_TEXTS[:2])
        if self.stops_at_once:
            assert studio.requests[0].outcome == "client_gone"

    @pytest.mark.parametrize("late_chunks", [0, 3])
    async def test_g04_nothing_of_an_interrupted_reply_is_heard_in_the_next(
        self, tts: Tts, studio: Studio, late_chunks: int
    ) -> None:
        if hasattr(studio.endpoint.script, "late_chunks"):
            studio.script(late_chunks=late_chunks)
        for _ in range(8):
            async with aclosing(tts.speak(SPEECH, spoken(*LONG_TEXTS))) as pieces:  # type: ignore[type-var]
                await anext(pieces)
            assert await speech(tts, *TEXTS) == studio.speech(*TEXTS)

    # --- money ---

    async def test_g06_all_characters_are_told_once(self, tts: Tts, studio: Studio) -> None:
        meter = Meter()
        await speech(tts, *TEXTS, request=meter.request)
        assert meter.sum(Unit.CHARACTERS) == sum(map(len, TEXTS))
        assert {usage.stage for usage in meter.told} == {Stage.TTS}
        (provider,) = {usage.provider for usage in meter.told}
        assert type(tts).__name__.startswith(provider.removesuffix("Compatible"))

    async def test_g06_what_was_sent_is_told_although_it_was_interrupted(self, tts: Tts, studio: Studio) -> None:
        meter = Meter()
        async with aclosing(tts.speak(meter.request, spoken(*LONG_TEXTS))) as pieces:  # type: ignore[type-var]
            await anext(pieces)
        await studio.emulators.journal.until(lambda _: bool(_said(studio)))
        assert meter.sum(Unit.CHARACTERS) >= len(LONG_TEXTS[0])
        assert meter.sum(Unit.CHARACTERS) <= sum(map(len, LONG_TEXTS[:2]))

    async def test_g06_what_is_refused_costs_nothing(self, tts: Tts, studio: Studio) -> None:
        meter = Meter()
        studio.befall(Fault(kind="refuse", status=503))
        with pytest.raises(ProviderError):
            await speech(tts, *TEXTS, request=meter.request)
        assert meter.told == []

    # --- faults ---

    @pytest.mark.parametrize(("fault", "kind"), FAULTS)
    async def test_g02_a_fault_is_a_failure_of_its_kind(
        self, beset_tts: Tts, studio: Studio, fault: Fault, kind: FailureKind
    ) -> None:
        studio.befall(fault)
        _, failure = await drained(beset_tts.speak(SPEECH, spoken(SAID)))
        assert failure is not None
        assert (failure.stage, failure.kind, failure.segment) == (Stage.TTS, kind, 1)
        shown = "".join(traceback.format_exception(failure))
        assert API_KEY not in shown
        assert SAID not in shown

    async def test_g10_what_was_made_before_a_fault_is_heard(self, tts: Tts, studio: Studio) -> None:
        studio.befall(Fault(kind="cut", after=3))
        pieces, failure = await drained(tts.speak(SPEECH, spoken(*LONG_TEXTS)))
        assert failure is not None
        heard = b"".join(piece.pcm for piece in pieces)
        assert heard
        assert studio.speech(*LONG_TEXTS)[1].startswith(heard)

    async def test_g10_after_a_fault_the_next_reply_is_whole(self, tts: Tts, studio: Studio) -> None:
        for fault in (Fault(kind="cut", after=2), Fault(kind="refuse", status=500)):
            studio.befall(fault)
            _, failure = await drained(tts.speak(SPEECH, spoken(*LONG_TEXTS)))
            if failure is None:
                # The connection was open already, and could not be refused.
                studio.befall()
            assert await speech(tts, *TEXTS) == studio.speech(*TEXTS)

    async def test_g10_after_a_stall_the_next_reply_is_whole(self, wary_tts: Tts, studio: Studio) -> None:
        studio.befall(Fault(kind="stall", after=1))
        _, failure = await drained(wary_tts.speak(SPEECH, spoken(*LONG_TEXTS)))
        assert failure is not None
        assert await speech(wary_tts, *TEXTS) == studio.speech(*TEXTS)

    async def test_g10_retry_after_is_passed_on(self, tts: Tts, studio: Studio) -> None:
        studio.befall(Fault(kind="refuse", status=429, retry_after="7"))
        with pytest.raises(ProviderError) as caught:
            await speech(tts, *TEXTS)
        assert caught.value.retry_after == pytest.approx(7, abs=1)


def _said(studio: Studio) -> list[str]:
    """The texts that the provider was asked to say, as they were asked for."""
    said: list[str] = []
    for request in studio.requests:
        said += request.body["texts"] if "texts" in request.body else [request.body["input"]]
    return [text.strip() for text in said]


class SharedLineConformance(NetworkVoiceConformance):
    """The same over WebSockets that are kept open."""

    @pytest.mark.parametrize(
        ("fault", "kind"),
        [
            pytest.param(Fault(kind="end", after=2), FailureKind.CUT, id="closed_in_the_middle"),
            pytest.param(Fault(kind="garbage", after=2), FailureKind.GARBAGE, id="not_its_format"),
            pytest.param(
                Fault(kind="error_event", after=1, status=500, error_type="internal"),
                FailureKind.OVERLOADED,
                id="error_message",
            ),
        ],
    )
    async def test_g02_a_fault_of_the_line_is_a_failure_of_its_kind(
        self, beset_tts: Tts, studio: Studio, fault: Fault, kind: FailureKind
    ) -> None:
        studio.befall(fault)
        _, failure = await drained(beset_tts.speak(SPEECH, spoken(SAID)))
        assert failure is not None
        assert failure.kind is kind

    async def test_g10_a_line_that_was_cut_is_made_anew(self, tts: Tts, studio: Studio) -> None:
        await tts.warm()
        await cut(tts, studio)
        assert await speech(tts, *TEXTS) == studio.speech(*TEXTS)

    async def test_g05_a_line_that_the_provider_closes_is_reopened_before_it_is_needed(
        self, tts: Tts, studio: Studio
    ) -> None:
        studio.script(idle_timeout_ms=20)
        await tts.warm()
        await studio.emulators.journal.until(
            lambda journal: sum(entry.method == "GET" for entry in journal.entries) >= 2
        )

    async def test_g04_a_peer_that_ignores_close_is_not_waited_for(self, tts: Tts, studio: Studio) -> None:
        studio.befall(Fault(kind="ignore_close"))
        async with aclosing(tts.speak(SPEECH, spoken(*LONG_TEXTS))) as pieces:  # type: ignore[type-var]
            await anext(pieces)

    async def test_g02_closing_the_provider_ends_who_speaks(self, tts: Tts, studio: Studio) -> None:
        studio.script(pace=Pace(between_ms=5))
        pieces = tts.speak(SPEECH, spoken(*LONG_TEXTS))
        await anext(pieces)
        await tts.aclose()
        with pytest.raises(ProviderError):
            async for _ in pieces:
                pass


async def cut(tts: Any, studio: Studio) -> None:
    """Cut all connections; returns when the provider knows."""
    lines = [line for lines in tts._lines._lines.values() for line in lines]
    studio.emulators.cut()
    await asyncio.gather(*(line.ended() for line in lines))
