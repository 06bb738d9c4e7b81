"""The making of one reply: the model writes while the voice speaks while the client hears.

Two tasks, one for the model and one for the voice, with a bounded queue of sentences between them and a bounded
buffer of audio behind. A stage that fails becomes an event of this reply; nothing is raised to anyone. What was
made before the failure is still played.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import TypeVar

from parley_gateway.audio.formats import bytes_to_ms
from parley_gateway.audio.resample import Resampler
from parley_gateway.conversation.events import (
    AudioReady,
    Event,
    FailureKind,
    ReplyFailed,
    ReplyProduced,
    ReplyText,
    ReplyTextEnded,
    Stage,
)
from parley_gateway.logs import where
from parley_gateway.ports import (
    LlmRequest,
    LlmUsage,
    ProviderError,
    TtsAudio,
    TtsRequest,
    TtsSegment,
    Unit,
    Usage,
)
from parley_gateway.providers.registry import Pipeline
from parley_gateway.session.latency import ReplyLatency
from parley_gateway.session.observer import SessionObserver
from parley_gateway.session.playout import Playout
from parley_gateway.session.reaper import Reaper

MAX_SENTENCES = 16
"""Written ahead of the voice; with more of them the model is not read on."""

_logger = logging.getLogger(__name__)
_Item = TypeVar("_Item")


class Sentences:
    """What the voice is to say, in order: written by the core, read by the voice."""

    def __init__(self) -> None:
        self._waiting: deque[TtsSegment] = deque()
        self._closed = False
        self._changed = asyncio.Event()
        self._room = asyncio.Event()

    def put(self, segment: TtsSegment) -> None:
        """Say this next."""
        self._waiting.append(segment)
        self._changed.set()

    def close(self) -> None:
        """There is no more to say."""
        self._closed = True
        self._changed.set()

    async def room(self) -> None:
        """Wait while the voice is too far behind."""
        while len(self._waiting) >= MAX_SENTENCES and not self._closed:
            self._room.clear()
            await self._room.wait()

    async def __aiter__(self) -> AsyncIterator[TtsSegment]:
        while True:
            while self._waiting:
                self._room.set()
                yield self._waiting.popleft()
            if self._closed:
                return
            self._changed.clear()
            await self._changed.wait()


class ReplyWork:
    """One reply's tasks."""

    def __init__(
        self,
        reply: int,
        *,
        session: str,
        pipeline: Pipeline,
        language: str,
        playout: Playout,
        feed: Callable[[Event], None],
        reaper: Reaper,
        latency: ReplyLatency,
        observer: SessionObserver,
        output_rate: int,
    ) -> None:
        self.reply = reply
        self.playout = playout
        self.latency = latency
        self._session = session
        self._language = language
        self._llm = pipeline.llm
        self._tts = pipeline.tts
        self._feed = feed
        self._reaper = reaper
        self._observer = observer
        self._output_rate = output_rate
        self._sentences = Sentences()
        self._failure: ProviderError | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, request: LlmRequest | None) -> None:
        """Begin; the model is asked if there is a request for it."""
        if request is not None:
            self._spawn(self._write(request), "llm")
        self._spawn(self._speak(), "tts")

    def say(self, segment: int, text: str) -> None:
        """Have the voice say this next."""
        self.latency.voice_asked()
        self._sentences.put(TtsSegment(segment, text.strip()))

    def finish(self) -> None:
        """The voice has been given everything."""
        self._sentences.close()

    def cancel(self) -> None:
        """Stop, waiting for nobody; nothing of it is played any more."""
        self.playout.stop()
        for task in self._tasks:
            self._reaper.reap(task)

    def _spawn(self, work: Coroutine[None, None, None], stage: str) -> None:
        self._tasks.append(asyncio.create_task(work, name=f"{self._session}:{self.reply}:{stage}"))

    async def _write(self, request: LlmRequest) -> None:
        """Read the model; a failure ends the text, and is told once what there is of it has been spoken."""
        try:
            async with _closing(self._llm.reply(request)) as events:
                async for event in events:
                    if isinstance(event, LlmUsage):
                        self._observer.used(_usage(event))
                        continue
                    self.latency.text_came()
                    self._feed(ReplyText(self.reply, event.delta))
                    await self._sentences.room()
            self._feed(ReplyTextEnded(self.reply))
        except ProviderError as error:
            self._failure = error
        except Exception as error:  # noqa: BLE001 - whatever it is, the reply has failed and the session goes on
            self._failure = self._crash(Stage.LLM, error)
        finally:
            self._sentences.close()

    async def _speak(self) -> None:
        """Speak the sentences; then say how the reply went."""
        try:
            await self._synthesise()
        except ProviderError as error:
            self._failure = error
        except Exception as error:  # noqa: BLE001 - as above
            self._failure = self._crash(Stage.TTS, error)
        if self._failure is None:
            self._feed(ReplyProduced(self.reply))
        self.playout.end()
        if self._failure is not None:
            self._fail(self._failure)

    async def _synthesise(self) -> None:
        request = TtsRequest(f"{self._session}:{self.reply}", self._language)
        resampler = Resampler(self._tts.sample_rate, self._output_rate)
        made = 0
        async with _closing(self._tts.speak(request, aiter(self._sentences))) as speech:
            async for audio in speech:
                self.latency.speech_came()
                made = self._announce(audio, made)
                self.playout.offer(resampler.feed(audio.pcm))
                await self.playout.room()
        self.playout.offer(resampler.flush())

    def _announce(self, audio: TtsAudio, made: int) -> int:
        """Tell the core of the audio, in lengths that add up to that of all bytes: nothing is lost to rounding."""
        total = made + len(audio.pcm)
        ms = bytes_to_ms(total, self._tts.sample_rate) - bytes_to_ms(made, self._tts.sample_rate)
        self._feed(AudioReady(self.reply, audio.segment, ms, audio.words))
        return total

    def _fail(self, error: ProviderError) -> None:
        for task in self._tasks:
            if task is not asyncio.current_task():
                self._reaper.reap(task)
        self._observer.provider_failed(error.stage, error.kind)
        _logger.warning(
            "a reply failed",
            extra={
                "session": self._session,
                "reply": self.reply,
                "stage": error.stage,
                "kind": error.kind,
                "detail": error.detail,
            },
        )
        self._feed(ReplyFailed(self.reply, error.stage, error.kind))

    def _crash(self, stage: Stage, error: Exception) -> ProviderError:
        """A defect of ours or an SDK's. Its message may hold what was said, so it is not logged."""
        _logger.error("a provider broke", extra={"session": self._session, "stage": stage, "error": where(error)})
        return ProviderError(stage, FailureKind.GARBAGE, type(error).__name__)


def _usage(event: LlmUsage) -> Usage:
    amounts = {Unit.INPUT_TOKENS: event.input_tokens, Unit.OUTPUT_TOKENS: event.output_tokens}
    return Usage(Stage.LLM, provider="", model="", amounts=amounts)


@asynccontextmanager
async def _closing(iterator: AsyncIterator[_Item]) -> AsyncIterator[AsyncIterator[_Item]]:
    """Closes the iterator however it is left, which ends what it does at the provider."""
    try:
        yield iterator
    finally:
        if isinstance(iterator, AsyncGenerator):
            await iterator.aclose()
