"""Segments are spoken in their order, whole, with one begun ahead and no more."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.ports import ProviderError, TtsAudio, TtsSegment
from parley_gateway.providers.segments import one_ahead, whole_samples

chunks = st.lists(st.binary(min_size=1, max_size=7), max_size=6)


class Voice:
    """Says chunks that are given, and counts who is being served."""

    def __init__(self, audio: list[list[bytes]]) -> None:
        self.audio = audio
        self.begun: list[int] = []
        self.ended: list[int] = []

    async def segments(self) -> AsyncIterator[TtsSegment]:
        for number in range(len(self.audio)):
            yield TtsSegment(number, "words")

    async def synthesise(self, segment: TtsSegment) -> AsyncGenerator[TtsAudio, None]:
        self.begun.append(segment.segment)
        try:
            for chunk in self.audio[segment.segment]:
                yield TtsAudio(segment.segment, chunk)
        finally:
            self.ended.append(segment.segment)


@given(st.lists(chunks, max_size=5))
async def test_g05_all_audio_comes_in_order(audio: list[list[bytes]]) -> None:
    voice = Voice(audio)
    pieces = [piece async for piece in one_ahead(voice.segments(), voice.synthesise)]
    for number, expected in enumerate(audio):
        assert b"".join(piece.pcm for piece in pieces if piece.segment == number) == b"".join(expected)
    order = [piece.segment for piece in pieces]
    assert order == sorted(order)
    assert sorted(voice.begun) == sorted(voice.ended) == list(range(len(audio)))


@given(st.integers(1, 12))
async def test_g04_closing_at_any_point_ends_all_that_was_begun(pieces_heard: int) -> None:
    voice = Voice([[b"ab", b"cd", b"ef"]] * 4)
    pieces = one_ahead(voice.segments(), voice.synthesise)
    for _ in range(pieces_heard):
        heard = (await anext(pieces)).segment
        assert max(voice.begun) <= heard + 1
    await pieces.aclose()
    assert sorted(voice.begun) == sorted(voice.ended)


@given(chunks)
async def test_g02_samples_are_whole_whatever_the_chunks(cut: list[bytes]) -> None:
    async def stream() -> AsyncGenerator[bytes, None]:
        for chunk in cut:
            yield chunk
        if sum(map(len, cut)) % 2:
            yield b"\0"

    pieces = [piece async for piece in whole_samples(stream())]
    assert all(piece and len(piece) % 2 == 0 for piece in pieces)
    assert b"".join(pieces).startswith(b"".join(cut))


async def test_g02_half_a_sample_at_the_end_is_a_cut() -> None:
    async def odd() -> AsyncGenerator[bytes, None]:
        yield b"abc"

    with pytest.raises(ProviderError) as caught:
        assert [chunk async for chunk in whole_samples(odd())] == [b"ab"]
    assert (caught.value.stage, caught.value.kind) == (Stage.TTS, FailureKind.CUT)
