"""A provider that fails again and again is left alone, until a probe finds it back."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from parley_gateway.providers.resilience.observer import BreakerState


@dataclass(slots=True)
class Breaker:
    """One provider's. Knows no clock: times are seconds, and never go back.

    Only failures in a row count, and any success of a request that began since closes it, also one that was let
    through since there was nobody else to ask.
    """

    limit: int
    """Failures in a row that open it."""
    probe_interval_s: float
    state: BreakerState = BreakerState.CLOSED
    _failures: int = 0
    _opened_at: float = -inf
    _next_probe: float = inf

    @property
    def is_closed(self) -> bool:
        """Whether the provider is asked as usual."""
        return self.state is BreakerState.CLOSED

    def probe_wait(self, now: float) -> float:
        """Seconds until a probe is due; infinite where none is."""
        return max(0.0, self._next_probe - now)

    def failed(self, now: float) -> None:
        """A request failed."""
        self._failures += 1
        if self.is_closed and self._failures >= self.limit:
            self.trip(now)

    def succeeded(self, *, began: float) -> None:
        """A request that began then was served."""
        if not self.is_closed and began < self._opened_at:
            return
        self.state = BreakerState.CLOSED
        self._failures = 0
        self._next_probe = inf

    def trip(self, now: float) -> None:
        """Leave the provider alone from now on."""
        self.state = BreakerState.OPEN
        self._opened_at = now
        self._next_probe = now + self.probe_interval_s

    def begin_probe(self, now: float) -> bool:
        """Whether a probe is to be made now; then no other is until it has failed or succeeded."""
        if self.state is not BreakerState.OPEN or now < self._next_probe:
            return False
        self.state = BreakerState.HALF_OPEN
        self._next_probe = inf
        return True

    def probe_failed(self, now: float) -> None:
        """The probe found it still away. Of no meaning where it is back all the same."""
        if self.state is BreakerState.HALF_OPEN:
            self.state = BreakerState.OPEN
            self._next_probe = now + self.probe_interval_s
