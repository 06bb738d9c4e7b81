"""A recogniser in trouble: whether it is asked again, after how long, and whether the caller should hear of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from parley_gateway.conversation.events import FailureKind
from parley_gateway.ports import ProviderError

MAX_ATTEMPTS = 6
AWAY_S = 20.0
"""Nobody talks on to somebody who has heard nothing for so long."""
DEAF_S = 2.0
"""From then on the caller notices, and is told."""
STEADY_S = 10.0
"""A stream that has lasted so long worked: the next failure is a first one."""
BACKOFF_S = (0.1, 0.3, 0.9, 2.0, 4.0)
"""Before each further attempt, halved by chance at the most, so that sessions do not return in step."""


@dataclass(slots=True)
class Outage:
    """One session's. Knows no clock: times are seconds, and never go back."""

    jitter: Callable[[], float]
    _failures: int = 0
    _since: float = 0.0
    _told: bool = False

    def failed(self, error: ProviderError, *, opened: float, heard: bool, now: float) -> float | None:
        """A stream that was opened then is over: seconds until the next; None where there is no use in another.

        `heard`: whether anything came of it. Failures that another provider or key makes good are not counted.
        """
        stalled = error.kind is FailureKind.TIMEOUT
        silent = stalled and not heard
        if now - opened >= STEADY_S and not silent:
            self._failures = 0
        if not self._failures:
            # One that has stalled was deaf before it was noticed.
            self._since, self._told = opened if silent else now - DEAF_S * stalled, False
        if error.another:
            return 0.0
        self._failures += 1
        if error.kind is FailureKind.REFUSED or self._failures >= MAX_ATTEMPTS:
            return None
        wait = max(self._backoff(), error.retry_after or 0.0)
        return wait if now + wait - self._since <= AWAY_S else None

    def is_noticed(self, now: float, *, wait: float) -> bool:
        """Whether the caller notices, waiting so long now; once for each outage."""
        if self._told or not self._failures or now + wait - self._since < DEAF_S:
            return False
        self._told = True
        return True

    def _backoff(self) -> float:
        return BACKOFF_S[min(self._failures, len(BACKOFF_S)) - 1] * (0.5 + self.jitter() / 2)
