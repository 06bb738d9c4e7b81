"""A reply over several voices: wherever each of them breaks off, no word is missing and none is said twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from parley_gateway.audio.formats import bytes_to_ms, ms_to_bytes
from parley_gateway.conversation.events import FailureKind, Stage, Word
from parley_gateway.ports import ProviderError, TtsAudio, TtsRequest, TtsSegment
from parley_gateway.providers.resilience.tts import ResilientTts
from tests.unit.resilience.lineups import PATIENCE_S, Provider, lineup
from tests.unit.session.virtual_time import run

SENTENCES = ["The pool opens at six.", "Breakfast is at seven, in the garden.", "Shall I wake you?"]
WORDS = " ".join(SENTENCES).split(" ")
RATE = 8000
WORD_MS = 100


@dataclass(frozen=True)
class Failure:
    """After so many words of one request."""

    words: int
    kind: FailureKind | None
    """None: silence, for ever."""


FAILURES = st.builds(Failure, words=st.integers(0, 10), kind=st.none() | st.sampled_from(FailureKind))


class Voice(Provider):
    """Says a word in 100 ms and tells which it was."""

    sample_rate = RATE

    def __init__(self, failures: list[Failure]) -> None:
        self.failures = list(failures)
        self.contexts: list[str] = []

    async def speak(
        self, request: TtsRequest, segments: AsyncIterator[TtsSegment]
    ) -> AsyncGenerator[TtsAudio, None]:
        self.contexts.append(request.context)
        failure, said = self.failures.pop(0) if self.failures else None, 0
        async for segment in segments:
            for number, word in enumerate(segment.text.split(" ")):
                if failure is not None and said == failure.words:
                    await self._fail(failure)
                said += 1
                spoken = Word(word, number * WORD_MS, (number + 1) * WORD_MS)
                yield TtsAudio(segment.segment, bytes(ms_to_bytes(WORD_MS, RATE)), (spoken,))

    async def _fail(self, failure: Failure) -> None:
        if failure.kind is None:
            await asyncio.Event().wait()
        raise ProviderError(Stage.TTS, failure.kind or FailureKind.CUT, "by script")


async def written() -> AsyncGenerator[TtsSegment, None]:
    """Sentences as a model writes them: not all at once."""
    for number, text in enumerate(SENTENCES):
        await asyncio.sleep(1)
        yield TtsSegment(number, text)


async def heard(voices: list[Voice]) -> tuple[list[TtsAudio], ProviderError | None]:
    audio: list[TtsAudio] = []
    tts = ResilientTts(lineup(Stage.TTS, voices), first_s=PATIENCE_S, between_s=5)
    try:
        async for piece in tts.speak(TtsRequest("s:1", "en-US"), written()):
            audio.append(piece)  # noqa: PERF401 - what came before a failure counts
    except ProviderError as error:
        return audio, error
    return audio, None


@given(st.lists(st.lists(FAILURES, max_size=3), min_size=1, max_size=3))
def test_g10_no_word_is_missing_and_none_is_said_twice(scripts: list[list[Failure]]) -> None:
    voices = [Voice(failures) for failures in scripts]
    audio, error = run(heard(voices))
    words = [word.text for piece in audio for word in piece.words]
    assert words == WORDS[: len(words)]
    assert (error is None) == (words == WORDS)
    contexts = [context for voice in voices for context in voice.contexts]
    assert len(set(contexts)) == len(contexts), "what is late of one voice is not taken for another's"


@given(st.lists(st.lists(FAILURES, max_size=3), min_size=1, max_size=3))
def test_g10_words_lie_where_they_are_in_all_of_a_sentences_audio(scripts: list[list[Failure]]) -> None:
    audio, _ = run(heard([Voice(failures) for failures in scripts]))
    for number in range(len(SENTENCES)):
        ms = 0
        for piece in (piece for piece in audio if piece.segment == number):
            ms += bytes_to_ms(len(piece.pcm), RATE)
            assert [word.end_ms for word in piece.words] == [ms]
