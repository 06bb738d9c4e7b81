"""An event loop whose clock jumps to the next timer instead of waiting for it: an hour takes as long as its work.

Deterministic: nothing in it depends on how fast the machine is, nor on chance, which is the same each time. A loop
in which nothing is left to happen is a deadlock, and says so.
"""

from __future__ import annotations

import asyncio
import random
import selectors
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


class DeadlockError(AssertionError):
    """Everything waits, and no timer will wake anything."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """`time()` is virtual seconds since the loop was made."""

    def __init__(self) -> None:
        self._virtual_now = 0.0
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        return self._virtual_now

    def jump(self, seconds: float) -> None:
        """Let the clock advance while nothing runs; or, from within a callback, as if it had blocked the loop."""
        self._virtual_now = round(self._virtual_now + seconds, 9)


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready:
            return ready
        if timeout is None:
            raise DeadlockError("nothing is left to happen, and the test still waits")
        self._loop.jump(max(0.0, timeout))
        return []


def run(test: Coroutine[None, None, T]) -> T:
    """Run a test to its end in virtual time; a task that it leaves behind is an error."""
    loop = VirtualTimeLoop()
    with _chance():
        try:
            result = loop.run_until_complete(test)
            left = [task.get_name() for task in asyncio.all_tasks(loop)]
            assert not left, f"left behind: {left}"
            return result
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()


@contextmanager
def _chance() -> Iterator[None]:
    """The jitter of whatever waits before it tries again comes from the process's own generator."""
    before = random.getstate()
    random.seed(4)
    try:
        yield
    finally:
        random.setstate(before)
