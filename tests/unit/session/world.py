"""A session's surroundings by script: providers that do what a test says, a client that plays and listens.

They implement the ports and nothing else, and all their times are the loop's.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from parley_contract.agent import AgentText, Phrases
from parley_contract.limits import LimitsConfig
from parley_contract.pipeline import DeadlinesConfig
from parley_contract.turn_taking import TurnTakingConfig
from parley_gateway.conversation.events import (
    EndOfTurn,
    EndReason,
    FailureKind,
    SpeechStarted,
    SpeechStopped,
    Stage,
    TranscriptChanged,
    TurnEnd,
)
from parley_gateway.conversation.history import ToolCall, ToolResult, ToolStatus
from parley_gateway.conversation.notices import Notice, ReplyBegan, ReplyStatus
from parley_gateway.ports import (
    LinkCapabilities,
    LlmEvent,
    LlmRequest,
    LlmRewind,
    LlmText,
    LlmToolCall,
    ProviderError,
    SttEvent,
    SttRequest,
    SttStream,
    ToolSpec,
    TtsAudio,
    TtsRequest,
    TtsSegment,
    Unit,
    Usage,
    VoiceActivity,
)
from parley_gateway.providers.registry import Pipeline
from parley_gateway.session.config import SessionConfig
from parley_gateway.session.observer import Latency, Unobserved
from parley_gateway.session.session import Session
from tests.unit.conversation.driver import told

N = TypeVar("N", bound=Notice)

SPEECHLESS = Phrases(apology="", still_there="", goodbye="")
"""An agent that says nothing of its own."""
INPUT_RATE = 16_000
OUTPUT_RATE = 24_000
SAMPLES = 30_000
RAMP = b"".join(n.to_bytes(2, "little") for n in range(SAMPLES)) * 2
"""Samples that count."""


class ScriptedSttStream:
    """One stream of recognition: says what the test has it say."""

    def __init__(self, *, owns_turns: bool = True) -> None:
        self.owns_turns = owns_turns
        self._queue: asyncio.Queue[SttEvent | ProviderError | None] = asyncio.Queue()
        self.utterances = 0
        """Each stream counts its own from 1, as the real ones do."""
        self.received = bytearray()
        self.sends = 0
        self.finalized = 0
        self.aborted = False
        self.drops_ms = 0

    def send(self, pcm: bytes) -> int:
        self.received += pcm
        self.sends += 1
        return self.drops_ms

    def finalize(self) -> None:
        self.finalized += 1

    async def events(self) -> AsyncIterator[SttEvent]:
        while (item := await self._queue.get()) is not None:
            if isinstance(item, ProviderError):
                raise item
            yield item

    def abort(self) -> None:
        self.aborted = True

    def says(self, *events: SttEvent) -> None:
        for event in events:
            self._queue.put_nowait(event)

    def breaks(self, kind: FailureKind = FailureKind.CUT) -> None:
        self._queue.put_nowait(ProviderError(Stage.STT, kind, "by script"))

    def ends(self) -> None:
        self._queue.put_nowait(None)


class ScriptedStt:
    """Recognition that can be refused, broken and brought back."""

    def __init__(self, *, owns_turns: bool = True, sample_rate: int = INPUT_RATE) -> None:
        self.owns_turns = owns_turns
        self.sample_rate = sample_rate
        self.streams: list[ScriptedSttStream] = []
        self.refuses: FailureKind | None = None

    async def warm(self) -> None:
        return None

    def open(self, request: SttRequest) -> SttStream:
        stream = ScriptedSttStream(owns_turns=self.owns_turns)
        self.streams.append(stream)
        if self.refuses is not None:
            stream.breaks(self.refuses)
        return stream

    async def aclose(self) -> None:
        return None

    @property
    def stream(self) -> ScriptedSttStream:
        return self.streams[-1]


@dataclass
class Answer:
    """What the model writes: a token every `interval_s`, then a failure, or nothing for ever, if so asked.

    A `<rewind>` among the words is another model that takes over there; calls of tools follow the text.
    """

    text: str = "Good day to you. What can I do for you today?"
    calls: tuple[ToolCall, ...] = ()
    first_token_s: float = 0.2
    interval_s: float = 0.02
    fails: Exception | None = None
    stalls: bool = False


class ScriptedLlm:
    """Answers in the order of its script; the last one again and again."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers) or [Answer()]
        self.requests: list[LlmRequest] = []
        self.open = 0

    async def warm(self) -> None:
        return None

    def next_answer(self) -> Answer:
        return self.answers[min(len(self.requests), len(self.answers) - 1)]

    async def reply(self, request: LlmRequest) -> AsyncIterator[LlmEvent]:
        answer = self.next_answer()
        self.requests.append(request)
        self.open += 1
        try:
            await asyncio.sleep(answer.first_token_s)
            for number, word in enumerate(answer.text.split(" ")):
                yield LlmRewind() if word == "<rewind>" else LlmText(word if number == 0 else f" {word}")
                await asyncio.sleep(answer.interval_s)
            for call in answer.calls:
                yield LlmToolCall(call)
            if answer.stalls:
                await asyncio.get_running_loop().create_future()
            if answer.fails is not None:
                raise answer.fails
            request.meter(Usage(Stage.LLM, "Scripted", "", {Unit.INPUT_TOKENS: 10}))
        finally:
            self.open -= 1

    async def aclose(self) -> None:
        return None


@dataclass
class Voice:
    """How the voice speaks: `ms_per_character` of audio, made `speed` times as fast as it plays."""

    ms_per_character: int = 50
    chunk_ms: int = 100
    first_audio_s: float = 0.1
    speed: float = 10.0
    fails_after_chunks: int | None = None
    fails: Exception = field(default_factory=lambda: ProviderError(Stage.TTS, FailureKind.CUT, "by script"))
    stalls_after_chunks: int | None = None
    clean_up_s: float = 0.0
    """How long it takes to let go once it is told to."""


class ScriptedTts:
    """Speech whose every sample is its own position, so that what is lost or doubled can be seen."""

    def __init__(self, voice: Voice | None = None, *, sample_rate: int = OUTPUT_RATE) -> None:
        self.voice = voice or Voice()
        self.sample_rate = sample_rate
        self.spoken: list[str] = []
        self.contexts: list[str] = []
        self.open = 0
        self.made_ms = 0

    async def warm(self) -> None:
        return None

    async def speak(self, request: TtsRequest, segments: AsyncIterator[TtsSegment]) -> AsyncIterator[TtsAudio]:
        self.contexts.append(request.context)
        self.open += 1
        position = chunks = 0
        try:
            async for segment in segments:
                self.spoken.append(segment.text)
                await asyncio.sleep(self.voice.first_audio_s)
                left = len(segment.text) * self.voice.ms_per_character
                while left > 0:
                    await self._misbehave(chunks)
                    ms = min(left, self.voice.chunk_ms)
                    left -= ms
                    pcm, position = self._pcm(position, ms)
                    self.made_ms += ms
                    yield TtsAudio(segment.segment, pcm)
                    chunks += 1
                    await asyncio.sleep(ms / 1000 / self.voice.speed)
        finally:
            self.open -= 1
            if self.voice.clean_up_s:
                await asyncio.sleep(self.voice.clean_up_s)

    async def _misbehave(self, chunks: int) -> None:
        if chunks == self.voice.fails_after_chunks:
            raise self.voice.fails
        if chunks == self.voice.stalls_after_chunks:
            await asyncio.get_running_loop().create_future()

    def _pcm(self, position: int, ms: int) -> tuple[bytes, int]:
        end = position + self.sample_rate * ms // 1000
        start = position % SAMPLES
        return RAMP[2 * start : 2 * (start + end - position)], end

    async def aclose(self) -> None:
        return None


class ScriptedTools:
    """Tools that answer after a while, in words that say which call it was; or never."""

    specs = (ToolSpec("book", "Books a table.", {"type": "object", "properties": {}}),)

    def __init__(self, *, takes_s: float = 1.0, stalls: bool = False, fails: Exception | None = None) -> None:
        self.takes_s = takes_s
        self.stalls = stalls
        self.fails = fails
        self.calls: list[tuple[str, str]] = []
        self.open = 0

    async def call(self, call: ToolCall, *, key: str, session: str) -> ToolResult:
        self.calls.append((call.name, key))
        self.open += 1
        try:
            await asyncio.sleep(self.takes_s)
            if self.stalls:
                await asyncio.get_running_loop().create_future()
            if self.fails is not None:
                raise self.fails
            return ToolResult(call.id, ToolStatus.SUCCEEDED, f"done: {call.arguments}")
        finally:
            self.open -= 1


@dataclass(frozen=True)
class Write:
    """One write to the client."""

    at: float
    reply: int
    offset_ms: int
    pcm: bytes

    @property
    def ms(self) -> int:
        return len(self.pcm) * 1000 // (2 * OUTPUT_RATE)


class ListeningClient:
    """A client: takes what it is sent, and knows what it could have played of it."""

    def __init__(
        self,
        *,
        can_pause: bool = True,
        reports_playout: bool = False,
        lead_ms: int = 300,
        can_drop: bool = False,
    ) -> None:
        self.capabilities = LinkCapabilities(
            INPUT_RATE, OUTPUT_RATE, can_pause, reports_playout, lead_ms, can_drop
        )
        self.writes: list[Write] = []
        self.finished: list[int] = []
        self.dropped: list[tuple[float, int]] = []
        self.cleared: list[tuple[float, int]] = []
        self.notices: list[tuple[float, Notice]] = []
        self.is_told = False
        """Whether there is a session that tells it of replies."""
        self.began: set[int] = set()
        self.ended: list[EndReason] = []
        self.on_write: Callable[[Write], None] = lambda _: None
        self._loop = asyncio.get_running_loop()

    def write(self, reply: int, offset_ms: int, pcm: bytes) -> None:
        assert not self.ended, "nothing follows the end"
        assert reply not in [number for _, number in self.cleared], "audio of a reply that was cleared"
        assert not self.is_told or reply in self.began, "audio of a reply that the client was not told of"
        write = Write(self._loop.time(), reply, offset_ms, pcm)
        self.writes.append(write)
        self.on_write(write)

    def finish(self, reply: int) -> None:
        self.finished.append(reply)

    def drop(self, reply: int) -> None:
        assert self.capabilities.can_drop
        self.dropped.append((self._loop.time(), reply))

    def clear(self, reply: int) -> None:
        self.cleared.append((self._loop.time(), reply))

    def notify(self, notice: Notice) -> None:
        assert not self.ended, "nothing follows the end"
        if isinstance(notice, ReplyBegan):
            self.began.add(notice.reply)
        self.notices.append((self._loop.time(), notice))

    def end(self, reason: EndReason) -> None:
        self.ended.append(reason)

    def told(self, kind: type[N]) -> list[N]:
        return [notice for _, notice in self.notices if isinstance(notice, kind)]

    def told_at(self, kind: type[Notice]) -> list[float]:
        return [at for at, notice in self.notices if isinstance(notice, kind)]

    def pcm(self, reply: int) -> bytes:
        return b"".join(write.pcm for write in self.writes if write.reply == reply)

    def sent_ms(self, reply: int) -> int:
        return len(self.pcm(reply)) * 1000 // (2 * OUTPUT_RATE)


class Measurements(Unobserved):
    """An observer that remembers."""

    def __init__(self) -> None:
        self.latencies: list[tuple[Latency, float]] = []
        self.replies: list[ReplyStatus] = []
        self.failures: list[tuple[Stage, FailureKind]] = []
        self.usage: list[Usage] = []
        self.tools: list[tuple[str, ToolStatus]] = []
        self.underruns: list[int] = []
        self.ends: list[EndReason] = []

    def latency(self, kind: Latency, seconds: float) -> None:
        self.latencies.append((kind, seconds))

    def reply_over(self, reply: int, status: ReplyStatus) -> None:
        self.replies.append(status)

    def provider_failed(self, stage: Stage, kind: FailureKind) -> None:
        self.failures.append((stage, kind))

    def used(self, usage: Usage) -> None:
        self.usage.append(usage)

    def tool_over(self, name: str, status: ToolStatus, seconds: float) -> None:
        self.tools.append((name, status))

    def underrun(self, ms: int) -> None:
        self.underruns.append(ms)

    def session_ended(self, reason: EndReason, seconds: float) -> None:
        self.ends.append(reason)

    def of(self, kind: Latency) -> list[float]:
        return [round(seconds, 3) for measured, seconds in self.latencies if measured is kind]


class World:
    """A session with all that surrounds it. `async with` runs it, and hangs up at the end if nothing else did."""

    def __init__(
        self,
        *,
        stt: ScriptedStt | None = None,
        llm: ScriptedLlm | None = None,
        tts: ScriptedTts | None = None,
        client: ListeningClient | None = None,
        tools: ScriptedTools | None = None,
        greeting: str | None = None,
        phrases: Phrases | None = None,
        limits: LimitsConfig | None = None,
        turn_taking: TurnTakingConfig | None = None,
        voice_activity: VoiceActivity | None = None,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.stt = stt or ScriptedStt()
        self.llm = llm or ScriptedLlm()
        self.tts = tts or ScriptedTts()
        self.client = client or ListeningClient()
        self.client.is_told = True
        self.measured = Measurements()
        config = SessionConfig(
            limits or LimitsConfig(),
            turn_taking or TurnTakingConfig(),
            DeadlinesConfig(),
            tool_timeout_s=10.0 if tools else 0.0,
        )
        self.timings = config.timings
        self.session = Session(
            "s1",
            link=self.client,
            pipeline=Pipeline(self.stt, self.llm, self.tts, voice_activity=voice_activity),
            agent=AgentText(instructions="Be brief.", greeting=greeting, phrases=phrases or SPEECHLESS),
            config=config,
            observer=self.measured,
            tools=tools,
        )
        self.running: asyncio.Task[EndReason]

    async def __aenter__(self) -> World:
        self.running = asyncio.create_task(self.session.run(), name="session")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.session.hang_up(EndReason.CLIENT_ENDED)
        await self.running
        assert len(self.client.ended) == len(self.measured.ends) == 1
        assert self.stt.stream.aborted
        assert (self.llm.open, self.tts.open) == (0, 0)

    # --- the caller ---

    def hears(self, text: str, *, final: bool = True) -> None:
        stream = self.stt.stream
        stream.utterances += 1
        stream.says(TranscriptChanged(stream.utterances, text, final))

    def caller_starts(self) -> None:
        self.stt.stream.says(SpeechStarted(int(self.loop.time() * 1000)))

    def caller_stops(self) -> None:
        self.stt.stream.says(SpeechStopped(int(self.loop.time() * 1000)))

    async def caller_says(self, text: str, *, seconds: float = 1.0) -> None:
        """A whole turn, as a recogniser that owns turns tells it."""
        self.caller_starts()
        await asyncio.sleep(seconds)
        self.hears(text)
        self.caller_stops()
        self.stt.stream.says(EndOfTurn(TurnEnd.FINAL))
        await asyncio.sleep(0)

    async def until(
        self, condition: Callable[[], object], *, within_s: float = 60.0, step_s: float = 0.02
    ) -> None:
        """Wait, looking once a frame."""
        deadline = self.loop.time() + within_s
        while not condition():
            assert self.loop.time() < deadline, "it never happened"
            await asyncio.sleep(step_s)

    @property
    def history(self) -> list[tuple[str, str]]:
        """What the model was shown last."""
        return told(self.llm.requests[-1].history)
