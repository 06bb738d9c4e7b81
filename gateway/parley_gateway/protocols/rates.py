"""A bound on how much may come in a time."""

from __future__ import annotations

from collections.abc import Callable


class LeakyBucket:
    """Holds `capacity` units and leaks `per_second` of them; what would overflow it is too much."""

    def __init__(self, *, per_second: float, capacity: float, clock: Callable[[], float]) -> None:
        self._per_second = per_second
        self._capacity = capacity
        self._clock = clock
        self._level = 0.0
        self._at = clock()

    def take(self, amount: float) -> bool:
        """Whether there is room for `amount` now; it is counted only then."""
        now = self._clock()
        self._level = max(0.0, self._level - (now - self._at) * self._per_second)
        self._at = now
        if self._level + amount > self._capacity:
            return False
        self._level += amount
        return True
