"""What a session measures, as its owner wants to hear it. No call may raise or block."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from parley_gateway.conversation.events import EndReason, FailureKind, Stage
from parley_gateway.conversation.notices import ReplyStatus
from parley_gateway.ports import LlmUsage


class Latency(StrEnum):
    """A span that a caller feels."""

    FIRST_TOKEN = "first_token"  # noqa: S105 - a model's token
    """From the end of the caller's turn to the first text of the answer."""
    FIRST_AUDIO = "first_audio"
    """From the end of the caller's turn to the first audio of the answer handed to the client."""
    SYNTHESIS = "synthesis"
    """From the first sentence handed to the voice to its first audio."""
    PARTIAL_ASR = "partial_asr"
    """From the arrival of a word's last audio to the first transcript that has the word."""
    BARGE_IN = "barge_in"
    """From the arrival of the first audio of speech to the agent's silence."""


class SessionObserver(Protocol):
    """Hears of one or of many sessions; the same object may serve a whole process."""

    def latency(self, kind: Latency, seconds: float) -> None:
        """A span was measured."""
        ...

    def reply_over(self, status: ReplyStatus) -> None:
        """A reply that the client knew of is over."""
        ...

    def provider_failed(self, stage: Stage, kind: FailureKind) -> None:
        """A provider failed a reply, or recognition; the session may go on."""
        ...

    def tokens_used(self, usage: LlmUsage) -> None:
        """An answer took tokens, whether it was heard or thrown away."""
        ...

    def underrun(self, ms: int) -> None:
        """The client ran out of the agent's audio for `ms` in the middle of a reply."""
        ...

    def session_ended(self, reason: EndReason, seconds: float) -> None:
        """A session is over after `seconds`; said exactly once per session."""
        ...


class Unobserved:
    """Measures nothing."""

    def latency(self, kind: Latency, seconds: float) -> None:
        """Not of interest."""

    def reply_over(self, status: ReplyStatus) -> None:
        """Not of interest."""

    def provider_failed(self, stage: Stage, kind: FailureKind) -> None:
        """Not of interest."""

    def tokens_used(self, usage: LlmUsage) -> None:
        """Not of interest."""

    def underrun(self, ms: int) -> None:
        """Not of interest."""

    def session_ended(self, reason: EndReason, seconds: float) -> None:
        """Not of interest."""
