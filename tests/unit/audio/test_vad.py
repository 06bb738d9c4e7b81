"""Voice activity: people are heard, rooms are not, and positions do not depend on how the audio was cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley_gateway.audio.vad import FRAME_MS, EnergyVad, VadEvent
from parley_gateway.conversation.events import SpeechStarted, SpeechStopped
from tests.recordings import IN_VOCABULARY, OUT_OF_VOCABULARY, RATE, recording


def room(seconds: float, amplitude: float = 8) -> bytes:
    return np.random.default_rng(1).normal(0, amplitude, int(RATE * seconds)).astype("<i2").tobytes()


def louder(pcm: bytes, factor: float) -> bytes:
    return np.clip(np.frombuffer(pcm, "<i2") * factor, -32_768, 32_767).astype("<i2").tobytes()


def with_noise(pcm: bytes, amplitude: float) -> bytes:
    samples = np.frombuffer(pcm, "<i2")
    return (
        np.clip(samples + np.random.default_rng(2).normal(0, amplitude, len(samples)), -32_768, 32_767)
        .astype("<i2")
        .tobytes()
    )


@pytest.mark.parametrize("name", [*IN_VOCABULARY, *OUT_OF_VOCABULARY])
@pytest.mark.parametrize(("level", "noise"), [(1.0, 0.0), (1.0, 8.0), (0.1, 4.0), (1.0, 150.0)])
def test_a_person_is_heard_from_the_first_word_to_the_last(name: str, level: float, noise: float) -> None:
    speech = recording(name)
    audio = with_noise(bytes(RATE) + louder(speech, level) + bytes(RATE * 2), noise)
    events = EnergyVad(RATE).feed(audio)

    assert isinstance(events[0], SpeechStarted)
    assert isinstance(events[-1], SpeechStopped)
    assert 440 <= events[0].audio_ms <= 1_100
    assert events[-1].audio_ms <= 500 + len(speech) // 32 + 100


@pytest.mark.parametrize("amplitude", [0, 5, 50, 500, 5_000])
def test_white_noise_is_not_speech(amplitude: float) -> None:
    assert EnergyVad(RATE).feed(room(10, amplitude)) == []


def test_a_hum_that_stays_becomes_part_of_the_room() -> None:
    time = np.arange(RATE * 20) / RATE
    hum = (3_000 * np.sin(2 * np.pi * 100 * time)).astype("<i2").tobytes()
    vad = EnergyVad(RATE)
    vad.feed(room(2) + hum)

    assert not vad.speaking
    assert [type(event) for event in vad.feed(louder(recording("three-cards"), 3) + hum)][:1] == [SpeechStarted]


def test_a_click_is_not_speech() -> None:
    click = (20_000 * np.sin(2 * np.pi * 300 * np.arange(RATE // 50) / RATE)).astype("<i2").tobytes()

    assert EnergyVad(RATE).feed(room(1) + click + room(1)) == []


def test_speech_may_begin_with_the_very_first_sample() -> None:
    middle_of_a_word = recording("three-cards")[RATE * 2 * 4 // 10 :]
    events = EnergyVad(RATE).feed(middle_of_a_word)

    assert isinstance(events[0], SpeechStarted)
    assert events[0].audio_ms < 60


@settings(deadline=None, max_examples=25)
@given(cuts=st.lists(st.integers(1, 5_000), min_size=1, max_size=60))
def test_chunks_make_no_difference(cuts: list[int]) -> None:
    audio = bytes(RATE) + recording("five-five") + bytes(RATE)
    vad, events, at = EnergyVad(RATE), list[VadEvent](), 0
    for cut in [*cuts, len(audio)]:
        events += vad.feed(audio[at : at + cut])
        at += cut

    assert events == EnergyVad(RATE).feed(audio)
    assert vad.position_ms == len(audio) // 2 * 1_000 // RATE // FRAME_MS * FRAME_MS


@settings(deadline=None, max_examples=50)
@given(
    stretches=st.lists(st.tuples(st.integers(1, 80), st.integers(0, 20_000)), max_size=20),
    seed=st.integers(0, 2**32 - 1),
)
def test_starts_and_stops_alternate_and_time_goes_forward(stretches: list[tuple[int, int]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    audio = b"".join(
        rng.normal(0, amplitude, frames * 320).clip(-32_768, 32_767).astype("<i2").tobytes()
        for frames, amplitude in stretches
    )
    events = EnergyVad(RATE).feed(audio)

    assert [type(event) for event in events] == ([SpeechStarted, SpeechStopped] * len(events))[: len(events)]
    positions = [event.audio_ms for event in events]
    assert positions == sorted(positions)


def test_the_end_of_the_audio_can_be_taken_for_the_end_of_speech() -> None:
    vad = EnergyVad(RATE)
    speech = recording("ten-of-clubs")
    vad.feed(speech)
    position = len(speech) // 32 // FRAME_MS * FRAME_MS

    assert vad.stop() == [SpeechStopped(position)]
    assert vad.stop() == []
