"""Requests that wait for a key, served in the order they came."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from math import inf

from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.ports import ProviderError
from parley_gateway.providers.resilience.key_ring import KeyRing, Turn

LONGEST_QUEUE = 1000
"""As many as a pod has connections: more would wait for nothing."""
_TICK_S = 0.001
"""A timer may fire a little early; then it is set again, but not for no time at all."""


class KeyQueue:
    """Lends a ring's keys. No request waits longer than `patience_s`, nor at all where that is surely in vain."""

    def __init__(
        self, stage: Stage, ring: KeyRing, *, patience_s: float, on_waiting: Callable[[int], None] = lambda _: None
    ) -> None:
        self._stage = stage
        self._ring = ring
        self._patience_s = patience_s
        self._on_waiting = on_waiting
        self._waiting: deque[asyncio.Future[Turn]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    async def turn(self) -> Turn:
        """Wait for a key; `release` gives it back. Raises ProviderError (rate-limited) for one too late."""
        now = asyncio.get_running_loop().time()
        if not self._waiting and (key := self._ring.choose(now)) is not None:
            return self._ring.take(key, now)
        self._check_worthwhile(now)
        waiter: asyncio.Future[Turn] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        self._on_waiting(len(self._waiting))
        self._serve()
        turn: Turn | None = None
        try:
            async with asyncio.timeout(self._patience_s):
                turn = await waiter
        except TimeoutError:
            raise self._too_late(asyncio.get_running_loop().time()) from None
        finally:
            if turn is None:
                self._withdraw(waiter)
        return turn

    def release(self, turn: Turn) -> None:
        """The request is over."""
        self._ring.release(turn)
        self._serve()

    def _withdraw(self, waiter: asyncio.Future[Turn]) -> None:
        """Who waits no longer leaves the queue, and gives back a turn that came in the same moment."""
        if waiter in self._waiting:
            self._waiting.remove(waiter)
            self._on_waiting(len(self._waiting))
        elif not waiter.cancelled():
            self._ring.release(waiter.result())
        self._serve()

    def _serve(self) -> None:
        """Give keys to those who wait, and wake up when time alone brings the next."""
        now = asyncio.get_running_loop().time()
        while self._waiting and (key := self._ring.choose(now)) is not None:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(self._ring.take(key, now))
            self._on_waiting(len(self._waiting))
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting and (wait := self._ring.wait(now)) < inf:
            self._timer = asyncio.get_running_loop().call_later(max(wait, _TICK_S), self._serve)

    def _check_worthwhile(self, now: float) -> None:
        known = self._ring.wait(now, ahead=len(self._waiting))
        if len(self._waiting) >= LONGEST_QUEUE or self._patience_s < known < inf:
            raise self._too_late(now)

    def _too_late(self, now: float) -> ProviderError:
        wait = self._ring.wait(now, ahead=len(self._waiting))
        detail = "no key has room for another request in time: add keys, or raise the limits per key"
        retry_after = wait if wait < inf else None
        return ProviderError(self._stage, FailureKind.RATE_LIMITED, detail, retry_after=retry_after)
