"""What was measured in the last minutes, in bounded memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

SPAN_S = 300.0
_MOST = 4096
"""Values kept; with more in the span the oldest go first, and the window is shorter than it says."""


class Window:
    """Values of one kind, with the time at which each came."""

    def __init__(self, clock: Callable[[], float], *, span_s: float = SPAN_S, most: int = _MOST) -> None:
        self._clock = clock
        self._span_s = span_s
        self._values: deque[tuple[float, float]] = deque(maxlen=most)

    def add(self, value: float) -> None:
        """It was measured now."""
        self._values.append((self._clock(), value))

    def values(self) -> list[float]:
        """Those within the span, the smallest first."""
        since = self._clock() - self._span_s
        while self._values and self._values[0][0] < since:
            self._values.popleft()
        return sorted(value for _, value in self._values)

    def mean(self) -> float | None:
        """Of the values within the span; None where there is none."""
        values = self.values()
        return sum(values) / len(values) if values else None


def percentile(ordered: list[float], percent: int) -> float:
    """The smallest value that so many percent of all do not exceed. `ordered` is not empty."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
