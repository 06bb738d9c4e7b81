"""What is done about providers in trouble, for those who count it. No call may raise or block."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from parley_gateway.conversation.events import FailureKind, Stage


class BreakerState(StrEnum):
    """Whether a provider is asked."""

    CLOSED = "closed"
    """As usual."""
    OPEN = "open"
    """It is left alone."""
    HALF_OPEN = "half_open"
    """One request at a time finds out whether it is back."""


class ResilienceObserver(Protocol):
    """Hears of one process's providers, each by its stage and its name in the configuration."""

    def attempt_failed(self, stage: Stage, provider: str, kind: FailureKind) -> None:
        """A request failed at a provider, whether or not it was saved."""
        ...

    def retried(self, stage: Stage, provider: str) -> None:
        """A request is tried again at the same provider."""
        ...

    def failed_over(self, stage: Stage, provider: str, to: str) -> None:
        """A request goes to another provider, since this one failed it or is left alone."""
        ...

    def breaker_changed(self, stage: Stage, provider: str, state: BreakerState) -> None:
        """A provider is left alone, tried again, or back."""
        ...

    def key_set_aside(self, stage: Stage, provider: str) -> None:
        """A key was refused and is not used for a while."""
        ...

    def requests_waiting(self, stage: Stage, provider: str, number: int) -> None:
        """So many requests now wait their turn at the limits of the provider's keys."""
        ...

    def speech_looked_up(self, *, cached: bool) -> None:
        """A segment was looked for in the cache of speech."""
        ...


class Unwatched:
    """Counts nothing."""

    def attempt_failed(self, stage: Stage, provider: str, kind: FailureKind) -> None:
        """Not of interest."""

    def retried(self, stage: Stage, provider: str) -> None:
        """Not of interest."""

    def failed_over(self, stage: Stage, provider: str, to: str) -> None:
        """Not of interest."""

    def breaker_changed(self, stage: Stage, provider: str, state: BreakerState) -> None:
        """Not of interest."""

    def key_set_aside(self, stage: Stage, provider: str) -> None:
        """Not of interest."""

    def requests_waiting(self, stage: Stage, provider: str, number: int) -> None:
        """Not of interest."""

    def speech_looked_up(self, *, cached: bool) -> None:
        """Not of interest."""
