"""The speech of a reply, made segment by segment: the next one is begun while the present one is heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.ports import ProviderError, TtsAudio, TtsSegment

Synthesise = Callable[[TtsSegment], AsyncGenerator[TtsAudio, None]]

_SAMPLE_BYTES = 2


@dataclass(frozen=True, slots=True)
class _Begun:
    """A segment of which the first audio is there; None where it has none."""

    segment: TtsSegment
    audio: AsyncGenerator[TtsAudio, None]
    first: TtsAudio | None


async def one_ahead(segments: AsyncIterator[TtsSegment], synthesise: Synthesise) -> AsyncGenerator[TtsAudio, None]:
    """Audio of all segments in their order, with one request begun ahead and no more.

    A failure names its segment, and is raised when its turn comes, after all audio before it. Closing ends all
    requests.
    """
    upcoming = asyncio.create_task(_begin_next(segments, synthesise))
    try:
        while (begun := await upcoming) is not None:
            upcoming = asyncio.create_task(_begin_next(segments, synthesise))
            async for audio in _audio_of(begun):
                yield audio
    finally:
        await _end(upcoming)


async def _begin_next(segments: AsyncIterator[TtsSegment], synthesise: Synthesise) -> _Begun | None:
    async for segment in segments:
        audio = synthesise(segment)
        with _blaming(segment):
            return _Begun(segment, audio, await anext(audio, None))
    return None


async def _audio_of(begun: _Begun) -> AsyncGenerator[TtsAudio, None]:
    try:
        if begun.first is not None:
            yield begun.first
        with _blaming(begun.segment):
            async for audio in begun.audio:
                yield audio
    finally:
        await begun.audio.aclose()


@contextmanager
def _blaming(segment: TtsSegment) -> Iterator[None]:
    """A failure names the segment that it befell."""
    try:
        yield
    except ProviderError as error:
        error.segment = segment.segment
        raise


async def _end(upcoming: asyncio.Task[_Begun | None]) -> None:
    """Cancelling a request closes its connection; one that was already answered is closed here."""
    upcoming.cancel()
    (outcome,) = await asyncio.gather(upcoming, return_exceptions=True)
    if isinstance(outcome, _Begun):
        await outcome.audio.aclose()


async def whole_samples(chunks: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """Chunks of s16le without the network's odd boundaries.

    Raises ProviderError (cut) for half a sample at the end.
    """
    rest = b""
    try:
        async for chunk in chunks:
            pcm = rest + chunk
            rest = pcm[len(pcm) - len(pcm) % _SAMPLE_BYTES :]
            if whole := pcm[: len(pcm) - len(rest)]:
                yield whole
    finally:
        await chunks.aclose()
    if rest:
        raise ProviderError(Stage.TTS, FailureKind.CUT, "the audio ended within a sample")
