"""The edges of a session: a client's link on one side, the providers of the stages on the other.

Links use plain callbacks rather than a coroutine per frame, so that another socket layer can take the place
of the present one. PCM is always `bytes` of s16le mono at the rate that its owner names.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from parley_gateway.conversation.events import (
    ClearRequested,
    CommitRequested,
    DtmfReceived,
    EndOfTurn,
    EndReason,
    FailureKind,
    InterruptRequested,
    PlayoutReported,
    ReplyRequested,
    SpeechStarted,
    SpeechStopped,
    Stage,
    TextReceived,
    TranscriptChanged,
    Word,
)
from parley_gateway.conversation.history import HistoryItem, ToolCall, ToolResult
from parley_gateway.conversation.notices import Notice

# --- the client's side ---


@dataclass(frozen=True, slots=True)
class LinkCapabilities:
    """What a protocol can do, where others would ask which protocol it is."""

    input_rate: int
    """Hz of the audio that the link hands in."""
    output_rate: int
    """Hz of the audio that the link wants."""
    can_pause: bool
    """Whether the client can hold what it has buffered, and go on with it."""
    reports_playout: bool
    """Whether the client says what it has played."""
    lead_ms: int
    """How far ahead of real time audio may be sent."""
    can_drop: bool = False
    """Whether the client can be made to drop what it has buffered of a reply that goes on."""


class ClientLink(Protocol):
    """One client's connection, as a session sees it. No method blocks or raises for a peer that is gone."""

    @property
    def capabilities(self) -> LinkCapabilities:
        """What this link can do; constant for a session."""
        ...

    def write(self, reply: int, offset_ms: int, pcm: bytes) -> None:
        """Send a reply's audio that begins `offset_ms` into it."""
        ...

    def finish(self, reply: int) -> None:
        """All audio of a reply has been written."""
        ...

    def drop(self, reply: int) -> None:
        """Have a client that can drop forget what it has buffered of a reply; more of it may follow."""
        ...

    def clear(self, reply: int) -> None:
        """Have the client drop what it has buffered of a reply, of which nothing follows."""
        ...

    def notify(self, notice: Notice) -> None:
        """Tell the client something."""
        ...

    def end(self, reason: EndReason) -> None:
        """Say goodbye and close, with the protocol's own code for the reason."""
        ...


ClientEvent = (
    TextReceived
    | DtmfReceived
    | CommitRequested
    | ClearRequested
    | ReplyRequested
    | InterruptRequested
    | PlayoutReported
)


class SessionInput(Protocol):
    """A session, as a protocol sees it. All methods return at once."""

    def audio(self, pcm: bytes) -> None:
        """More of the caller's audio, in chunks of any length of whole samples."""
        ...

    def mute(self, muted: bool) -> None:
        """Ignore audio from now on, or take it again."""
        ...

    def event(self, event: ClientEvent) -> None:
        """Something that the client asks for or reports."""
        ...

    def hang_up(self, reason: EndReason) -> None:
        """The client ended the session, is gone, or broke the protocol."""
        ...


# --- the providers' side ---


class ProviderError(Exception):
    """A provider did not do its part. The message never holds a key or what a person said."""

    def __init__(self, stage: Stage, kind: FailureKind, detail: str, *, retry_after: float | None = None) -> None:
        super().__init__(f"{stage}: {kind}: {detail}")
        self.stage = stage
        self.kind = kind
        self.detail = detail
        self.retry_after = retry_after
        """Seconds after which the provider asks to be tried again."""
        self.another = False
        """Whether asking again at once reaches another key or another provider, whatever the kind."""
        self.segment: int | None = None
        """Of a voice: the segment that it could not finish, where it knows; those before it are spoken in full."""


class Unit(StrEnum):
    """What providers bill."""

    AUDIO_SECONDS = "audio_seconds"
    CHARACTERS = "characters"
    INPUT_TOKENS = "input_tokens"
    """Those not read from a cache."""
    CACHED_INPUT_TOKENS = "cached_input_tokens"
    CACHE_WRITE_INPUT_TOKENS = "cache_write_input_tokens"
    """Those put into a cache, where that costs extra; they are not among the others."""
    OUTPUT_TOKENS = "output_tokens"
    AUDIO_OUTPUT_TOKENS = "audio_output_tokens"


@dataclass(frozen=True, slots=True)
class Usage:
    """What a provider will bill for, told as soon as it is known, in parts that add up."""

    stage: Stage
    provider: str
    """As the configuration names it."""
    model: str
    amounts: Mapping[Unit, float]
    estimated: bool = False
    """Whether the provider did not say, as for an answer that was interrupted."""


Meter = Callable[[Usage], None]


def unmetered(_: Usage) -> None:
    """A meter for those who do not count."""


SttEvent = SpeechStarted | SpeechStopped | TranscriptChanged | EndOfTurn


@dataclass(frozen=True, slots=True)
class SttRequest:
    """One session's recognition."""

    session: str
    language: str
    meter: Meter = field(default=unmetered, repr=False)


class SttStream(Protocol):
    """Duplex recognition for one session."""

    @property
    def owns_turns(self) -> bool:
        """As `Stt.owns_turns`, of the provider that serves this very stream."""
        ...

    def send(self, pcm: bytes) -> int:
        """Hand over audio at the provider's `sample_rate`; returns the ms dropped to stay bounded.

        Positions in events count all of it, what was dropped too.
        """
        ...

    def finalize(self) -> None:
        """Ask for a final transcript of what was sent so far, now."""
        ...

    def events(self) -> AsyncIterator[SttEvent]:
        """What is heard. Raises ProviderError when recognition cannot go on. Iterated once."""
        ...

    def abort(self) -> None:
        """Let go at once, waiting for nobody. May be called twice."""
        ...


class Stt(Protocol):
    """A provider of recognition, shared by all sessions of a process."""

    @property
    def sample_rate(self) -> int:
        """Hz that `send` wants."""
        ...

    @property
    def owns_turns(self) -> bool:
        """Whether it says itself when a turn ends (`EndOfTurn`); otherwise silence decides."""
        ...

    async def warm(self) -> None:
        """Do now what would make the first session slow. Raises ProviderError."""
        ...

    def open(self, request: SttRequest) -> SttStream:
        """Begin to recognise one session; connects in the background."""
        ...

    async def aclose(self) -> None:
        """Let go of everything."""
        ...


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool, as a model is told of it."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    """JSON schema of the arguments: an object."""


class Tools(Protocol):
    """The tools of a deployment, shared by all sessions of a process."""

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """Those that can be called now."""
        ...

    async def call(self, call: ToolCall, *, key: str, session: str) -> ToolResult:
        """Call one. Never raises but when cancelled: what goes wrong is a result. `key` is for repetition."""
        ...


@dataclass(frozen=True, slots=True)
class LlmRequest:
    """One answer."""

    session: str
    reply: int
    instructions: str = field(repr=False)
    history: tuple[HistoryItem, ...] = field(repr=False)
    """Ends with the caller's turn or a tool's result; with the agent's turn where it is asked to speak first."""
    language: str
    tools: tuple[ToolSpec, ...] = ()
    meter: Meter = field(default=unmetered, repr=False)


@dataclass(frozen=True, slots=True)
class LlmText:
    """More of the answer."""

    delta: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LlmToolCall:
    """The answer needs a tool: it ends after its calls, and is asked for anew with their results."""

    call: ToolCall


@dataclass(frozen=True, slots=True)
class LlmRewind:
    """Text after the last whole sentence is withdrawn: another provider goes on from there."""


LlmEvent = LlmText | LlmToolCall | LlmRewind


class Llm(Protocol):
    """A provider of answers, shared by all sessions of a process."""

    async def warm(self) -> None:
        """Do now what would make the first answer slow. Raises ProviderError."""
        ...

    def reply(self, request: LlmRequest) -> AsyncIterator[LlmEvent]:
        """The answer as it is written. Raises ProviderError. Closing the iterator ends the request at once."""
        ...

    async def aclose(self) -> None:
        """Let go of everything."""
        ...


@dataclass(frozen=True, slots=True)
class TtsSegment:
    """A sentence, or what is spoken as one, of a reply."""

    segment: int
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TtsRequest:
    """The speech of one reply."""

    context: str
    """`session:reply`, which tells replies apart on a socket that several share."""
    language: str
    meter: Meter = field(default=unmetered, repr=False)


@dataclass(frozen=True, slots=True)
class TtsAudio:
    """More speech of a segment, at the provider's `sample_rate`; `words` lie within the segment's audio so far.

    A piece without audio brings words that became known after theirs.
    """

    segment: int
    pcm: bytes = field(repr=False)
    words: tuple[Word, ...] = field(default=(), repr=False)


class Tts(Protocol):
    """A provider of speech, shared by all sessions of a process."""

    @property
    def sample_rate(self) -> int:
        """Hz of the audio it makes."""
        ...

    async def warm(self) -> None:
        """Do now what would make the first sentence slow. Raises ProviderError."""
        ...

    def speak(self, request: TtsRequest, segments: AsyncIterator[TtsSegment]) -> AsyncIterator[TtsAudio]:
        """Speech for segments as they come, in their order, streamed while it is made. Raises ProviderError."""
        ...

    async def aclose(self) -> None:
        """Let go of everything."""
        ...


# --- voice activity ---


class VoiceActivityStream(Protocol):
    """Listens to one caller."""

    def send(self, pcm: bytes) -> None:
        """Hand over audio at the rate that it was opened with; what it hears comes by callback, perhaps later."""
        ...

    def close(self) -> None:
        """Let go; nothing is said after this."""
        ...


class VoiceActivity(Protocol):
    """Hears whether somebody speaks: one for all sessions of a process, so that a model is there once."""

    async def warm(self) -> None:
        """Load what there is to load."""
        ...

    def open(
        self, *, sample_rate: int, on_event: Callable[[SpeechStarted | SpeechStopped], None]
    ) -> VoiceActivityStream:
        """Begin to listen to one caller."""
        ...

    async def aclose(self) -> None:
        """Let go of everything."""
        ...
