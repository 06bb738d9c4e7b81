"""Transcription of whole utterances: what is cut, asked for and told, what it costs, and what goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

import numpy as np
import pytest
import pytest_asyncio

from parley_contract.pipeline import OpenAIStt
from parley_gateway.audio.energy import EnergyActivity
from parley_gateway.audio.silero import SileroActivity
from parley_gateway.conversation.events import (
    FailureKind,
    SpeechStarted,
    SpeechStopped,
    TranscriptChanged,
)
from parley_gateway.ports import Stt, SttEvent, SttRequest, Unit, Usage, VoiceActivity, VoiceActivityStream
from parley_gateway.providers.registry import create_stt
from tests.emulators.emulators import Emulators
from tests.emulators.faults import Fault
from tests.emulators.speech import silence, speech_like
from tests.gateway.providers.conformance_stt import FRAME_MS, REQUEST, failing, finals, say, until
from tests.gateway.providers.network import Network, befall, drained, open_provider
from tests.recordings import recording
from tests.unit.audio.judged import settled

RATE = 16_000
SPEECH = speech_like(1200, rate=RATE)
QUIET = silence(1000, rate=RATE)
FRAME = RATE * FRAME_MS // 1000 * 2
KINDS = ["openai_transcription", "compatible_transcription"]


@pytest_asyncio.fixture
async def stt(network: Network) -> AsyncIterator[Stt]:
    async with open_provider(network.openai_transcription()) as stt:
        yield stt


class Remembering:
    """A detector whose streams are known. Implements `ports.VoiceActivity`."""

    def __init__(self, activity: VoiceActivity) -> None:
        self._activity = activity
        self.streams: list[VoiceActivityStream] = []
        self.warm, self.aclose = activity.warm, activity.aclose

    def open(
        self, *, sample_rate: int, on_event: Callable[[SpeechStarted | SpeechStopped], None]
    ) -> VoiceActivityStream:
        self.streams.append(self._activity.open(sample_rate=sample_rate, on_event=on_event))
        return self.streams[-1]


def hum(ms: int) -> bytes:
    time = np.arange(ms * RATE // 1000) / RATE
    return (3_000 * np.sin(2 * np.pi * 300 * time)).astype("<i2").tobytes()


@pytest.fixture
def nobody_stalls(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine that holds up the caller's audio for a moment has not ended the utterance."""
    monkeypatch.setattr("parley_gateway.providers.stt.openai._STALLED_S", 60.0)


async def heard(stt: Stt, pcm: bytes, *, utterances: int = 1) -> list[SttEvent]:
    stream = stt.open(REQUEST)
    await say(stream, pcm, RATE)
    return await until(stream, lambda seen: len(finals(seen)) == utterances)


@pytest.mark.usefixtures("nobody_stalls")
class TestUtterances:
    async def test_g02_an_utterance_is_asked_for_once_it_is_over(self, emulators: Emulators, stt: Stt) -> None:
        events = await heard(stt, QUIET + SPEECH + QUIET)
        assert [type(event) for event in events] == [SpeechStarted, SpeechStopped, TranscriptChanged]
        (entry,) = emulators.journal.entries
        assert entry.body["audio"]["rate"] == RATE
        assert 1500 <= entry.body["audio"]["ms"] <= 1750

    async def test_g02_utterances_are_told_in_their_order(self, emulators: Emulators, stt: Stt) -> None:
        befall(emulators, "openai_transcription", transcripts=["one", "two", "three"])
        events = await heard(stt, (SPEECH + QUIET) * 3, utterances=3)
        assert [(event.utterance, event.text) for event in finals(events)] == [
            (1, "one"),
            (2, "two"),
            (3, "three"),
        ]

    async def test_g02_finalize_does_not_wait_for_silence(self, emulators: Emulators, stt: Stt) -> None:
        stream = stt.open(REQUEST)
        await say(stream, SPEECH, RATE)
        stream.finalize()
        assert finals(await until(stream, lambda seen: bool(finals(seen))))

    @pytest.mark.parametrize("kind", KINDS)
    async def test_g02_options_reach_the_server(self, emulators: Emulators, network: Network, kind: str) -> None:
        async with open_provider(getattr(network, kind)(prompt="Zanzibar, Kilimanjaro")) as stt:
            await heard(stt, SPEECH + QUIET)
        (entry,) = emulators.journal.entries
        del entry.body["audio"]
        assert entry.body == {
            "model": "whisper" if kind == "compatible_transcription" else "gpt-4o-mini-transcribe",
            "language": "en",
            "prompt": "Zanzibar, Kilimanjaro",
            "response_format": "json",
        }

    @pytest.mark.parametrize(
        ("detector", "begins"),
        [pytest.param(EnergyActivity, [1, 3.2], id="energy"), pytest.param(SileroActivity, [3.2], id="silero")],
    )
    async def test_g04_who_hears_speech_is_chosen(
        self, network: Network, detector: type[VoiceActivity], begins: list[float]
    ) -> None:
        """A hum is speech to the ear for loudness, and none to the model."""
        config = OpenAIStt(model="m", api_key_files=[network.key_file], base_url=f"{network.address}/v1")
        hearing = Remembering(detector())
        audio = QUIET + hum(1200) + QUIET + recording("ten-of-clubs") + QUIET
        async with open_provider(create_stt(config, network.deadlines, hearing=hearing)) as stt:
            stream = stt.open(REQUEST)
            for at in range(0, len(audio), FRAME):
                stream.send(audio[at : at + FRAME])
                await settled(*hearing.streams)
            events = await until(stream, lambda seen: len(finals(seen)) == len(begins))
        starts = [event.audio_ms / 1000 for event in events if isinstance(event, SpeechStarted)]
        assert starts == pytest.approx(begins, abs=0.3)


class TestStalls:
    async def test_g04_a_client_that_stops_sending_has_finished(self, stt: Stt) -> None:
        stream = stt.open(REQUEST)
        await say(stream, SPEECH, RATE)
        events = await until(stream, lambda seen: bool(finals(seen)))
        assert [type(event) for event in events] == [SpeechStarted, SpeechStopped, TranscriptChanged]

    async def test_g04_speech_after_such_a_stop_is_heard_again(self, stt: Stt) -> None:
        stream = stt.open(REQUEST)
        await say(stream, SPEECH, RATE)
        starts = []
        async with asyncio.timeout(20), aclosing(stream.events()) as events:  # type: ignore[type-var]
            async for event in events:
                if isinstance(event, SpeechStarted):
                    starts.append(event.audio_ms)
                elif isinstance(event, TranscriptChanged) and len(starts) == 1:
                    await say(stream, SPEECH, RATE)
                elif isinstance(event, TranscriptChanged):
                    break
        assert len(starts) == 2
        assert 1100 <= starts[1] <= 1300


class TestReadiness:
    async def test_g05_after_a_quiet_hour_the_connection_is_opened_while_somebody_speaks(
        self, emulators: Emulators, stt: Stt, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("parley_gateway.providers.http._FRESH_S", 0.0)
        await stt.warm()
        stream = stt.open(REQUEST)
        await say(stream, SPEECH, RATE)
        await emulators.journal.until(lambda journal: len(journal.entries) == 2)
        await say(stream, QUIET, RATE)
        assert await until(stream, lambda seen: bool(finals(seen)))
        assert [entry.method for entry in emulators.journal.entries] == ["HEAD", "HEAD", "POST"]


class TestLettingGo:
    async def test_g10_what_waits_is_bounded_and_what_is_given_up_is_said(
        self, emulators: Emulators, network: Network
    ) -> None:
        befall(emulators, "openai_transcription", Fault(kind="stall"))
        async with open_provider(network.openai_transcription()) as stt:
            stream = stt.open(REQUEST)
            reader = asyncio.create_task(drained(stream.events()))
            dropped = 0
            for _ in range(12):
                dropped += stream.send(SPEECH + QUIET)
                await asyncio.sleep(0)
            dropped += stream.send(QUIET)
            stream.abort()
            await reader
        assert 1500 * 2 <= dropped <= 1750 * 4


class TestFaults:
    @pytest.mark.parametrize(
        ("fault", "kind"),
        [
            pytest.param(Fault(kind="refuse", status=413), FailureKind.REFUSED, id="too_long"),
            pytest.param(Fault(kind="end", after=1), FailureKind.GARBAGE, id="half_an_answer"),
        ],
    )
    async def test_g02_a_fault_of_an_answer_is_a_failure_of_its_kind(
        self, emulators: Emulators, stt: Stt, fault: Fault, kind: FailureKind
    ) -> None:
        befall(emulators, "openai_transcription", fault)
        assert (await failing(stt)).kind is kind

    async def test_g07_what_was_sent_and_not_answered_may_cost(
        self, emulators: Emulators, impatient: Network
    ) -> None:
        told: list[Usage] = []
        befall(emulators, "openai_transcription", Fault(kind="stall"))
        async with open_provider(impatient.openai_transcription()) as stt:
            await failing(stt, SttRequest(session="s", language="en-US", meter=told.append))
        (usage,) = told
        (entry,) = emulators.journal.entries
        assert usage.amounts[Unit.AUDIO_SECONDS] == pytest.approx(entry.body["audio"]["ms"] / 1000, abs=0.01)
