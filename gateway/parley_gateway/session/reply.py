"""The making of one reply: the model writes while the voice speaks while the client hears.

One task of the voice, and one of the model for each round of the reply (it is asked anew when its tools have
answered); a bounded queue of sentences between them, a bounded buffer of audio behind. Each round has a stream
of the voice of its own, so that none idles while a tool runs. A stage that fails becomes an event of this
reply; nothing is raised to anyone. What was made before the failure is still played.
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
    ReplyRewound,
    ReplyText,
    ReplyTextEnded,
    Stage,
    ToolRequested,
)
from parley_gateway.logs import where
from parley_gateway.ports import (
    LlmEvent,
    LlmRequest,
    LlmRewind,
    LlmText,
    LlmToolCall,
    ProviderError,
    TtsAudio,
    TtsRequest,
    TtsSegment,
)
from parley_gateway.providers.registry import Pipeline
from parley_gateway.session.latency import ReplyLatency
from parley_gateway.session.observer import SessionObserver
from parley_gateway.session.playout import Playout
from parley_gateway.session.reaper import Reaper
from parley_gateway.session.sentences import Sentences

_logger = logging.getLogger(__name__)
_Item = TypeVar("_Item")


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
        self._rounds = deque([self._sentences])
        """Those that the voice has not begun to speak."""
        self._round_came = asyncio.Event()
        self._finished = False
        self._spoken_rounds = 0
        self._made_bytes = 0
        self._failure: ProviderError | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, request: LlmRequest | None) -> None:
        """Begin; the model is asked if there is a request for it."""
        if request is not None:
            self._spawn(self._write(request), "llm")
        self._spawn(self._speak(), "tts")

    def go_on(self, request: LlmRequest) -> None:
        """Another round: the model's tools have answered."""
        self._sentences = Sentences()
        self._rounds.append(self._sentences)
        self._round_came.set()
        self._spawn(self._write(request), "llm")

    def say(self, segment: int, text: str) -> None:
        """Have the voice say this next."""
        self.latency.voice_asked()
        self._sentences.put(TtsSegment(segment, text.strip()))

    def finish(self) -> None:
        """The voice has been given everything."""
        self._finished = True
        self._sentences.close()
        self._round_came.set()

    def cancel(self) -> None:
        """Stop, waiting for nobody; nothing of it is played any more."""
        self.playout.stop()
        for task in self._tasks:
            self._reaper.reap(task)

    def _spawn(self, work: Coroutine[None, None, None], stage: str) -> None:
        self._tasks.append(asyncio.create_task(work, name=f"{self._session}:{self.reply}:{stage}"))

    # --- the model ---

    async def _write(self, request: LlmRequest) -> None:
        """Read the model; a failure ends the text, and is told once what there is of it has been spoken."""
        sentences = self._sentences
        self.latency.model_asked()
        try:
            async with _closing(self._llm.reply(request)) as events:
                async for event in events:
                    self._take(event)
                    await sentences.room()
            self.latency.text_ended()
            self._feed(ReplyTextEnded(self.reply))
        except ProviderError as error:
            self._failure = error
        except Exception as error:  # noqa: BLE001 - whatever it is, the reply has failed and the session goes on
            self._failure = self._crash(Stage.LLM, error)
        finally:
            sentences.close()
            self._round_came.set()

    def _take(self, event: LlmEvent) -> None:
        match event:
            case LlmText(delta):
                self.latency.text_came()
                self._feed(ReplyText(self.reply, delta))
            case LlmToolCall(call):
                self._feed(ToolRequested(self.reply, call))
            case LlmRewind():
                self._feed(ReplyRewound(self.reply))

    # --- the voice ---

    async def _speak(self) -> None:
        """Speak the rounds; then say how the reply went."""
        try:
            while (sentences := await self._next_round()) is not None:
                await self._synthesise(sentences)
                if self._failure is None:
                    self.latency.speech_ended()
                    self._feed(ReplyProduced(self.reply))
        except ProviderError as error:
            self._failure = error
        except Exception as error:  # noqa: BLE001 - as above
            self._failure = self._crash(Stage.TTS, error)
        self.playout.end()
        if self._failure is not None:
            self._fail(self._failure)

    async def _next_round(self) -> Sentences | None:
        """What to speak next; None when there is no more to come."""
        while not self._rounds and not self._finished and self._failure is None:
            self.playout.rest()
            self._round_came.clear()
            await self._round_came.wait()
        return self._rounds.popleft() if self._rounds else None

    async def _synthesise(self, sentences: Sentences) -> None:
        request = TtsRequest(self._next_context(), self._language, self._observer.used)
        resampler = Resampler(self._tts.sample_rate, self._output_rate)
        async with _closing(self._tts.speak(request, aiter(sentences))) as speech:
            async for audio in speech:
                self._announce(audio)
                self.playout.offer(resampler.feed(audio.pcm))
                await self.playout.room()
        self.playout.offer(resampler.flush())

    def _next_context(self) -> str:
        self._spoken_rounds += 1
        context = f"{self._session}:{self.reply}"
        return context if self._spoken_rounds == 1 else f"{context}.{self._spoken_rounds}"

    def _announce(self, audio: TtsAudio) -> None:
        """Tell the core of the audio, in lengths that add up to that of all bytes: nothing is lost to rounding."""
        if audio.pcm:
            self.latency.speech_came()
        rate, before = self._tts.sample_rate, self._made_bytes
        self._made_bytes += len(audio.pcm)
        ms = bytes_to_ms(self._made_bytes, rate) - bytes_to_ms(before, rate)
        self._feed(AudioReady(self.reply, audio.segment, ms, audio.words))

    # --- failures ---

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


@asynccontextmanager
async def _closing(iterator: AsyncIterator[_Item]) -> AsyncIterator[AsyncIterator[_Item]]:
    """Closes the iterator however it is left, which ends what it does at the provider."""
    try:
        yield iterator
    finally:
        if isinstance(iterator, AsyncGenerator):
            await iterator.aclose()
