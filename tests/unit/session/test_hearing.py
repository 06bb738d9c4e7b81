"""Speech that our detector hears and speech that the recogniser tells of are one story."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_gateway.audio.energy import EnergyActivity
from parley_gateway.conversation.events import SpeechStarted, SpeechStopped
from parley_gateway.session.hearing import Hearing, Sound
from tests.recordings import RATE, recording

SECOND = bytes(2 * RATE)


@dataclass
class ScriptedStream:
    """Says what the test has it say, unless it was closed."""

    on_event: Callable[[Sound], None]
    received: int = 0
    closed: bool = False

    def send(self, pcm: bytes) -> None:
        self.received += len(pcm)

    def close(self) -> None:
        self.closed = True

    def says(self, sound: Sound) -> None:
        if not self.closed:
            self.on_event(sound)


@dataclass
class ScriptedActivity:
    """A detector by script."""

    streams: list[ScriptedStream] = field(default_factory=list)

    async def warm(self) -> None:
        return None

    def open(self, *, sample_rate: int, on_event: Callable[[Sound], None]) -> ScriptedStream:
        assert sample_rate == RATE
        self.streams.append(ScriptedStream(on_event))
        return self.streams[-1]

    async def aclose(self) -> None:
        return None


class Scene:
    """A caller, our detector, and the recogniser."""

    def __init__(self) -> None:
        self.heard: list[Sound] = []
        self.activity = ScriptedActivity()
        self.hearing = Hearing(self.activity, sample_rate=RATE, tell=self.heard.append)

    def ours(self, *sounds: Sound) -> None:
        for sound in sounds:
            self.activity.streams[-1].says(sound)

    def theirs(self, *sounds: Sound) -> None:
        for sound in sounds:
            self.hearing.told(sound)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_g04_speech_starts_with_whoever_notices_it_first(scene: Scene) -> None:
    scene.ours(SpeechStarted(100))
    scene.theirs(SpeechStarted(120))
    assert scene.heard == [SpeechStarted(100)]


def test_g04_the_recogniser_may_be_the_first(scene: Scene) -> None:
    scene.theirs(SpeechStarted(100))
    scene.ours(SpeechStarted(140), SpeechStopped(900))
    assert scene.heard == [SpeechStarted(100), SpeechStopped(900)]


def test_g04_late_news_of_speech_that_is_over_is_none(scene: Scene) -> None:
    scene.ours(SpeechStarted(100), SpeechStopped(800))
    scene.theirs(SpeechStarted(130), SpeechStopped(820))
    assert scene.heard == [SpeechStarted(100), SpeechStopped(800)]


def test_g04_a_late_end_does_not_end_what_began_after_it(scene: Scene) -> None:
    scene.ours(SpeechStarted(100), SpeechStopped(800), SpeechStarted(1_400))
    scene.theirs(SpeechStopped(820))
    assert scene.heard[-1] == SpeechStarted(1_400)


def test_g04_what_only_the_recogniser_hears_counts(scene: Scene) -> None:
    scene.ours(SpeechStarted(100), SpeechStopped(800))
    scene.theirs(SpeechStarted(1_500), SpeechStopped(2_000))
    assert scene.heard[2:] == [SpeechStarted(1_500), SpeechStopped(2_000)]


def test_g04_a_pause_of_the_client_ends_speech_and_keeps_the_time(scene: Scene) -> None:
    scene.hearing.audio(SECOND)
    scene.ours(SpeechStarted(100))
    scene.hearing.pause()
    assert scene.activity.streams[0].closed
    scene.hearing.audio(SECOND)
    scene.theirs(SpeechStarted(110))
    scene.ours(SpeechStarted(200), SpeechStopped(600))
    assert scene.heard == [SpeechStarted(100), SpeechStarted(1_200), SpeechStopped(1_600)]


def test_g04_nothing_is_told_after_the_end(scene: Scene) -> None:
    scene.hearing.close()
    scene.ours(SpeechStarted(100))
    assert scene.heard == []


def test_g04_a_real_detector_hears_a_person_at_once() -> None:
    heard: list[Sound] = []
    hearing = Hearing(EnergyActivity(), sample_rate=RATE, tell=heard.append)
    hearing.audio(SECOND + recording("ten-of-clubs") + SECOND)
    assert [type(sound) for sound in heard] == [SpeechStarted, SpeechStopped]


sounds = st.builds(SpeechStarted, st.integers(0, 5_000)) | st.builds(SpeechStopped, st.integers(0, 5_000))


@given(st.lists(st.tuples(st.booleans(), sounds), max_size=40))
def test_g04_starts_and_stops_alternate_whatever_both_say(said: list[tuple[bool, Sound]]) -> None:
    scene = Scene()
    for is_ours, sound in said:
        (scene.ours if is_ours else scene.theirs)(sound)
    kinds = [type(sound) for sound in scene.heard]
    assert kinds == ([SpeechStarted, SpeechStopped] * len(kinds))[: len(kinds)]
    for start, stop in zip(scene.heard[::2], scene.heard[1::2], strict=False):
        assert stop.audio_ms >= start.audio_ms
