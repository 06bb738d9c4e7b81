"""What the core asks the session to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from parley_gateway.conversation.events import EndReason
from parley_gateway.conversation.history import HistoryItem, ToolCall
from parley_gateway.conversation.notices import Notice


class ReplyKind(StrEnum):
    """Where a reply's text comes from."""

    ANSWER = "answer"
    """The model's answer to a history."""
    PHRASE = "phrase"
    """Text that the core has, such as a greeting: `Speak` follows at once, and no model is asked."""


@dataclass(frozen=True, slots=True)
class StartReply:
    """Make ready to speak a reply, asking the model for its text unless it is a phrase.

    A speculative one is made, not played, until `CommitReply`.
    """

    reply: int
    kind: ReplyKind = ReplyKind.ANSWER
    speculative: bool = False
    history: tuple[HistoryItem, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class CommitReply:
    """A speculative reply is the real one: play it."""

    reply: int


@dataclass(frozen=True, slots=True)
class CancelReply:
    """Stop the work on a reply; what still comes of it is stale."""

    reply: int


@dataclass(frozen=True, slots=True)
class ContinueReply:
    """Ask the model to go on with a reply, now that the tools it asked for have answered."""

    reply: int
    history: tuple[HistoryItem, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class RunTool:
    """Call a tool. `key` is the same whenever this very call is repeated, and no other's within the session."""

    call: ToolCall
    key: str


@dataclass(frozen=True, slots=True)
class Speak:
    """Say this next within the reply. White space before a sentence is kept: it belongs to the text as written."""

    reply: int
    segment: int
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class FinishSpeech:
    """No more segments follow in this reply."""

    reply: int


@dataclass(frozen=True, slots=True)
class PausePlayout:
    """Hold the reply's audio, keeping what is not played yet."""

    reply: int


@dataclass(frozen=True, slots=True)
class ResumePlayout:
    """Go on with the audio that was held, from `from_ms` of the reply on."""

    reply: int
    from_ms: int


@dataclass(frozen=True, slots=True)
class StopPlayout:
    """Drop all of the reply's audio that is not played yet."""

    reply: int


@dataclass(frozen=True, slots=True)
class CommitInput:
    """Ask the recogniser for a final transcript of what it has, now."""


@dataclass(frozen=True, slots=True)
class DiscardInput:
    """The turn's transcripts are not wanted; those still to come of it are stale."""


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Send `TimerFired(name, generation)` after `delay_s` seconds."""

    name: str
    generation: int
    delay_s: float


@dataclass(frozen=True, slots=True)
class CancelTimer:
    """The timer of this name is not wanted any more."""

    name: str


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell the client."""

    notice: Notice


@dataclass(frozen=True, slots=True)
class EndSession:
    """End the session, for this one reason."""

    reason: EndReason


Command = (
    StartReply
    | CommitReply
    | CancelReply
    | ContinueReply
    | RunTool
    | Speak
    | FinishSpeech
    | PausePlayout
    | ResumePlayout
    | StopPlayout
    | CommitInput
    | DiscardInput
    | SetTimer
    | CancelTimer
    | Notify
    | EndSession
)
