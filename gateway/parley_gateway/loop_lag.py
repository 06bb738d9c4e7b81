"""How late the event loop is: the first sign of a full pod, long before its CPU says so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_INTERVAL_S = 0.5


class LoopLag:
    """Sleeps, and sees how much too late it wakes up."""

    def __init__(self, *, observe: Callable[[float], None], clock: Callable[[], float]) -> None:
        self._observe = observe
        self._clock = clock
        self._last = 0.0
        self._due: float | None = None

    @property
    def seconds(self) -> float:
        """The last lag, or that of the wake-up which is overdue now, whichever is more."""
        overdue = self._clock() - self._due if self._due is not None else 0.0
        return max(self._last, overdue)

    async def run(self) -> None:
        """Measure until cancelled."""
        while True:
            self._due = self._clock() + _INTERVAL_S
            await asyncio.sleep(_INTERVAL_S)
            self._last = max(0.0, self._clock() - self._due)
            self._observe(self._last)
