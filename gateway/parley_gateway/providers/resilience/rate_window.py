"""So many in any stretch of time, and no more."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from math import inf


class RateWindow:
    """A sliding window: remembers when each of the last `limit` was taken. No limit remembers nothing."""

    def __init__(self, limit: int | None, *, span_s: float = 60.0) -> None:
        self._limit = limit
        self._span = span_s
        self._taken: deque[float] = deque(maxlen=limit or 0)

    def take(self, now: float) -> None:
        """One begins. Times never go back."""
        self._taken.append(now)

    def wait(self, now: float) -> float:
        """Seconds until another may begin; 0 for now."""
        return max(0.0, next(self.openings(now)) - now)

    def openings(self, now: float) -> Iterator[float]:
        """When the next ones could begin, each in its turn, as far as it is known yet: within one span."""
        if self._limit is None:
            while True:
                yield now
        self._forget(now)
        for _ in range(self._limit - len(self._taken)):
            yield now
        for taken in self._taken:
            yield taken + self._span
        yield inf

    def _forget(self, now: float) -> None:
        # The same sum as in `openings`: a time that was promised there must be free when it comes.
        while self._taken and self._taken[0] + self._span <= now:
            self._taken.popleft()
