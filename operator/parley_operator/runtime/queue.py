"""One coalescing queue for all resources: a key is worked on by one worker at a time and never twice for nothing.

A key that is asked for while it waits is one piece of work; while it is worked on, it is worked on once more
after. A failure delays its own key alone, longer each time.

What has news goes before what is only looked at again, such as all resources after a listing: a person's edit need
not wait for five thousand that nobody has changed. Of that round one key at a time is worked on beside news: with
all workers at it, each request for what has news would wait until all of them had computed. A round that has
waited for long gets every second worker.

There are two lanes, each with workers of its own. A key whose last work took longer than the queue has patience
for waits in the slow one until it was quick again: however many keys hang on answers that do not come, the others
are worked on by workers that none of those holds for long.
"""

from __future__ import annotations

import asyncio
import heapq
import random
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

PATIENCE = 5.0
"""Seconds of work after which a key counts as slow: several times what a creation takes on a busy API server."""

ROUND_PATIENCE = 20.0
"""Seconds that a key of a round waits before it is no longer one at a time."""


class Lane(Enum):
    """Who works on a key."""

    PROMPT = "prompt"
    SLOW = "slow"
    """For keys whose last work took long."""


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


@dataclass
class _Line(Generic[K]):
    """What waits in one lane."""

    news: dict[K, float] = field(default_factory=dict)
    """Waiting keys of which there is news, in order, with the time since when."""
    round: dict[K, float] = field(default_factory=dict)
    """The same of those that are only looked at again."""
    later: list[tuple[float, int, K]] = field(default_factory=list)
    """Delayed keys by the time when they are due, as a heap."""
    at_work: dict[K, bool] = field(default_factory=dict)
    """Keys that are worked on, and whether there was news of them."""
    round_is_next: bool = False
    """Whether the last key that was taken had news."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def __len__(self) -> int:
        """How many keys wait for a worker."""
        return len(self.news) + len(self.round)

    def __contains__(self, key: K) -> bool:
        """Whether a key waits for a worker."""
        return key in self.news or key in self.round

    def take(self, now: float) -> K | None:
        """The next key, if there is one to work on now."""
        at_news, at_round = any(self.at_work.values()), not all(self.at_work.values())
        is_overdue = bool(self.round) and now - next(iter(self.round.values())) > ROUND_PATIENCE
        if self.news:
            has_news = not (self.round and self.round_is_next and (is_overdue or not at_round))
        elif self.round and (is_overdue or not (at_news and at_round)):
            has_news = False
        else:
            return None
        waiting = self.news if has_news else self.round
        key = next(iter(waiting))
        del waiting[key]
        self.at_work[key] = self.round_is_next = has_news
        return key

    def finish(self, key: K) -> None:
        """It is not worked on any more, if it was."""
        if self.at_work.pop(key, None) is not None:
            self.changed.set()


class WorkQueue(Generic[K]):
    """Keys to work on, now or later. Its bound is the number of different keys."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        backoff: Backoff = Backoff(),
        patience: float = PATIENCE,
    ) -> None:
        """`patience` in seconds of work: a key that took longer is slow."""
        self._clock, self._backoff, self._patience = clock, backoff, patience
        self._lines: dict[Lane, _Line[K]] = {lane: _Line() for lane in Lane}
        self._slow: set[K] = set()
        self._active: dict[K, float] = {}
        self._again: dict[K, bool] = {}
        """Keys to work on once more, and whether there is news of them."""
        self._due: dict[K, float] = {}
        """The time that counts of a delayed key; entries of `later` that differ are outdated."""
        self._failures: dict[K, int] = {}
        self._sequence = 0

    def add(self, key: K) -> None:
        """There is news of it: work on it as soon as a worker of its lane is free."""
        self._due.pop(key, None)
        line = self._line(key)
        if key in self._active:
            self._again[key] = True
        else:
            since = line.round.pop(key, self._clock())
            line.news.setdefault(key, since)
        line.changed.set()

    def add_to_round(self, key: K) -> None:
        """There is no news of it, and it is to be looked at all the same: what has news may go before.

        In the slow lane, where keys wait for answers and compute nothing, none goes before another.
        """
        if key in self._slow:
            self.add(key)
        elif key in self._active:
            self._again.setdefault(key, False)
        elif key not in (line := self._line(key)):
            line.round[key] = self._clock()
            line.changed.set()

    def add_after(self, key: K, delay: float) -> None:
        """Work on it after a while, unless it is already to be worked on sooner."""
        due, line = self._clock() + delay, self._line(key)
        if key in line.news or self._due.get(key, due + 1) <= due:
            return
        self._due[key] = due
        self._sequence += 1
        heapq.heappush(line.later, (due, self._sequence, key))
        line.changed.set()

    async def get(self, lane: Lane) -> K:
        """The next key of a lane; `done` or `failed` must follow."""
        line = self._lines[lane]
        while True:
            wait = self._promote(line)
            key = line.take(self._clock())
            if key is not None:
                self._due.pop(key, None)
                self._active[key] = self._clock()
                return key
            line.changed.clear()
            await _wait(line.changed, wait)

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

    @property
    def depth(self) -> int:
        """How many keys wait for a worker."""
        return sum(len(line) for line in self._lines.values())

    @property
    def slow(self) -> int:
        """How many keys are in the slow lane: at work, waiting, or to be asked for at some time."""
        return len(self._slow)

    def oldest_wait(self) -> float:
        """Seconds that the first key in line has waited for the workers of those that are not slow."""
        line, now = self._lines[Lane.PROMPT], self._clock()
        return now - min((*line.news.values(), *line.round.values()), default=now)

    def longest_work(self) -> float:
        """Seconds since the oldest piece of work began that has not ended."""
        return self._clock() - min(self._active.values()) if self._active else 0.0

    def _line(self, key: K) -> _Line[K]:
        return self._lines[Lane.SLOW if key in self._slow else Lane.PROMPT]

    def _finish(self, key: K) -> None:
        """What it took decides on its lane; what is worked on waits in none."""
        if self._clock() - self._active.pop(key) >= self._patience:
            self._slow.add(key)
        else:
            self._slow.discard(key)
        for line in self._lines.values():
            line.finish(key)
        has_news = self._again.pop(key, None)
        if has_news is not None:
            (self.add if has_news else self.add_to_round)(key)

    def _promote(self, line: _Line[K]) -> float | None:
        """Move what is due to the ready keys; returns the seconds until the next is due."""
        now = self._clock()
        while line.later:
            due, _, key = line.later[0]
            current = self._due.get(key) == due
            if current and due > now:
                return due - now
            heapq.heappop(line.later)
            if current:
                self.add(key)
        return None


async def _wait(changed: asyncio.Event, seconds: float | None) -> None:
    try:
        async with asyncio.timeout(seconds):
            await changed.wait()
    except TimeoutError:
        return
