"""Recordings of people are understood; what is not in the vocabulary, and what is no speech, is not."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import aclosing

import numpy as np
import pytest

from parley_contract.pipeline import DeadlinesConfig, EmbeddedStt
from parley_gateway.conversation.events import (
    EndOfTurn,
    FailureKind,
    SpeechStarted,
    SpeechStopped,
    TranscriptChanged,
    TurnEnd,
)
from parley_gateway.ports import ProviderError, Stt, SttEvent, SttRequest, SttStream
from parley_gateway.providers.embedded.vocabulary import UNCLEAR
from parley_gateway.providers.stt.embedded import EmbeddedRecognition, EmbeddedRecognitionStream, create
from tests.recordings import IN_VOCABULARY, OUT_OF_VOCABULARY, RATE, recording
from tests.unit.embedded.sounds import Change, by_telephone, from_a_browser, louder, noisy, room

REQUEST = SttRequest(session="s", language="en-US")
END = EndOfTurn(TurnEnd.FINAL)


async def heard(stt: Stt, pcm: bytes, *, chunk_ms: int = 80) -> list[SttEvent]:
    """Everything that is heard in this audio, which is sent faster than it was spoken."""
    stream = stt.open(REQUEST)
    size = RATE * chunk_ms // 1000 * 2
    for at in range(0, len(pcm), size):
        stream.send(pcm[at : at + size])
    stream.finalize()
    return await all_until_the_answer(stream)


async def all_until_the_answer(stream: SttStream) -> list[SttEvent]:
    """Until the final transcript that answers `finalize`, which no end of turn follows."""
    events: list[SttEvent] = []
    async with asyncio.timeout(60), aclosing(stream.events()) as source:  # type: ignore[type-var]
        async for event in source:
            events.append(event)
            if isinstance(event, TranscriptChanged) and event.final and event.text == "":
                return events
    return events


def said(events: list[SttEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, TranscriptChanged) and event.final and event.text]


@pytest.mark.parametrize(("name", "text"), IN_VOCABULARY.items())
async def test_people_are_understood(stt: Stt, name: str, text: str) -> None:
    events = await heard(stt, room(500) + recording(name) + room(1_500))

    assert said(events) == [text]
    assert events.count(END) == 1


@pytest.mark.parametrize("name", ["go-forward-ten-meters", "go-somewhere-and-do-something", "three-cards"])
@pytest.mark.parametrize(
    "change",
    [louder(0.1), louder(2.0), noisy(20), by_telephone, from_a_browser],
    ids=["quiet", "loud", "noise", "telephone", "browser"],
)
async def test_level_noise_and_bandwidth_do_not_matter_much(stt: Stt, name: str, change: Change) -> None:
    events = await heard(stt, change(room(500) + recording(name) + room(1_500)))

    assert said(events) == [IN_VOCABULARY[name]]


@pytest.mark.parametrize("chunk_ms", [10, 20, 37, 100, 1_000])
async def test_the_chunks_do_not_matter(stt: Stt, chunk_ms: int) -> None:
    audio = bytes(RATE) + recording("three-cards") + bytes(RATE * 3)

    assert said(await heard(stt, audio, chunk_ms=chunk_ms)) == [IN_VOCABULARY["three-cards"]]


@pytest.mark.parametrize("name", OUT_OF_VOCABULARY)
async def test_other_speech_is_unclear_rather_than_something_it_is_not(stt: Stt, name: str) -> None:
    events = await heard(stt, room(500) + recording(name) + room(1_500))

    assert said(events) == [UNCLEAR]
    assert END in events


@pytest.mark.parametrize(
    "audio",
    [bytes(RATE * 2 * 8), room(8_000, 30), room(8_000, 3_000)],
    ids=["digital silence", "quiet room", "loud noise"],
)
async def test_what_is_no_speech_has_no_transcript(stt: Stt, audio: bytes) -> None:
    assert [type(event) for event in await heard(stt, audio)] == [TranscriptChanged]


@pytest.mark.parametrize("hz", [50, 60, 100, 120, 300, 1_000])
async def test_a_hum_has_no_words(stt: Stt, hz: int) -> None:
    time = np.arange(RATE * 3) / RATE
    hum = (3_000 * np.sin(2 * np.pi * hz * time)).astype("<i2").tobytes()

    assert said(await heard(stt, room(1_000) + hum + room(2_000))) == []


async def test_the_beginning_of_a_sentence_is_no_sentence(stt: Stt) -> None:
    cut = recording("go-somewhere-and-do-something")[: RATE * 2 * 14 // 10]

    assert set(said(await heard(stt, room(500) + cut + room(1_500)))) <= {UNCLEAR}


async def test_sound_is_told_at_once_and_words_while_they_are_spoken(
    stt: Stt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The audio comes only as fast as it is listened to, so that the recogniser keeps up with it."""
    monkeypatch.setattr("parley_gateway.providers.stt.embedded._STALLED", 60.0)
    stream = stt.open(REQUEST)
    audio = room(500) + recording("go-forward-ten-meters") + room(1_500)
    assert isinstance(stream, EmbeddedRecognitionStream)
    frames = (audio[at : at + 640 * 20] for at in range(0, len(audio), 640 * 20))
    events: list[SttEvent] = []

    async with asyncio.timeout(60), aclosing(stream.events()) as source:  # type: ignore[type-var]
        reader = asyncio.create_task(_collect(source, events))
        for frame in frames:
            stream.send(frame)
            await _idle(stream)
        await reader

    kinds = [type(event) for event in events]
    interim = [event.text for event in events if isinstance(event, TranscriptChanged) and not event.final]
    assert kinds[0] is SpeechStarted
    assert kinds[-3:] == [SpeechStopped, TranscriptChanged, EndOfTurn]
    assert interim[-1] == "go forward ten meters"
    assert len(interim) >= 2
    assert all("go forward ten meters".startswith(text) for text in interim)


async def _collect(source: AsyncIterator[SttEvent], events: list[SttEvent]) -> None:
    async for event in source:
        events.append(event)
        if event == END:
            return


async def _idle(stream: EmbeddedRecognitionStream) -> None:
    while stream._work:  # noqa: ASYNC110
        await asyncio.sleep(0)


async def test_words_have_their_place_in_the_caller_s_audio(stt: Stt) -> None:
    before = room(3_000)
    (final,) = (
        event
        for event in await heard(stt, before + recording("go-forward-ten-meters") + room(1_500))
        if isinstance(event, TranscriptChanged) and event.final and event.text
    )

    assert [word.text for word in final.words] == ["go", "forward", "ten", "meters"]
    edges = [edge for word in final.words for edge in (word.start_ms, word.end_ms)]
    assert edges == sorted(edges)
    assert 3_400 < edges[0] < 3_600
    assert 5_000 < edges[-1] < 5_300


async def test_two_sentences_are_two_turns(stt: Stt) -> None:
    first, second = (room(500) + recording(name) + room(1_500) for name in ("ten-of-clubs", "numbers"))
    events = await heard(stt, first + second)

    assert said(events) == [IN_VOCABULARY["ten-of-clubs"], IN_VOCABULARY["numbers"]]
    assert events.count(END) == 2


async def test_a_client_that_stops_sending_in_mid_sentence_is_answered(stt: Stt) -> None:
    stream = stt.open(REQUEST)
    stream.send(room(500) + recording("go-forward-ten-meters")[: RATE * 2 * 22 // 10])
    events: list[SttEvent] = []
    async with asyncio.timeout(60), aclosing(stream.events()) as source:  # type: ignore[type-var]
        await _collect(source, events)

    assert said(events) == ["go forward ten meters"]


async def test_many_sessions_share_one_process(stt: Stt) -> None:
    audio = room(300) + recording("ten-of-clubs") + room(1_200)
    results = await asyncio.gather(*(heard(stt, audio) for _ in range(5)))

    assert all(said(events) == [IN_VOCABULARY["ten-of-clubs"]] for events in results)


async def test_audio_is_dropped_and_said_to_be_when_nobody_recognises(stt: Stt) -> None:
    stream = stt.open(REQUEST)
    sentence = room(300) + recording("ten-of-clubs") + room(1_200)
    dropped = [stream.send(sentence) for _ in range(30)]
    stream.abort()

    assert dropped[0] == 0
    assert dropped[-1] == len(sentence) // 32


async def test_a_child_that_is_killed_is_replaced_and_no_word_is_lost(stt: Stt) -> None:
    assert isinstance(stt, EmbeddedRecognition)
    first = stt._worker.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    events = await heard(stt, room(500) + recording("ten-of-clubs") + room(1_500))

    assert said(events) == ["ten of clubs"]
    assert stt._worker.pid not in (None, first)


async def test_a_child_that_hangs_is_a_timeout_and_is_replaced() -> None:
    stt = create(EmbeddedStt(), DeadlinesConfig(first_byte=3))
    await stt.warm()
    stopped = stt._worker.pid
    assert stopped is not None
    os.kill(stopped, signal.SIGSTOP)
    with pytest.raises(ProviderError) as failure:
        await heard(stt, room(500) + recording("ten-of-clubs") + room(1_500))
    await stt.warm()

    assert failure.value.kind is FailureKind.TIMEOUT
    assert stt._worker.pid not in (None, stopped)
    await stt.aclose()


async def test_after_the_end_recognition_is_refused_rather_than_begun_anew() -> None:
    stt = create(EmbeddedStt(), DeadlinesConfig())
    await stt.aclose()
    with pytest.raises(ProviderError) as failure:
        await heard(stt, room(500) + recording("ten-of-clubs") + room(1_500))

    assert failure.value.kind is FailureKind.UNREACHABLE


async def test_no_child_outlives_its_gateway() -> None:
    stt = create(EmbeddedStt(), DeadlinesConfig())
    await stt.warm()
    pid = stt._worker.pid
    assert pid is not None
    await stt.aclose()

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
