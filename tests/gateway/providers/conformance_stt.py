"""What every provider of recognition does.

A provider's test subclasses this and gives it the fixtures `stt` and `utterance`: speech that the provider
understands, at its rate, with nothing before and after.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing

from parley_gateway.conversation.events import (
    EndOfTurn,
    SpeechStarted,
    SpeechStopped,
    TranscriptChanged,
    TurnEnd,
)
from parley_gateway.ports import Stt, SttEvent, SttRequest, SttStream
from tests.emulators.speech import silence
from tests.gateway.providers.network import none_but

FRAME_MS = 20
REQUEST = SttRequest(session="s", language="en-US")


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


class SttConformance:
    """The contract of `ports.Stt`."""

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
