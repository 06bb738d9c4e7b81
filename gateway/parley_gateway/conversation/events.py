"""What the core is told. Every event of a reply carries the reply's number: its epoch.

Clock times are seconds on the session's monotonic clock and come beside the event, never in it. Audio
positions and lengths are milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from parley_gateway.conversation.history import Quality as Quality
from parley_gateway.conversation.history import ToolCall, ToolResult


class EndReason(StrEnum):
    """Why a session ended; each session has exactly one."""

    CLIENT_ENDED = "client_ended"
    CLIENT_GONE = "client_gone"
    IDLE = "idle"
    DURATION = "duration"
    BUDGET = "budget"
    DRAINED = "drained"
    PROVIDERS_FAILED = "providers_failed"
    PROTOCOL = "protocol"
    RATE = "rate"
    SIZE = "size"
    SLOW_CLIENT = "slow_client"
    INTERNAL = "internal"


class Stage(StrEnum):
    """A stage of the pipeline."""

    STT = "stt"
    LLM = "llm"
    TTS = "tts"


class FailureKind(StrEnum):
    """What went wrong at a provider, as far as the caller of it should care."""

    REFUSED = "refused"
    """The key or the request is not accepted: trying again is of no use."""
    RATE_LIMITED = "rate_limited"
    OVERLOADED = "overloaded"
    TIMEOUT = "timeout"
    CUT = "cut"
    """The connection ended in the middle."""
    GARBAGE = "garbage"
    """An answer that is not in the provider's own format."""
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Word:
    """A word and where it lies in its audio stream."""

    text: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class SessionReady:
    """Client and providers are there; the conversation may begin."""

    greeting: str | None = None


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """The client's connection came or went."""

    connected: bool


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The caller makes the sound of speech, since `audio_ms` of the caller's audio."""

    audio_ms: int


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """The caller is quiet again since `audio_ms` of the caller's audio."""

    audio_ms: int
    ago_ms: int = 0
    """How much audio has come since: the silence has lasted for so long when it is told of."""


@dataclass(frozen=True, slots=True)
class TranscriptChanged:
    """What the recogniser hears: a later one of the same utterance replaces it until it is final."""

    utterance: int
    text: str
    final: bool
    words: tuple[Word, ...] = ()


class TurnEnd(StrEnum):
    """How sure a recogniser is that the caller has finished."""

    EAGER = "eager"
    """Perhaps: a reply may be drafted, not spoken."""
    WITHDRAWN = "withdrawn"
    """The eager end was wrong; the caller goes on."""
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class EndOfTurn:
    """The recogniser's own view of whether the caller has finished."""

    end: TurnEnd


@dataclass(frozen=True, slots=True)
class CommitRequested:
    """The client says that the turn is over."""


@dataclass(frozen=True, slots=True)
class ClearRequested:
    """The client wants what was heard of this turn to be forgotten."""


@dataclass(frozen=True, slots=True)
class TextReceived:
    """A whole turn, typed."""

    text: str


@dataclass(frozen=True, slots=True)
class DtmfReceived:
    """A key of a telephone was pressed: one of 0-9, *, #, A-D."""

    digit: str


@dataclass(frozen=True, slots=True)
class ReplyRequested:
    """The client wants the agent to speak now."""


@dataclass(frozen=True, slots=True)
class InterruptRequested:
    """The client wants the agent to stop now."""


@dataclass(frozen=True, slots=True)
class ReplyText:
    """More of the model's answer."""

    reply: int
    delta: str


@dataclass(frozen=True, slots=True)
class ReplyRewound:
    """The model failed in the middle, and another goes on: text after the last whole sentence is withdrawn."""

    reply: int


@dataclass(frozen=True, slots=True)
class ToolRequested:
    """The model wants a tool called before it goes on with this reply."""

    reply: int
    call: ToolCall


@dataclass(frozen=True, slots=True)
class ToolFinished:
    """A tool's result; it belongs to the session, and counts even if its reply was interrupted."""

    result: ToolResult


@dataclass(frozen=True, slots=True)
class ReplyTextEnded:
    """The model has said all of its answer."""

    reply: int


@dataclass(frozen=True, slots=True)
class AudioReady:
    """`ms` more of a segment's speech has been synthesised; `words` lie within the segment's audio."""

    reply: int
    segment: int
    ms: int
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class ReplyProduced:
    """All speech of a reply's text so far has been synthesised; a reply that waits for tools may go on."""

    reply: int


@dataclass(frozen=True, slots=True)
class ReplyFailed:
    """A stage could not go on with a reply."""

    reply: int
    stage: Stage
    kind: FailureKind


@dataclass(frozen=True, slots=True)
class PlayoutReported:
    """`ms` of a reply's audio have been played to the caller."""

    reply: int
    ms: int
    quality: Quality
    finished: bool = False
    ago_ms: int = 0
    """For how long the client has had nothing more to play."""


@dataclass(frozen=True, slots=True)
class PolicyChanged:
    """Another recogniser has taken over, and knows the ends of turns, or does not."""

    owns_turns: bool


@dataclass(frozen=True, slots=True)
class HearingTroubled:
    """The recogniser has been away for long enough to be noticed: what the caller said may be lost."""


@dataclass(frozen=True, slots=True)
class StageLost:
    """A stage that the whole session needs is gone for good."""

    stage: Stage
    kind: FailureKind


@dataclass(frozen=True, slots=True)
class TimerFired:
    """A timer that the core had set; `generation` tells a cancelled one from a live one."""

    name: str
    generation: int


@dataclass(frozen=True, slots=True)
class SessionEnding:
    """The session is to end, for a reason from outside of the core."""

    reason: EndReason
    farewell: bool = False
    """Whether the agent says goodbye first, within a bounded time."""


Event = (
    SessionReady
    | LinkChanged
    | SpeechStarted
    | SpeechStopped
    | TranscriptChanged
    | EndOfTurn
    | CommitRequested
    | ClearRequested
    | TextReceived
    | DtmfReceived
    | ReplyRequested
    | InterruptRequested
    | ReplyText
    | ReplyTextEnded
    | ReplyRewound
    | ToolRequested
    | ToolFinished
    | AudioReady
    | ReplyProduced
    | ReplyFailed
    | PlayoutReported
    | PolicyChanged
    | HearingTroubled
    | StageLost
    | TimerFired
    | SessionEnding
)
