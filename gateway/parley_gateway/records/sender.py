"""Brings what waits in a queue to its destination, in batches, for as long as it takes."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from parley_gateway.logs import where
from parley_gateway.money.metrics import MoneyMetrics
from parley_gateway.records.outbox import Outbox
from parley_gateway.records.threads import OneThread

_logger = logging.getLogger(__name__)

BATCH = 100
BACKOFF_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
UPKEEP_S = 3600.0


class DestinationError(Exception):
    """It did not work now; later it may. The message is for people, and holds no address, key or text."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch; what is in neither is sent again."""

    arrived: Sequence[str]
    refused: Sequence[str] = ()
    """They will never be taken."""


class Destination(Protocol):
    """Where rows go. All methods are bounded in time; sending again what has arrived must do no harm."""

    @property
    def name(self) -> str:
        """Of its queue."""
        ...

    async def send(self, items: Sequence[tuple[str, bytes]]) -> Outcome:
        """Raises DestinationError."""
        ...

    async def upkeep(self) -> None:
        """What is to be done now and then. Raises DestinationError."""
        ...

    def hang_up(self) -> None:
        """Break off what is under way: it raises DestinationError."""
        ...

    async def aclose(self) -> None:
        """Let go."""
        ...


class Sender:
    """One destination's."""

    def __init__(
        self,
        destination: Destination,
        *,
        outbox: Outbox,
        thread: OneThread,
        metrics: MoneyMetrics,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._destination = destination
        self._outbox = outbox
        self._thread = thread
        self._metrics = metrics
        self._jitter = jitter
        self._queue = outbox.queues[destination.name]
        self._more = asyncio.Event()
        self._stopping = asyncio.Event()
        self._gone = asyncio.Event()
        """Something has left the queue."""
        self._failures = 0
        self._problem: str | None = None
        self._upkeep_at = 0.0
        for counter in (metrics.written, metrics.refused, metrics.lost):
            counter.labels(destination.name)  # a series that exists before its first event can be alerted on
        metrics.waiting.labels(destination.name).set_function(lambda: len(self._queue))

    def wake(self) -> None:
        """There is something to send."""
        self._more.set()

    async def run(self) -> None:
        """Send what comes until it is to stop, and then what waits. What fails is tried again, later and later."""
        while not self._stopping.is_set():
            self._more.clear()
            if await self._send_all():
                await _either(self._more, UPKEEP_S)
            else:
                await _either(self._stopping, self._backoff())
        await self._send_all()

    async def settled(self) -> None:
        """Until nothing waits."""
        while len(self._queue):
            self._gone.clear()
            await self._gone.wait()

    def stop(self) -> None:
        """Try once more, and end."""
        self._stopping.set()
        self._more.set()

    async def _send_all(self) -> bool:
        """All that waits now; False where it did not work."""
        try:
            while await self._send_batch():
                continue
            await self._upkeep()
        except DestinationError as error:
            self._lost(str(error))
        except Exception as error:  # noqa: BLE001 - a defect here must not lose what waits
            _say_broken(self._destination.name, error)
            self._lost(type(error).__name__)
        else:
            self._found()
            return True
        return False

    async def _send_batch(self) -> bool:
        """Whether there may be more."""
        batch = await self._thread.run(self._queue.oldest, BATCH)
        if not batch:
            return False
        outcome = await self._destination.send(batch)
        await self._thread.run(self._queue.remove, outcome.arrived)
        for name in outcome.refused:
            await self._thread.run(self._outbox.refuse, self._destination.name, name)
            _logger.error("a row was refused", extra={"destination": self._destination.name, "session": name})
        self._gone.set()
        self._metrics.written.labels(self._destination.name).inc(len(outcome.arrived))
        self._metrics.refused.labels(self._destination.name).inc(len(outcome.refused))
        if not outcome.arrived and not outcome.refused:
            raise DestinationError("nothing was taken")
        return True

    async def _upkeep(self) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._upkeep_at:
            await self._destination.upkeep()
            self._upkeep_at = now + UPKEEP_S * (0.5 + self._jitter() / 2)

    def _backoff(self) -> float:
        return BACKOFF_S[min(self._failures, len(BACKOFF_S)) - 1] * (0.5 + self._jitter() / 2)

    def _lost(self, problem: str) -> None:
        if self._problem is None:
            _logger.warning(
                "rows are kept for later", extra={"destination": self._destination.name, "problem": problem}
            )
        self._problem = problem
        self._failures += 1

    def _found(self) -> None:
        if self._problem is not None:
            _logger.info("rows are sent again", extra={"destination": self._destination.name})
        self._problem = None
        self._failures = 0

    def health(self) -> dict[str, Any]:
        """For people."""
        about: dict[str, Any] = {"status": "failing" if self._problem else "ok", "waiting": len(self._queue)}
        return about | ({"problem": self._problem} if self._problem else {})

    def hang_up(self) -> None:
        """Break off what is under way; it is sent again."""
        self._destination.hang_up()

    async def aclose(self) -> None:
        """Let go of the destination."""
        await self._destination.aclose()


async def _either(event: asyncio.Event, seconds: float) -> None:
    """Until it happens, or for so long."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


def _say_broken(destination: str, error: Exception) -> None:
    _logger.error("sending broke", extra={"destination": destination, "error": where(error)})
