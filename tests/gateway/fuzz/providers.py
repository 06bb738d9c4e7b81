"""Providers that do something at every turn, and notice when one session's words come to another.

They implement the ports, remember nothing that grows, and take all their time from the loop.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator

from parley_gateway.conversation.events import (
    EndOfTurn,
    FailureKind,
    SpeechStarted,
    SpeechStopped,
    Stage,
    TranscriptChanged,
    TurnEnd,
)
from parley_gateway.conversation.history import Speaker, Utterance
from parley_gateway.ports import (
    LlmEvent,
    LlmRequest,
    LlmText,
    ProviderError,
    SttEvent,
    SttRequest,
    TtsAudio,
    TtsRequest,
    TtsSegment,
)

RATE = 16_000
_VOICE_RATE = 24_000
_SIGNATURE = re.compile(r"#([\w-]+)#")
_FAILS = 0.02


def signed(name: str) -> str:
    """Words by which their speaker is known."""
    return f"#{name}# speaking"


class NervousStream:
    """Hears something now and then, of those who send audio; what it hears names the session."""

    owns_turns = True

    def __init__(self, session: str, generator: random.Random) -> None:
        self._session = session
        self._generator = generator
        self._queue: asyncio.Queue[SttEvent | ProviderError] = asyncio.Queue()
        self._utterance = 0
        self._ms = 0

    def send(self, pcm: bytes) -> int:
        self._ms += len(pcm) * 1000 // (2 * RATE)
        if self._generator.random() < 0.2:
            self._queue.put_nowait(self._something())
        return 5 if self._generator.random() < 0.01 else 0

    def _something(self) -> SttEvent | ProviderError:
        act = self._generator.random()
        if act < _FAILS:
            return ProviderError(Stage.STT, self._generator.choice([*FailureKind]), "by chance")
        if act < 0.3:
            return SpeechStarted(self._ms)
        if act < 0.5:
            return SpeechStopped(self._ms)
        if act < 0.8:
            final = act > 0.7
            event = TranscriptChanged(self._utterance, signed(self._session), final)
            self._utterance += final
            return event
        return EndOfTurn(self._generator.choice([*TurnEnd]))

    def finalize(self) -> None:
        return None

    async def events(self) -> AsyncIterator[SttEvent]:
        while True:
            item = await self._queue.get()
            if isinstance(item, ProviderError):
                raise item
            yield item

    def abort(self) -> None:
        return None


class NervousStt:
    """Recognition, of a kind."""

    sample_rate = RATE
    owns_turns = True

    def __init__(self, generator: random.Random) -> None:
        self._generator = generator

    async def warm(self) -> None:
        return None

    def open(self, request: SttRequest) -> NervousStream:
        return NervousStream(request.session, self._generator)

    async def aclose(self) -> None:
        return None


class EchoingLlm:
    """Says again what was said last; sometimes it fails."""

    def __init__(self, generator: random.Random) -> None:
        self._generator = generator
        self.asked = 0
        self.strangers: list[str] = []
        """Sessions that were shown words of more than one speaker."""
        self.reliable: set[str] = set()
        """Sessions for which it never fails."""

    async def warm(self) -> None:
        return None

    async def reply(self, request: LlmRequest) -> AsyncIterator[LlmEvent]:
        self.asked += 1
        said = [
            item.text for item in request.history if isinstance(item, Utterance) and item.speaker is Speaker.CALLER
        ]
        self._look_for_strangers(request, said)
        await asyncio.sleep(0.01)
        fails = request.session not in self.reliable and self._generator.random() < _FAILS
        for word in ["You", "said:", *(said[-1].split() if said else [])]:
            yield LlmText(f"{word} ")
            await asyncio.sleep(0.001)
            if fails:
                raise ProviderError(Stage.LLM, self._generator.choice([*FailureKind]), "by chance")

    def _look_for_strangers(self, request: LlmRequest, said: list[str]) -> None:
        names = {name for text in said for name in _SIGNATURE.findall(text)}
        if len(names - {request.session}) > 1:
            self.strangers.append(request.session)

    async def aclose(self) -> None:
        return None


class HastyTts:
    """A tenth of a second for each sentence."""

    sample_rate = _VOICE_RATE

    async def warm(self) -> None:
        return None

    async def speak(self, _request: TtsRequest, segments: AsyncIterator[TtsSegment]) -> AsyncIterator[TtsAudio]:
        async for segment in segments:
            await asyncio.sleep(0.005)
            yield TtsAudio(segment.segment, bytes(_VOICE_RATE // 10 * 2))

    async def aclose(self) -> None:
        return None
