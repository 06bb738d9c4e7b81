"""Both detectors: people are heard, rooms are not, and callers do not hear each other."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator, Sequence

import numpy as np
import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from parley_contract.turn_taking import TurnTakingConfig
from parley_gateway.audio.activity import create_voice_activity
from parley_gateway.audio.edges import VadEvent
from parley_gateway.audio.energy import EnergyActivity
from parley_gateway.audio.silero import SileroActivity
from parley_gateway.audio.silero_model import MODEL
from parley_gateway.conversation.events import SpeechStarted, SpeechStopped
from parley_gateway.ports import VoiceActivity
from tests.recordings import IN_VOCABULARY, OUT_OF_VOCABULARY, RATE, recording
from tests.unit.audio.judged import settled
from tests.unit.embedded.sounds import Change, by_telephone, from_a_browser, louder, noisy, room

FRAME = RATE * 20 // 1000 * 2
CHUNK = 20 * FRAME


@pytest.fixture(autouse=True, scope="module")
def nobody_is_waited_for() -> Iterator[None]:
    """Audio comes as fast as it is judged: to wait for company would take most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("parley_gateway.audio.silero_batches._GATHER_S", 0.0)
        yield


@pytest_asyncio.fixture(params=["Energy", "Silero"])
async def activity(request: pytest.FixtureRequest) -> AsyncIterator[VoiceActivity]:
    made = create_voice_activity(TurnTakingConfig(voice_activity=request.param))
    await made.warm()
    yield made
    await made.aclose()


@pytest_asyncio.fixture
async def silero() -> AsyncIterator[SileroActivity]:
    made = SileroActivity()
    yield made
    await made.aclose()


async def heard(activity: VoiceActivity, pcm: bytes, *, chunk: int = CHUNK, rate: int = RATE) -> list[VadEvent]:
    """What is heard in this audio, which comes as fast as it is judged."""
    events: list[VadEvent] = []
    stream = activity.open(sample_rate=rate, on_event=events.append)
    for at in range(0, len(pcm), chunk):
        stream.send(pcm[at : at + chunk])
        await settled(stream)
    stream.close()
    return events


def alternating(events: Sequence[VadEvent]) -> bool:
    kinds = [type(event) for event in events]
    return kinds == ([SpeechStarted, SpeechStopped] * len(kinds))[: len(kinds)]


def hum(seconds: float, hz: float, amplitude: float = 3_000) -> bytes:
    time = np.arange(int(RATE * seconds)) / RATE
    return (amplitude * np.sin(2 * np.pi * hz * time)).astype("<i2").tobytes()


@pytest.mark.parametrize("name", [*IN_VOCABULARY, *OUT_OF_VOCABULARY])
async def test_g04_a_person_is_heard_from_the_first_word_to_the_last(activity: VoiceActivity, name: str) -> None:
    speech = recording(name)
    events = await heard(activity, room(1_000) + speech + room(1_000))
    assert alternating(events)
    assert isinstance(events[-1], SpeechStopped)
    assert 900 <= events[0].audio_ms <= 1_600
    assert events[-1].audio_ms <= 1_000 + len(speech) // 32 + 200
    assert len(events) <= 4


@pytest.mark.parametrize(
    "change",
    [louder(0.1), louder(2.0), noisy(15), by_telephone, from_a_browser],
    ids=["quiet", "loud", "noise", "telephone", "browser"],
)
async def test_g04_level_noise_and_bandwidth_do_not_matter_much(activity: VoiceActivity, change: Change) -> None:
    events = await heard(activity, change(room(1_000) + recording("three-cards") + room(1_000)))
    assert alternating(events)
    assert 1_000 <= events[0].audio_ms <= 1_600
    assert 4_000 <= events[-1].audio_ms <= 4_600


@pytest.mark.parametrize("amplitude", [0, 5, 50, 500, 5_000])
async def test_g04_noise_is_not_speech(activity: VoiceActivity, amplitude: float) -> None:
    assert await heard(activity, room(8_000, amplitude)) == []


async def test_g04_a_click_is_not_speech(activity: VoiceActivity) -> None:
    assert await heard(activity, room(1_000) + hum(0.02, 300, 20_000) + room(1_000)) == []


@pytest.mark.parametrize("hz", [60, 100, 300, 1_000])
async def test_g04_a_hum_is_not_speech_to_silero(silero: SileroActivity, hz: float) -> None:
    assert await heard(silero, room(1_000) + hum(3, hz) + room(1_000)) == []


@pytest.mark.parametrize("rate", [8_000, 24_000, 48_000])
async def test_g04_any_rate_will_do(activity: VoiceActivity, rate: int) -> None:
    samples = np.frombuffer(room(1_000) + recording("ten-of-clubs") + room(1_000), "<i2")
    times = np.arange(int(len(samples) * rate / RATE)) * RATE / rate
    pcm = np.interp(times, np.arange(len(samples)), samples).astype("<i2").tobytes()
    events = await heard(activity, pcm, chunk=rate // 5 * 2, rate=rate)
    same = await heard(activity, samples.tobytes())
    assert [type(event) for event in events] == [type(event) for event in same]
    assert all(abs(one.audio_ms - other.audio_ms) <= 200 for one, other in zip(events, same, strict=True))


@pytest.mark.parametrize("chunk_ms", [10, 32, 100, 1_000])
async def test_g04_chunks_make_no_difference(activity: VoiceActivity, chunk_ms: int) -> None:
    audio = room(700) + recording("five-five") + room(1_000)
    assert await heard(activity, audio, chunk=32 * chunk_ms) == await heard(activity, audio)


async def test_g04_nothing_is_said_after_the_close(activity: VoiceActivity) -> None:
    events: list[VadEvent] = []
    stream = activity.open(sample_rate=RATE, on_event=events.append)
    stream.send(recording("three-cards"))
    stream.close()
    told = len(events)
    stream.send(recording("three-cards"))
    await settled(stream)
    assert len(events) == told


CALLS = {name: room(600) + recording(name) + room(900) for name in ("three-cards", "numbers", "five-five")}
ALONE: dict[str, list[VadEvent]] = {}


@settings(deadline=None, max_examples=12)
@given(
    rounds=st.lists(
        st.dictionaries(st.sampled_from(sorted(CALLS)), st.integers(1, 40), min_size=1), min_size=1, max_size=20
    )
)
def test_g04_callers_in_one_batch_are_heard_as_if_alone(rounds: list[dict[str, int]]) -> None:
    """In each round, some callers send so many frames of 20 ms each."""

    async def scene() -> None:
        silero = SileroActivity()
        events: dict[str, list[VadEvent]] = {name: [] for name in CALLS}
        streams = {name: silero.open(sample_rate=RATE, on_event=told.append) for name, told in events.items()}
        sent = dict.fromkeys(CALLS, 0)
        for frames in [*rounds, *([dict.fromkeys(CALLS, 50)] * 6)]:
            for name, number in frames.items():
                streams[name].send(CALLS[name][sent[name] : sent[name] + number * FRAME])
                sent[name] += number * FRAME
            await settled(*streams.values())
        for name, audio in CALLS.items():
            if name not in ALONE:
                ALONE[name] = await heard(silero, audio)
            assert events[name] == ALONE[name]
        await silero.aclose()

    asyncio.run(scene())


async def test_g04_the_energy_detector_needs_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    monkeypatch.delitem(__import__("sys").modules, "parley_gateway.audio.silero", raising=False)
    monkeypatch.delitem(__import__("sys").modules, "parley_gateway.audio.silero_model", raising=False)
    for choice in ("Provider", "Energy"):
        made = create_voice_activity(TurnTakingConfig.model_validate({"voice_activity": choice}))
        assert isinstance(made, EnergyActivity)
    with pytest.raises(ModuleNotFoundError, match="onnxruntime"):
        create_voice_activity(TurnTakingConfig(voice_activity="Silero"))


def test_the_model_is_the_one_that_the_licence_names() -> None:
    digest = hashlib.sha256(MODEL.read_bytes()).hexdigest()
    assert digest == "7ed98ddbad84ccac4cd0aeb3099049280713df825c610a8ed34543318f1b2c49"
    assert "Silero Team" in MODEL.with_name("LICENSE.silero-vad").read_text()
