"""Speech that goes on although a voice fails: tried again, or continued by another voice where it broke off."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from copy import copy
from dataclasses import replace
from typing import Self

from parley_gateway.audio.resample import Resampler
from parley_gateway.conversation.events import Word
from parley_gateway.ports import ProviderError, Tts, TtsAudio, TtsRequest, TtsSegment
from parley_gateway.providers.alarm import Alarm
from parley_gateway.providers.deadlines import closing
from parley_gateway.providers.rates import at_rate
from parley_gateway.providers.resilience.lineup import Lineup
from parley_gateway.providers.resilience.patience import Patience
from parley_gateway.providers.resilience.relay import Relay
from parley_gateway.providers.resilience.script import OnMade, Script


class ResilientTts:
    """The voice of a stage, whoever provides it. Implements `ports.Tts`."""

    def __init__(self, lineup: Lineup[Tts], *, first_s: float, between_s: float) -> None:
        """How long a voice may take for the first audio of a segment, and to go on."""
        self.lineup = lineup
        self.sample_rate = lineup.primary.sample_rate
        """Hz of the first voice; the others' audio is brought to it."""
        self._first_s = first_s
        self._between_s = between_s

    def at(self, rate: int) -> Self:
        """The same voices, with audio of that rate as far as the first one has it."""
        same = copy(self)
        same.sample_rate = at_rate(self.lineup.primary, rate).sample_rate
        return same

    async def warm(self) -> None:
        """Make ready whoever serves first. Raises ProviderError."""
        await self.lineup.warm()

    async def speak(
        self,
        request: TtsRequest,
        segments: AsyncIterator[TtsSegment],
        *,
        on_made: OnMade = lambda _, __: None,
    ) -> AsyncGenerator[TtsAudio, None]:
        """Speech for the segments in their order. Raises ProviderError when no voice can go on.

        A voice that takes over says what is left of a broken segment, and all that follows.
        """
        script, relay = Script(rate=self.sample_rate, on_made=on_made), Relay(segments)
        course = self.lineup.course()
        attempts = 0
        try:
            while True:
                attempts += 1
                script.cast(course.member.name)
                try:
                    with course.attempt() as voice:
                        own = replace(request, context=_context(request.context, attempts))
                        async with closing(self._speak(voice, own, script, relay)) as speech:
                            async for audio in speech:
                                yield script.hand_on(audio)
                except ProviderError as error:
                    begun = script.begun
                    script.leave_off(error.segment)
                    if relay.at_end and not script.left:
                        return
                    if not await course.go_on(error, delivered=begun):
                        raise
                else:
                    script.finish()
                    return
        finally:
            await relay.aclose()

    async def _speak(
        self, voice: Tts, request: TtsRequest, script: Script, relay: Relay
    ) -> AsyncGenerator[TtsAudio, None]:
        voice = at_rate(voice, self.sample_rate)
        conversion = _Conversion(voice.sample_rate, self.sample_rate)
        with Alarm() as alarm:
            patience = Patience(alarm, first_s=self._first_s, between_s=self._between_s)
            reading = _Reading(script, relay, patience)
            async with closing(voice.speak(request, reading)) as speech:
                try:
                    while (audio := await patience.next(speech)) is not None:
                        for converted in conversion.feed(audio):
                            yield converted
                        patience.owes(audio=script.owed, rest=not reading.waits)
                except ProviderError:
                    for rest in conversion.flush():
                        yield rest
                    raise
        for rest in conversion.flush():
            yield rest

    async def aclose(self) -> None:
        """Let go of everything."""
        await self.lineup.aclose()


class _Reading:
    """What one voice is to say: what the one before it left, and then what comes."""

    def __init__(self, script: Script, relay: Relay, patience: Patience) -> None:
        self._script = script
        self._relay = relay
        self._patience = patience
        self._left = script.left
        self.waits = False
        """Whether the voice waits for text."""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> TtsSegment:
        if self._left:
            self._patience.owes(audio=True, rest=True)
            return self._left.pop(0)
        segment = await self._come()
        if segment is None:
            self._patience.owes(audio=self._script.owed, rest=True)
            raise StopAsyncIteration
        self._script.add(segment)
        self._patience.owes(audio=True, rest=True)
        return segment

    async def _come(self) -> TtsSegment | None:
        self.waits = True
        self._patience.owes(audio=self._script.owed, rest=False)
        try:
            return await self._relay.next()
        finally:
            self.waits = False


def _context(context: str, attempt: int) -> str:
    """No two requests share one, so that what is late of an earlier one is not taken for the later one's."""
    return context if attempt == 1 else f"{context}-{attempt}"


class _Conversion:
    """A voice's audio at the rate of the first one's, segment by segment."""

    def __init__(self, in_rate: int, out_rate: int) -> None:
        self._resampler = Resampler(in_rate, out_rate)
        self._segment = 0
        self._words: tuple[Word, ...] = ()

    def feed(self, audio: TtsAudio) -> list[TtsAudio]:
        """What there is of it so far; words wait for audio that they can come with."""
        converted = self.flush() if audio.segment != self._segment else []
        self._segment = audio.segment
        self._words += audio.words
        if pcm := self._resampler.feed(audio.pcm):
            converted.append(TtsAudio(audio.segment, pcm, self._words))
            self._words = ()
        return converted

    def flush(self) -> list[TtsAudio]:
        """The rest of the segment."""
        pcm, words, self._words = self._resampler.flush(), self._words, ()
        return [TtsAudio(self._segment, pcm, words)] if pcm or words else []


async def probe(voice: Tts) -> None:
    """Ask for a word. Raises ProviderError."""

    async def hello() -> AsyncIterator[TtsSegment]:
        yield TtsSegment(0, "Hello.")

    async with closing(voice.speak(TtsRequest("probe", "en-US"), hello())) as speech:
        async for _ in speech:
            return
