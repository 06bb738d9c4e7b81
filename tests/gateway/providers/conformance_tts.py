"""What every provider of speech does. A provider's test subclasses this and gives it the fixture `tts`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from parley_gateway.ports import Tts, TtsSegment
from tests.gateway.providers.network import SPEECH, none_but, spoken

TEXTS = ("Hello.", "How are you today?", "Fine, thank you.")


async def speech(tts: Tts, *texts: str) -> dict[int, bytes]:
    """The audio of each segment."""
    audio: dict[int, bytes] = {}
    async for piece in tts.speak(SPEECH, spoken(*texts)):
        audio[piece.segment] = audio.get(piece.segment, b"") + piece.pcm
    return audio


class TtsConformance:
    """The contract of `ports.Tts`."""

    async def test_audio_comes_in_whole_samples_and_is_not_silence(self, tts: Tts) -> None:
        pieces = [piece async for piece in tts.speak(SPEECH, spoken(*TEXTS))]
        assert all(piece.pcm and len(piece.pcm) % 2 == 0 for piece in pieces)
        assert any(b != 0 for piece in pieces for b in piece.pcm)

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

    async def test_closing_early_leaves_no_task_and_the_next_speech_is_whole(self, tts: Tts) -> None:
        before = asyncio.all_tasks()
        async with aclosing(tts.speak(SPEECH, spoken(*TEXTS))) as pieces:  # type: ignore[type-var]
            await anext(pieces)
        await none_but(before)
        assert set(await speech(tts, *TEXTS)) == {1, 2, 3}

    async def test_closing_while_it_waits_for_a_segment_ends_the_wait(self, tts: Tts) -> None:
        async def endless() -> AsyncIterator[TtsSegment]:
            yield TtsSegment(1, "Hello.")
            await asyncio.Event().wait()

        before = asyncio.all_tasks()
        async with aclosing(tts.speak(SPEECH, endless())) as pieces:  # type: ignore[type-var]
            await anext(pieces)
        await none_but(before)

    async def test_several_sessions_speak_at_once(self, tts: Tts) -> None:
        together = await asyncio.gather(*(speech(tts, *TEXTS) for _ in range(4)))
        assert all(set(audio) == {1, 2, 3} for audio in together)

    async def test_warming_twice_does_no_harm(self, tts: Tts) -> None:
        await tts.warm()
        await tts.warm()
