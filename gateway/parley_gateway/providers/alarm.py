"""`asyncio.timeout` for what is waited for again and again: one timer for all of it, moved on by a number.

A stream is waited for at each of its items, nearly always for a moment. To set and cancel a timer each time costs
more than most items do; here it is left to run, and looks at the clock when it fires. Nor is anybody asked which
loop runs, for that is a system call in Python 3.11.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from types import TracebackType
from typing import Self, TypeVar

T = TypeVar("T")


class Alarm:
    """One waiter's, for as long as it is entered."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._due: float | None = None
        """When the present wait is over; None while nobody waits."""
        self._task: asyncio.Task[object] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._rung = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @property
    def now(self) -> float:
        """Its loop's time."""
        return self._loop.time()

    async def within(self, seconds: float, awaitable: Awaitable[T]) -> T:
        """What is awaited. Raises TimeoutError, as `asyncio.timeout` would: by cancelling whoever waits."""
        return await self.until(self._loop.time() + seconds, awaitable)

    async def until(self, due: float | None, awaitable: Awaitable[T]) -> T:
        """The same with a moment of the loop's time, or None for a wait that may last, which `move` may change."""
        task = asyncio.current_task(self._loop)
        if task is None:
            raise RuntimeError("only tasks can be woken")
        cancelling, self._task = task.cancelling(), task
        self.move(due)
        try:
            return await awaitable
        except asyncio.CancelledError:
            if self._rung and task.uncancel() <= cancelling:
                raise TimeoutError from None
            raise
        finally:
            self._due, self._task, self._rung = None, None, False

    def move(self, due: float | None) -> None:
        """The present wait ends at another moment."""
        if self._rung:
            return
        self._due = due
        if due is not None and (self._timer is None or self._timer.when() > due):
            self._set(due)

    def _set(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._fired)

    def _fired(self) -> None:
        self._timer = None
        if self._due is None or self._task is None:
            return
        if self._due > self._loop.time():
            self._set(self._due)
            return
        self._rung = True
        self._task.cancel()
