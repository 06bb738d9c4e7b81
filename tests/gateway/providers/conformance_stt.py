"""What every provider of recognition does. A provider's test subclasses one of these.

`SttConformance` wants the fixtures `stt` and `utterance`: speech that the provider understands, at its rate, with
nothing before and after. `NetworkSttConformance` has them, and wants to know whom it speaks to.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any, ClassVar

import pytest
import pytest_asyncio

from parley_gateway.conversation.events import (
    EndOfTurn,
    FailureKind,
    SpeechStarted,
    SpeechStopped,
    Stage,
    TranscriptChanged,
    TurnEnd,
)
from parley_gateway.ports import ProviderError, Stt, SttEvent, SttRequest, SttStream, Unit, Usage
from tests.emulators.emulators import Emulators
from tests.emulators.faults import Fault
from tests.emulators.fixtures import API_KEY
from tests.emulators.speech import silence, speech_like
from tests.gateway.providers.network import SAID, Network, befall, drained, none_but, open_provider

FRAME_MS = 20
NETWORK_RATE = 16_000
"""Hz that all of those over the network want."""
REQUEST = SttRequest(session="s", language="en-US")

FAULTS = [
    *(
        pytest.param(Fault(kind="refuse", status=status), FailureKind.REFUSED, id=f"status_{status}")
        for status in (400, 401, 402, 403, 404)
    ),
    pytest.param(Fault(kind="refuse", status=429), FailureKind.RATE_LIMITED, id="status_429"),
    pytest.param(Fault(kind="refuse", status=503), FailureKind.OVERLOADED, id="status_503"),
    pytest.param(Fault(kind="stall"), FailureKind.TIMEOUT, id="stall_at_once"),
    pytest.param(Fault(kind="stall", after=1), FailureKind.TIMEOUT, id="stall_in_the_middle"),
    pytest.param(Fault(kind="cut"), FailureKind.CUT, id="cut_at_once"),
    pytest.param(Fault(kind="cut", after=1), FailureKind.CUT, id="cut_in_the_middle"),
    pytest.param(Fault(kind="end"), FailureKind.CUT, id="end_at_once"),
    pytest.param(Fault(kind="garbage"), FailureKind.GARBAGE, id="not_http"),
    pytest.param(Fault(kind="garbage", after=1), FailureKind.GARBAGE, id="not_its_format"),
]


async def say(stream: SttStream, pcm: bytes, rate: int) -> None:
    """Hand over audio as a client's frames come, though faster."""
    frame = rate * FRAME_MS // 1000 * 2
    for at in range(0, len(pcm), frame):
        stream.send(pcm[at : at + frame])
        await asyncio.sleep(0)


async def until(stream: SttStream, seen: Callable[[list[SttEvent]], bool]) -> list[SttEvent]:
    """The events up to the one with which the condition holds."""
    events: list[SttEvent] = []
    async with asyncio.timeout(20), aclosing(stream.events()) as source:  # type: ignore[type-var]
        async for event in source:
            events.append(event)
            if seen(events):
                break
    return events


def finals(events: list[SttEvent]) -> list[TranscriptChanged]:
    """The final transcripts that have words."""
    return [event for event in events if isinstance(event, TranscriptChanged) and event.final and event.text]


async def failing(stt: Stt, request: SttRequest = REQUEST) -> ProviderError:
    """How recognition fails for a caller who speaks on and on."""
    stream = stt.open(request)
    speech = speech_like(1200, rate=stt.sample_rate) + silence(1000, rate=stt.sample_rate)

    async def speak_on() -> None:
        while True:
            await say(stream, speech, stt.sample_rate)
            await asyncio.sleep(0.01)

    speaking = asyncio.create_task(speak_on())
    try:
        async with asyncio.timeout(20):
            _, failure = await drained(stream.events())
    finally:
        speaking.cancel()
    assert failure is not None
    return failure


_STALLS = ("openai._STALLED_S", "deepgram_flux._STALLED_S", "embedded._STALLED")


class SttConformance:
    """The contract of `ports.Stt`."""

    @pytest.fixture(autouse=True)
    def nobody_stalls(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A busy machine that holds up the caller's audio for a moment has not ended the turn."""
        for name in _STALLS:
            monkeypatch.setattr(f"parley_gateway.providers.stt.{name}", 60.0)

    async def test_an_utterance_is_started_transcribed_and_over(self, stt: Stt, utterance: bytes) -> None:
        stream = stt.open(REQUEST)
        await say(stream, utterance + silence(2500, rate=stt.sample_rate), stt.sample_rate)
        if not stt.owns_turns:
            stream.finalize()
        events = await until(stream, lambda seen: bool(finals(seen)) and _over(seen))
        kinds = [type(event) for event in events]
        assert kinds.index(SpeechStarted) < kinds.index(TranscriptChanged)
        assert SpeechStopped in kinds

    async def test_a_final_transcript_is_revised_no_more(self, stt: Stt, utterance: bytes) -> None:
        stream = stt.open(REQUEST)
        await say(stream, (utterance + silence(1500, rate=stt.sample_rate)) * 2, stt.sample_rate)
        stream.finalize()
        events = await until(stream, lambda seen: len(finals(seen)) >= 2)
        done: set[int] = set()
        for event in events:
            if isinstance(event, TranscriptChanged):
                assert event.utterance not in done
                done |= {event.utterance} if event.final else set()

    async def test_finalize_is_answered_even_when_nothing_was_said(self, stt: Stt) -> None:
        stream = stt.open(REQUEST)
        await say(stream, silence(500, rate=stt.sample_rate), stt.sample_rate)
        stream.finalize()
        events = await until(stream, lambda seen: any(isinstance(event, TranscriptChanged) for event in seen))
        assert events[-1] == TranscriptChanged(events[-1].utterance, "", final=True)  # type: ignore[union-attr]

    async def test_aborting_ends_the_events_without_an_error(self, stt: Stt, utterance: bytes) -> None:
        stream = stt.open(REQUEST)
        reader = asyncio.create_task(until(stream, lambda _: False))
        await say(stream, utterance, stt.sample_rate)
        stream.abort()
        stream.abort()
        await reader
        assert stream.send(utterance) == 0

    async def test_aborting_before_anything_happened_leaves_nothing(self, stt: Stt) -> None:
        before = asyncio.all_tasks()
        stream = stt.open(REQUEST)
        stream.abort()
        assert await until(stream, lambda _: False) == []
        await none_but(before)

    async def test_sessions_are_recognised_apart(self, stt: Stt, utterance: bytes) -> None:
        speaking, silent = stt.open(REQUEST), stt.open(REQUEST)
        quiet = silence(1500, rate=stt.sample_rate)
        await say(speaking, utterance + quiet, stt.sample_rate)
        await say(silent, quiet, stt.sample_rate)
        speaking.finalize()
        silent.finalize()
        heard = await until(speaking, lambda seen: bool(finals(seen)))
        nothing = await until(silent, lambda seen: any(isinstance(event, TranscriptChanged) for event in seen))
        assert finals(heard)
        assert not finals(nothing)

    async def test_warming_twice_does_no_harm(self, stt: Stt) -> None:
        await stt.warm()
        await stt.warm()


def _over(events: list[SttEvent]) -> bool:
    ended = any(event == EndOfTurn(TurnEnd.FINAL) for event in events)
    return ended or any(isinstance(event, SpeechStopped) for event in events)


class NetworkSttConformance(SttConformance):
    """The same over a network, where the emulator knows what was asked of it."""

    made_by: ClassVar[str]
    """The method of `Network` that makes the provider."""
    emulator: ClassVar[str]
    """Its counterpart in `Emulators`."""
    billed: ClassVar[tuple[str, str]]
    """The provider and the model that its usage is told for."""

    @pytest_asyncio.fixture
    async def stt(self, network: Network) -> AsyncIterator[Stt]:
        async with open_provider(self.provider(network)) as stt:
            yield stt

    @pytest_asyncio.fixture
    async def beset_stt(self, beset: Network) -> AsyncIterator[Stt]:
        async with open_provider(self.provider(beset)) as stt:
            yield stt

    @pytest.fixture
    def utterance(self) -> bytes:
        return speech_like(1200, rate=NETWORK_RATE)

    def provider(self, network: Network) -> Any:
        """A new one."""
        return getattr(network, self.made_by)()

    def sent_s(self, emulators: Emulators) -> float:
        """Seconds of audio that the emulator was sent."""
        return sum(entry.audio_bytes for entry in emulators.journal.entries) / NETWORK_RATE / 2

    async def spoken(self, stt: Stt, utterance: bytes, request: SttRequest = REQUEST) -> list[SttEvent]:
        """What is heard of one utterance by a new stream."""
        stream = stt.open(request)
        await say(stream, utterance + silence(1500, rate=stt.sample_rate), stt.sample_rate)
        stream.finalize()
        return await until(stream, lambda seen: bool(finals(seen)))

    # --- money ---

    async def test_g07_what_is_sent_is_told_in_parts_that_add_up(
        self, emulators: Emulators, stt: Stt, utterance: bytes
    ) -> None:
        told: list[Usage] = []
        request = SttRequest(session="s", language="en-US", meter=told.append)
        for _ in range(2):
            assert finals(await self.spoken(stt, utterance, request))
        assert sum(usage.amounts[Unit.AUDIO_SECONDS] for usage in told) == pytest.approx(
            self.sent_s(emulators), abs=0.01
        )
        assert self.sent_s(emulators) > 2
        assert {(usage.stage, usage.provider, usage.model) for usage in told} == {(Stage.STT, *self.billed)}

    @pytest.mark.parametrize("status", [401, 429, 503])
    async def test_g07_what_is_refused_costs_nothing(self, emulators: Emulators, stt: Stt, status: int) -> None:
        told: list[Usage] = []
        befall(emulators, self.emulator, Fault(kind="refuse", status=status))
        await failing(stt, SttRequest(session="s", language="en-US", meter=told.append))
        assert told == []

    # --- faults ---

    @pytest.mark.parametrize(("fault", "kind"), FAULTS)
    async def test_g02_a_fault_is_a_failure_of_its_kind(
        self, emulators: Emulators, beset_stt: Stt, fault: Fault, kind: FailureKind
    ) -> None:
        befall(emulators, self.emulator, fault, transcripts=[SAID])
        failure = await failing(beset_stt)
        assert (failure.stage, failure.kind) == (Stage.STT, kind)
        shown = "".join(traceback.format_exception(failure))
        assert API_KEY not in shown
        assert SAID not in shown

    async def test_g10_retry_after_is_passed_on(self, emulators: Emulators, stt: Stt) -> None:
        befall(emulators, self.emulator, Fault(kind="refuse", status=429, retry_after="7"))
        assert (await failing(stt)).retry_after == pytest.approx(7, abs=1)

    async def test_g10_nobody_there_is_unreachable(self, network: Network) -> None:
        nowhere = Network("http://127.0.0.1:1", network.key_file)
        async with open_provider(self.provider(nowhere)) as stt:
            assert (await failing(stt)).kind is FailureKind.UNREACHABLE

    async def test_g10_a_stream_that_has_failed_takes_no_more_and_does_no_harm(
        self, emulators: Emulators, stt: Stt, utterance: bytes
    ) -> None:
        befall(emulators, self.emulator, Fault(kind="refuse", status=503))
        stream = stt.open(REQUEST)
        await say(stream, utterance + silence(1500, rate=stt.sample_rate), stt.sample_rate)
        _, failure = await drained(stream.events())
        assert failure is not None
        assert stream.send(utterance) == 0
        stream.finalize()
        stream.abort()

    async def test_g10_after_a_fault_the_next_stream_hears(
        self, emulators: Emulators, stt: Stt, utterance: bytes
    ) -> None:
        for fault in (Fault(kind="cut"), Fault(kind="cut", after=1), Fault(kind="refuse", status=500)):
            befall(emulators, self.emulator, fault)
            await failing(stt)
            assert finals(await self.spoken(stt, utterance))

    # --- letting go ---

    @pytest.mark.parametrize("after", [0, 1])
    async def test_g04_aborting_is_immediate_although_the_peer_stalls(
        self, emulators: Emulators, stt: Stt, utterance: bytes, after: int
    ) -> None:
        befall(emulators, self.emulator, Fault(kind="stall", after=after))
        before = asyncio.all_tasks()
        stream = stt.open(REQUEST)
        reader = asyncio.create_task(until(stream, lambda _: False))
        await say(stream, utterance + silence(1500, rate=stt.sample_rate), stt.sample_rate)
        await emulators.journal.until(lambda journal: len(journal.entries) == 1)
        stream.abort()
        await reader
        await emulators.journal.until(lambda journal: journal.entries[0].outcome == "client_gone")
        await none_but(before, kept=lambda task: "/tests/emulators/" in _file_of(task))

    async def test_g02_closing_the_provider_ends_all_streams(self, network: Network, utterance: bytes) -> None:
        async with open_provider(self.provider(network)) as stt:
            streams = [stt.open(REQUEST) for _ in range(3)]
            readers = [asyncio.create_task(drained(stream.events())) for stream in streams]
            for stream in streams:
                await say(stream, utterance, stt.sample_rate)
        for reader in readers:
            _, failure = await asyncio.wait_for(reader, 10)
            assert failure is None


def _file_of(task: asyncio.Task[Any]) -> str:
    code = getattr(task.get_coro(), "cr_code", None)
    return code.co_filename if code else ""
