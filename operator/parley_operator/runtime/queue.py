"""One coalescing queue for all resources: a key is worked on by one worker at a time and never twice for nothing.

A key that is asked for while it waits is one piece of work; while it is worked on, it is worked on once more
after. A failure delays its own key alone, longer each time.
"""

from __future__ import annotations

import asyncio
import heapq
import random
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class Backoff:
    """Seconds to wait after consecutive failures of one key, doubling from `first` to `longest`."""

    first: float = 0.25
    longest: float = 300.0
    jitter: Callable[[], float] = random.random

    def after(self, failures: int) -> float:
        """The delay after this many failures in a row; between half of it and all of it."""
        full = min(self.first * 2.0 ** min(failures - 1, 32), self.longest)
        return full * (0.5 + self.jitter() / 2)


class WorkQueue(Generic[K]):
    """Keys to work on, now or later. Its bound is the number of different keys."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, backoff: Backoff = Backoff()) -> None:
        self._clock, self._backoff = clock, backoff
        self._ready: dict[K, float] = {}
        """Waiting keys in order, with the time since when."""
        self._active: dict[K, float] = {}
        self._again: set[K] = set()
        self._later: list[tuple[float, int, K]] = []
        self._due: dict[K, float] = {}
        """The time that counts of a delayed key; entries of `_later` that differ are outdated."""
        self._failures: dict[K, int] = {}
        self._sequence = 0
        self._changed = asyncio.Event()

    def add(self, key: K) -> None:
        """Work on it as soon as a worker is free."""
        self._due.pop(key, None)
        if key in self._active:
            self._again.add(key)
        else:
            self._ready.setdefault(key, self._clock())
        self._changed.set()

    def add_after(self, key: K, delay: float) -> None:
        """Work on it after a while, unless it is already to be worked on sooner."""
        due = self._clock() + delay
        if key in self._ready or self._due.get(key, due + 1) <= due:
            return
        self._due[key] = due
        self._sequence += 1
        heapq.heappush(self._later, (due, self._sequence, key))
        self._changed.set()

    async def get(self) -> K:
        """The next key; `done` or `failed` must follow."""
        while True:
            wait = self._promote()
            if self._ready:
                key = next(iter(self._ready))
                del self._ready[key]
                self._active[key] = self._clock()
                return key
            self._changed.clear()
            await self._wait(wait)

    def done(self, key: K) -> None:
        """It was worked on with success."""
        self._failures.pop(key, None)
        self._finish(key)

    def failed(self, key: K, *, retry_after: float | None = None, progressed: bool = False) -> float:
        """It must be tried again; returns the delay in seconds, at least what the server asked for.

        Work that progressed before it failed is not stuck: its failure counts as the first.
        """
        self._failures[key] = 1 if progressed else self._failures.get(key, 0) + 1
        delay = max(self._backoff.after(self._failures[key]), retry_after or 0.0)
        self._finish(key)
        self.add_after(key, delay)
        return delay

    def forget(self, key: K) -> None:
        """The resource is gone: nothing of it is to be done later."""
        self._failures.pop(key, None)
        self._due.pop(key, None)

    @property
    def depth(self) -> int:
        """How many keys wait for a worker."""
        return len(self._ready)

    @property
    def active(self) -> int:
        """How many keys are being worked on."""
        return len(self._active)

    def oldest_wait(self) -> float:
        """Seconds that the first key in line has waited."""
        return self._clock() - min(self._ready.values()) if self._ready else 0.0

    def longest_work(self) -> float:
        """Seconds since the oldest piece of work began that has not ended."""
        return self._clock() - min(self._active.values()) if self._active else 0.0

    def _finish(self, key: K) -> None:
        del self._active[key]
        if key in self._again:
            self._again.discard(key)
            self.add(key)

    def _promote(self) -> float | None:
        """Move what is due to the ready keys; returns the seconds until the next is due."""
        now = self._clock()
        while self._later:
            due, _, key = self._later[0]
            current = self._due.get(key) == due
            if current and due > now:
                return due - now
            heapq.heappop(self._later)
            if current:
                self.add(key)
        return None

    async def _wait(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return
