"""Speech that is kept: the agent's phrases whatever happens, other texts within a bound."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from copy import copy
from typing import Self

from hypothesis import given
from hypothesis import strategies as st

from parley_contract.agent import AgentText, Phrases
from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.ports import ProviderError, TtsAudio, TtsRequest, TtsSegment
from parley_gateway.providers.resilience.cached_tts import CachedTts
from parley_gateway.providers.resilience.observer import Unwatched
from parley_gateway.providers.resilience.speech_cache import Speech, SpeechCache, Text
from parley_gateway.providers.resilience.tts import ResilientTts
from tests.unit.resilience.lineups import PATIENCE_S, Provider, lineup
from tests.unit.session.virtual_time import run

RATE = 8_000
TEXTS = [Text("en-US", text) for text in ("one", "two", "three", "four")]
AGENT = AgentText(phrases=Phrases(apology="Sorry. Once more?", still_there="", goodbye="Bye."), greeting="Hello!")


@given(
    st.lists(st.tuples(st.sampled_from(TEXTS), st.sampled_from(["a", "b"]), st.integers(0, 12))),
    st.integers(0, 20),
)
def test_g10_what_is_kept_stays_within_its_bound_and_the_phrases_beside_it(
    puts: list[tuple[Text, str, int]], bound: int
) -> None:
    cache = SpeechCache(bound)
    cache.keep(TEXTS[:1])
    for text, voice, length in puts:
        speech = Speech(bytes(length), RATE)
        cache.put(text, voice, speech)
        assert cache.recent_bytes <= bound
        if text in TEXTS[:1] or 0 < length <= bound:
            assert cache.find(text, [voice], rate=RATE) == speech
    kept = {voice for text, voice, _ in puts if text in TEXTS[:1]}
    assert all(cache.find(TEXTS[0], [voice], rate=RATE) for voice in kept)


def test_the_longest_unused_gives_way() -> None:
    cache = SpeechCache(20)
    one, two, three, _ = TEXTS
    for text in (one, two):
        cache.put(text, "a", Speech(bytes(10), RATE))
    assert cache.find(one, ["a"], rate=RATE)
    cache.put(three, "a", Speech(bytes(10), RATE))
    assert [cache.find(text, ["a"], rate=RATE) is not None for text in (one, two, three)] == [True, False, True]


def test_another_voice_is_another_speech_but_a_phrase_in_any_voice_is_better_than_none() -> None:
    cache = SpeechCache(20)
    cache.keep(TEXTS[:1])
    for text in TEXTS[:2]:
        cache.put(text, "a", Speech(bytes(2), RATE))
    assert cache.find(TEXTS[1], ["b", "a"], rate=RATE) is None
    assert cache.find(TEXTS[0], ["b", "a"], rate=RATE)


def test_what_a_telephone_heard_is_not_good_enough_for_others_and_the_reverse_is() -> None:
    cache = SpeechCache(1000)
    cache.keep(TEXTS[:1])
    for text in TEXTS[:2]:
        cache.put(text, "a", Speech(bytes(160), 8_000))
        assert cache.find(text, ["a"], rate=24_000) is None
        cache.put(text, "a", Speech(bytes(480), 24_000))
        found = cache.find(text, ["a"], rate=8_000)
        assert found is not None
        assert found.rate == 24_000
        assert len(found.at(8_000)) == 160


class Voice(Provider):
    """Says a text as its bytes, in two pieces; or nothing at all."""

    sample_rate = RATE

    def __init__(self) -> None:
        self.away = False
        self.said: list[str] = []
        self.contexts: list[str] = []

    async def speak(
        self, request: TtsRequest, segments: AsyncIterator[TtsSegment]
    ) -> AsyncGenerator[TtsAudio, None]:
        self.contexts.append(request.context)
        async for segment in segments:
            if self.away:
                raise ProviderError(Stage.TTS, FailureKind.UNREACHABLE, "by script")
            self.said.append(segment.text)
            pcm = segment.text.encode("utf-16-le")
            for piece in (pcm[:2], pcm[2:]):
                yield TtsAudio(segment.segment, piece)


class VoiceOfAnyRate(Voice):
    """Says it at the rate that is asked for, 16 kHz otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self.sample_rate = 2 * RATE
        self.made_at: set[int] = set()

    def at(self, rate: int) -> Self:
        same = copy(self)
        same.sample_rate = rate
        return same

    def speak(self, request: TtsRequest, segments: AsyncIterator[TtsSegment]) -> AsyncGenerator[TtsAudio, None]:
        self.made_at.add(self.sample_rate)
        return super().speak(request, segments)


async def pcm_of(voices: CachedTts, *texts: str) -> list[bytes]:
    """What is heard of each segment."""

    async def written() -> AsyncGenerator[TtsSegment, None]:
        for number, text in enumerate(texts):
            await asyncio.sleep(0)
            yield TtsSegment(number, text)

    heard = [b""] * len(texts)
    async for audio in voices.speak(TtsRequest("s:1", "en-US"), written()):
        heard[audio.segment] += audio.pcm
    return heard


async def say(voices: CachedTts, *texts: str) -> list[str]:
    """The words that are heard of each segment."""
    return [pcm.decode("utf-16-le") for pcm in await pcm_of(voices, *texts)]


def cached(voice: Voice, max_bytes: int = 0) -> CachedTts:
    voices = ResilientTts(lineup(Stage.TTS, [voice]), first_s=PATIENCE_S, between_s=5)
    return CachedTts(voices, SpeechCache(max_bytes), agent=lambda: AGENT, observer=Unwatched())


def test_g10_the_agents_phrases_are_there_with_every_voice_away() -> None:
    async def scene() -> None:
        voice = Voice()
        voices = cached(voice)
        await voices.warm()
        assert voice.said == ["Sorry.", "Once more?", "Bye.", "Hello!"]
        voice.away = True
        assert await say(voices, "Sorry.", " Once more?") == ["Sorry.", "Once more?"]
        await voices.aclose()

    run(scene())


def test_g10_phrases_are_made_at_the_voices_own_rate_whoever_calls_first() -> None:
    async def scene() -> None:
        voice = VoiceOfAnyRate()
        telephone = cached(voice).at(RATE)
        await telephone.warm()
        assert (telephone.sample_rate, voice.made_at) == (RATE, {2 * RATE})
        voice.away = True
        (heard,) = await pcm_of(telephone, "Hello!")
        assert len(heard) == len("Hello!")
        await telephone.aclose()

    run(scene())


def test_g10_phrases_that_could_not_be_made_are_made_once_the_voice_is_back() -> None:
    async def scene() -> None:
        voice = Voice()
        voice.away = True
        voices = cached(voice)
        await voices.warm()
        voice.away = False
        await asyncio.sleep(10)
        assert "Sorry." in voice.said
        await voices.aclose()

    run(scene())


def test_g10_what_is_made_before_and_after_speech_that_is_there_has_a_context_each() -> None:
    """Some voices know no more of a context once they were told that it is over."""

    async def scene() -> None:
        voice = Voice()
        voices = cached(voice)
        await voices.warm()
        voice.contexts.clear()
        await say(voices, "We open at seven.", "Until ten.", "Hello!", "Bye.", "As ever.")
        assert len(set(voice.contexts)) == len(voice.contexts) == 2
        await voices.aclose()

    run(scene())


def test_g10_kept_and_made_speech_follow_each_other_in_their_order() -> None:
    async def scene() -> None:
        voice = Voice()
        voices = cached(voice, max_bytes=1000)
        texts = ["We open at seven.", "Hello!", "Until ten.", "Bye."]
        assert await say(voices, *texts) == texts
        voice.said.clear()
        assert await say(voices, *texts, "As ever.") == [*texts, "As ever."]
        assert [text for text in voice.said if text not in ("Sorry.", "Once more?")] == ["As ever."]
        await voices.aclose()

    run(scene())
