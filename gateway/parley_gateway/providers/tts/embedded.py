"""Speech from eSpeak NG in a child process: no account, no network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from importlib.util import find_spec
from pathlib import Path

from parley_contract.pipeline import DeadlinesConfig, EmbeddedTts
from parley_gateway.audio.formats import bytes_to_ms
from parley_gateway.conversation.events import Stage, Word
from parley_gateway.ports import TtsAudio, TtsRequest, TtsSegment
from parley_gateway.providers.embedded.espeak import SAMPLE_RATE
from parley_gateway.providers.embedded.frames import Frame, Kind
from parley_gateway.providers.embedded.voices import find_voice
from parley_gateway.providers.embedded.worker import Worker
from parley_gateway.providers.tts.words import PlacedWords


def create(config: EmbeddedTts, deadlines: DeadlinesConfig) -> EmbeddedSpeech:
    """The voice; its process starts with `warm`.

    Raises ModuleNotFoundError without espeakng-loader, UnknownVoiceError for a voice that it does not have.
    """
    if find_spec("espeakng_loader") is None:
        raise ModuleNotFoundError("espeakng-loader is not installed", name="espeakng_loader")
    import espeakng_loader

    voice = find_voice(config.voice, Path(espeakng_loader.get_data_path()))
    worker = Worker(
        "parley_gateway.providers.embedded.speak",
        stage=Stage.TTS,
        deadline=deadlines.first_byte,
        arguments=(voice, str(config.words_per_minute)),
    )
    return EmbeddedSpeech(worker)


class EmbeddedSpeech:
    """One voice in one child process, for all sessions: a sentence takes it some ten milliseconds."""

    sample_rate = SAMPLE_RATE

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    async def warm(self) -> None:
        """Load the voice. Raises ProviderError."""
        await self._worker.start()

    async def speak(self, request: TtsRequest, segments: AsyncIterator[TtsSegment]) -> AsyncIterator[TtsAudio]:
        """Speech for segments as they come, in their order. Raises ProviderError."""
        del request
        async for segment in segments:
            speech = _SegmentSpeech(segment)
            frames: asyncio.Queue[Frame | None] = asyncio.Queue()
            making = asyncio.create_task(self._make(segment.text, frames), name="embedded speech")
            try:
                while (frame := await frames.get()) is not None:
                    for audio in speech.take(frame):
                        yield audio
                await making
                for audio in speech.end():
                    yield audio
            finally:
                making.cancel()
                await asyncio.gather(making, return_exceptions=True)

    async def aclose(self) -> None:
        """End the child process."""
        await self._worker.aclose()

    async def _make(self, text: str, frames: asyncio.Queue[Frame | None]) -> None:
        """Take the speech from the child as fast as it comes: a listener who is slow must not keep others waiting.

        So the queue has no bound of its own; it holds what the text is long.
        """
        try:
            async with aclosing(self._worker.request(text.encode())) as answer:
                async for frame in answer:
                    frames.put_nowait(frame)
        finally:
            frames.put_nowait(None)


class _SegmentSpeech:
    """Puts words to the audio of one segment. A word's end is known when the next begins, or at the end of all."""

    def __init__(self, segment: TtsSegment) -> None:
        self._segment = segment
        self._made = 0
        self._begun: tuple[str, int] | None = None
        self._words = PlacedWords()

    def take(self, frame: Frame) -> list[TtsAudio]:
        """More audio, or nothing after the beginning of a word."""
        if frame.kind is Kind.INFO:
            place = json.loads(frame.payload)
            self._end_word(place["ms"])
            self._begun = (self._segment.text[place["at"] :][: place["length"]], place["ms"])
            return []
        self._made += len(frame.payload)
        return [TtsAudio(self._segment.segment, frame.payload, self._words.within(self._ms))]

    def end(self) -> list[TtsAudio]:
        """The words that were not known in time to come with their audio."""
        self._end_word(self._ms)
        words = self._words.rest(self._ms)
        return [TtsAudio(self._segment.segment, b"", words)] if words else []

    @property
    def _ms(self) -> int:
        return bytes_to_ms(self._made, SAMPLE_RATE)

    def _end_word(self, at_ms: int) -> None:
        if self._begun is not None:
            text, since_ms = self._begun
            self._words.add([Word(text, since_ms, max(since_ms, at_ms))])
            self._begun = None
