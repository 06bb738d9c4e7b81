"""Speech that is there already where it was made before, so that the agent can apologise with every voice away."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from copy import copy
from dataclasses import replace
from typing import Self

from parley_contract.agent import AgentText
from parley_gateway.audio.formats import bytes_to_ms, ms_to_bytes
from parley_gateway.conversation.events import Word
from parley_gateway.ports import TtsAudio, TtsRequest, TtsSegment
from parley_gateway.providers.deadlines import closing
from parley_gateway.providers.resilience.observer import ResilienceObserver
from parley_gateway.providers.resilience.phrases import PhraseKeeper
from parley_gateway.providers.resilience.relay import Relay
from parley_gateway.providers.resilience.speech_cache import Speech, SpeechCache, Text
from parley_gateway.providers.resilience.tts import ResilientTts

_PIECE_MS = 200
"""Of speech that is there, at a time: what is done with it takes time as well."""


class CachedTts:
    """A stage's voices, and what they have said. Implements `ports.Tts`."""

    def __init__(
        self,
        voices: ResilientTts,
        cache: SpeechCache,
        *,
        agent: Callable[[], AgentText],
        observer: ResilienceObserver,
    ) -> None:
        """`agent`: its text as it is now, whose phrases and greeting are kept ready, at the voices' own rate."""
        self.voices = voices
        self._cache = cache
        self._observer = observer
        self._phrases = PhraseKeeper(
            cache, agent=agent, voice=voices.lineup.members[0].name, make=self._make_phrase
        )

    @property
    def sample_rate(self) -> int:
        """Hz of the audio."""
        return self.voices.sample_rate

    def at(self, rate: int) -> Self:
        """The same voices and the same memory, with audio of that rate as far as the first voice has it."""
        same = copy(self)
        same.voices = self.voices.at(rate)
        return same

    async def warm(self) -> None:
        """Make ready whoever serves first, and try to have the agent's phrases spoken. Raises ProviderError."""
        await self.voices.warm()
        self._phrases.look()
        await self._phrases.tried()

    async def speak(
        self, request: TtsRequest, segments: AsyncIterator[TtsSegment]
    ) -> AsyncGenerator[TtsAudio, None]:
        """Speech for the segments in their order. Raises ProviderError when what is not there cannot be made."""
        self._phrases.look()
        relay, runs = Relay(segments), 0
        try:
            while (segment := await relay.next()) is not None:
                if speech := self._find(request.language, segment.text):
                    for audio in self._replayed(segment.segment, speech):
                        yield audio
                    continue
                runs += 1
                own = request if runs == 1 else replace(request, context=f"{request.context}-run{runs}")
                async with closing(self._made(own, segment, relay)) as made:
                    async for audio in made:
                        yield audio
        finally:
            await relay.aclose()

    async def aclose(self) -> None:
        """Let go of everything."""
        await self._phrases.aclose()
        await self.voices.aclose()

    # --- what is there ---

    def _find(self, language: str, text: str) -> Speech | None:
        speech = self._cache.find(Text(language, text.strip()), self._names, rate=self.sample_rate)
        if speech is not None or self._cache.wants(Text(language, text.strip())):
            self._observer.speech_looked_up(cached=speech is not None)
        return speech

    @property
    def _names(self) -> list[str]:
        """The voices: those that would be asked now come first."""
        in_service = [member.name for member in self.voices.lineup.in_service]
        return in_service + [m.name for m in self.voices.lineup.members if m.name not in in_service]

    def _replayed(self, segment: int, speech: Speech) -> Iterator[TtsAudio]:
        whole, step, told = speech.at(self.sample_rate), ms_to_bytes(_PIECE_MS, self.sample_rate), 0
        for at in range(0, len(whole), step):
            pcm = whole[at : at + step]
            end_ms = bytes_to_ms(at + len(pcm), self.sample_rate)
            last = at + step >= len(whole)
            words = tuple(word for word in speech.words[told:] if last or word.end_ms <= end_ms)
            told += len(words)
            yield TtsAudio(segment, pcm, words)

    # --- what is made ---

    async def _made(self, request: TtsRequest, first: TtsSegment, relay: Relay) -> AsyncGenerator[TtsAudio, None]:
        """Speech that has to be made, up to a segment that is there."""
        recording = _Recording(self._cache, request.language, rate=self.sample_rate)

        def is_there(segment: TtsSegment) -> bool:
            text = Text(request.language, segment.text.strip())
            return self._cache.find(text, self._names, rate=self.sample_rate) is not None

        run = _Run(first, relay, is_there=is_there, on_read=recording.reads)
        async with closing(self.voices.speak(request, run, on_made=recording.made)) as speech:
            async for audio in speech:
                recording.hears(audio)
                yield audio

    async def _make_phrase(self, text: Text) -> None:
        request = TtsRequest("phrases", text.language)
        async with closing(self._made(request, TtsSegment(0, text.text), Relay(_nothing()))) as made:
            async for _ in made:
                continue


class _Run:
    """Segments one after the other, up to one that is there already."""

    def __init__(
        self,
        first: TtsSegment,
        relay: Relay,
        *,
        is_there: Callable[[TtsSegment], bool],
        on_read: Callable[[TtsSegment], None],
    ) -> None:
        self._first: TtsSegment | None = first
        self._relay = relay
        self._is_there = is_there
        self._on_read = on_read
        self._over = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> TtsSegment:
        segment, self._first = self._first, None
        if segment is None and not self._over:
            segment = await self._relay.next()
            if segment is not None and self._is_there(segment):
                self._relay.unread(segment)
                segment = None
        if segment is None:
            self._over = True
            raise StopAsyncIteration
        self._on_read(segment)
        return segment


class _Recording:
    """What one run of segments sounds like, kept where it is whole and of one voice."""

    def __init__(self, cache: SpeechCache, language: str, *, rate: int) -> None:
        self._cache = cache
        self._language = language
        self._rate = rate
        self._texts: dict[int, Text] = {}
        self._audio: dict[int, bytearray] = {}
        self._words: dict[int, list[Word]] = {}

    def reads(self, segment: TtsSegment) -> None:
        """This will be heard: it is listened to where that is worth it."""
        text = Text(self._language, segment.text.strip())
        if self._cache.wants(text):
            self._texts[segment.segment] = text
            self._audio[segment.segment] = bytearray()
            self._words[segment.segment] = []

    def hears(self, audio: TtsAudio) -> None:
        """More of it."""
        if audio.segment in self._texts:
            self._audio[audio.segment] += audio.pcm
            self._words[audio.segment] += audio.words

    def made(self, segment: int, voice: str | None) -> None:
        """All of a segment has been heard."""
        if (text := self._texts.pop(segment, None)) is None:
            return
        pcm, words = bytes(self._audio.pop(segment)), tuple(self._words.pop(segment))
        if voice is not None and pcm:
            self._cache.put(text, voice, Speech(pcm, self._rate, words))


async def _nothing() -> AsyncIterator[TtsSegment]:
    """No segments."""
    none: tuple[TtsSegment, ...] = ()
    for segment in none:
        yield segment
