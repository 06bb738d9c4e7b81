"""Utterances, found in recordings of people: whole sentences end soon, unfinished ones are waited for."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley_gateway.conversation.events import SpeechStarted, SpeechStopped
from parley_gateway.providers.embedded.endpointing import Endpointer, EndpointTuning, Finish, Listen, Step
from tests.recordings import IN_VOCABULARY, RATE, recording

TUNING = EndpointTuning()
FRAME = RATE // 50 * 2


def silence(ms: int) -> bytes:
    return bytes(RATE * 2 * ms // 1000)


def run(endpointer: Endpointer, pcm: bytes, *, complete: bool, chunk: int = FRAME) -> list[tuple[int, Step]]:
    """Each step with the ms of audio after which it came; every final look finds a complete sentence, or none."""
    steps: list[tuple[int, Step]] = []
    for at in range(0, len(pcm), chunk):
        for step in endpointer.feed(pcm[at : at + chunk]):
            steps.append(((at + chunk) // (RATE * 2 // 1000), step))
            if isinstance(step, Listen) and step.final:
                endpointer.judged(step.utterance, complete=complete)
    return steps


def only(steps: list[tuple[int, Step]], kind: type[Step]) -> list[tuple[int, Step]]:
    return [(at, step) for at, step in steps if isinstance(step, kind)]


@pytest.mark.parametrize("name", IN_VOCABULARY)
@pytest.mark.parametrize(("complete", "wait"), [(True, 500), (False, 900)])
def test_an_utterance_ends_after_the_silence_that_it_needs(name: str, complete: bool, wait: int) -> None:
    steps = run(Endpointer(RATE), silence(500) + recording(name) + silence(1_500), complete=complete)

    (stopped,) = (step for _, step in steps[-3:] if isinstance(step, SpeechStopped))
    ((finished_at, finish),) = only(steps, Finish)
    assert isinstance(finish, Finish)
    assert not finish.asked
    assert finished_at - stopped.audio_ms == wait


def test_the_last_look_is_at_the_whole_utterance_with_some_silence_around() -> None:
    audio = silence(500) + recording("three-cards") + silence(1_500)
    steps = run(Endpointer(RATE), audio, complete=True)
    ((_, started),) = only(steps, SpeechStarted)
    ((_, stopped),) = only(steps, SpeechStopped)
    last = [step for _, step in steps if isinstance(step, Listen)][-1]

    assert isinstance(started, SpeechStarted)
    assert isinstance(stopped, SpeechStopped)
    assert last.final
    assert last.begins_ms == started.audio_ms - TUNING.context
    begin, end = (2 * RATE // 1000 * ms for ms in (last.begins_ms, stopped.audio_ms + TUNING.context))
    assert last.pcm == audio[begin:end]


def test_there_are_looks_in_between_and_they_grow() -> None:
    steps = run(Endpointer(RATE), silence(500) + recording("three-cards") + silence(1_500), complete=True)
    interim = [step for _, step in steps if isinstance(step, Listen) and not step.final]

    assert len(interim) >= 4
    assert [len(step.pcm) for step in interim] == sorted({len(step.pcm) for step in interim})


def test_speech_that_goes_on_within_the_silence_is_the_same_utterance() -> None:
    word = recording("ten-of-clubs")
    steps = run(Endpointer(RATE), silence(500) + word + silence(300) + word + silence(1_500), complete=False)

    assert len(only(steps, SpeechStarted)) == 2
    ((_, finish),) = only(steps, Finish)
    assert isinstance(finish, Finish)
    assert finish.spoken_ms > 2_000


def test_speech_after_the_silence_is_the_next_utterance() -> None:
    word = recording("ten-of-clubs")
    steps = run(Endpointer(RATE), (silence(500) + word + silence(1_500)) * 2, complete=True)

    assert [step.utterance for _, step in only(steps, Finish) if isinstance(step, Finish)] == [1, 2]


def test_endless_speech_is_cut_and_goes_on_as_the_next_utterance() -> None:
    speech = recording("three-cards") * 6
    steps = run(Endpointer(RATE), speech + silence(1_500), complete=False)
    finished = [step.utterance for _, step in only(steps, Finish) if isinstance(step, Finish)]
    longest = max(len(step.pcm) for _, step in steps if isinstance(step, Listen))

    assert finished == [1, 2]
    assert longest <= RATE * 2 * (TUNING.longest + 2 * TUNING.context) // 1000


def test_whoever_asks_gets_an_end_at_once() -> None:
    endpointer = Endpointer(RATE)
    endpointer.feed(silence(300) + recording("ten-of-clubs"))
    stopped, look, finish = endpointer.finish(asked=True)

    assert isinstance(stopped, SpeechStopped)
    assert isinstance(look, Listen)
    assert look.final
    assert isinstance(finish, Finish)
    assert finish.asked
    assert not endpointer.open


def test_whoever_asks_when_nothing_was_said_is_told_so() -> None:
    endpointer = Endpointer(RATE)
    endpointer.feed(silence(300))

    assert endpointer.finish(asked=True) == [Finish(1, spoken_ms=0, asked=True)]
    assert endpointer.finish(asked=False) == []


def test_silence_is_not_kept() -> None:
    endpointer = Endpointer(RATE)
    for _ in range(100):
        endpointer.feed(silence(1_000))

    assert len(endpointer._audio) <= RATE * 2 * 300 // 1000


@settings(deadline=None, max_examples=15)
@given(chunks=st.lists(st.integers(1, 3_000), min_size=1, max_size=40))
def test_the_final_looks_do_not_depend_on_how_the_audio_was_cut(chunks: list[int]) -> None:
    audio = silence(500) + recording("seven-of-clubs") + silence(1_500)
    endpointer, steps, at = Endpointer(RATE), list[Step](), 0
    for chunk in [*chunks, len(audio)]:
        steps += endpointer.feed(audio[at : at + chunk * 2])
        at += chunk * 2
    steps += endpointer.feed(silence(1_000))

    whole = run(Endpointer(RATE), audio + silence(1_000), complete=False)
    assert [step for step in steps if isinstance(step, Finish) or (isinstance(step, Listen) and step.final)] == [
        step for _, step in whole if isinstance(step, Finish) or (isinstance(step, Listen) and step.final)
    ]
