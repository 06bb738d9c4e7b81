"""What a client may be told, in no protocol's words: each protocol says it in its own, or leaves it out."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from parley_gateway.conversation.events import Quality
from parley_gateway.conversation.history import ToolStatus


@dataclass(frozen=True, slots=True)
class Heard:
    """How much of a reply the caller heard before it stopped."""

    text: str = field(repr=False)
    ms: int
    quality: Quality


class ReplyStatus(StrEnum):
    """How a reply ended."""

    COMPLETED = "completed"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CallerSpeaks:
    """The caller began to speak."""


@dataclass(frozen=True, slots=True)
class CallerQuiet:
    """The caller stopped speaking `audio_ms` into the audio received."""

    audio_ms: int


@dataclass(frozen=True, slots=True)
class TranscriptUpdated:
    """What the caller is understood to say in `turn`; a later `rev` replaces an earlier one."""

    turn: int
    rev: int
    text: str = field(repr=False)
    final: bool


@dataclass(frozen=True, slots=True)
class ReplyBegan:
    """The agent begins to answer."""

    reply: int


@dataclass(frozen=True, slots=True)
class ReplyTextAdded:
    """The agent will say this next."""

    reply: int
    segment: int
    delta: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReplyHeld:
    """Playout is paused, perhaps for good."""

    reply: int


@dataclass(frozen=True, slots=True)
class ReplyContinued:
    """Playout goes on where it was paused."""

    reply: int


@dataclass(frozen=True, slots=True)
class ReplyCutShort:
    """The reply was interrupted; nothing more of it will be played."""

    reply: int
    heard: Heard


@dataclass(frozen=True, slots=True)
class ReplyOver:
    """Nothing more of this reply follows."""

    reply: int
    status: ReplyStatus


@dataclass(frozen=True, slots=True)
class ToolBegan:
    """A tool is being called."""

    call: str
    name: str


@dataclass(frozen=True, slots=True)
class ToolOver:
    """A tool has answered, or failed."""

    call: str
    name: str
    status: ToolStatus


@dataclass(frozen=True, slots=True)
class BudgetNearlyUsed:
    """So much of what may be spent was spent: by the session, its user or the deployment."""

    scope: str
    spent: Decimal
    limit: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class InputDropped:
    """Caller's audio was left out since recognition cannot keep up; 0 once it can again."""

    ms: int


@dataclass(frozen=True, slots=True)
class Draining:
    """The process is going away: the session may go on for `deadline_s` seconds."""

    deadline_s: float
    reconnect_after_s: float


@dataclass(frozen=True, slots=True)
class Problem:
    """Something went wrong that the client should know of; the session goes on."""

    code: str
    message: str


Notice = (
    CallerSpeaks
    | CallerQuiet
    | TranscriptUpdated
    | ReplyBegan
    | ReplyTextAdded
    | ReplyHeld
    | ReplyContinued
    | ReplyCutShort
    | ReplyOver
    | ToolBegan
    | ToolOver
    | BudgetNearlyUsed
    | InputDropped
    | Draining
    | Problem
)
