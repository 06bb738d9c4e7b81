"""The workers that take keys from the queue, reconcile them and judge the outcome."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterable
from time import perf_counter

from parley_operator.kube.errors import KubeError, LeadershipLostError
from parley_operator.kube.inventory import Key
from parley_operator.runtime.metrics import OperatorMetrics
from parley_operator.runtime.queue import PATIENCE, Lane, WorkQueue
from parley_operator.runtime.settings import RECONCILE_DEADLINE

logger = logging.getLogger(__name__)

Reconcile = Callable[[Key], Awaitable[float | None]]

DEADLINES = {Lane.PROMPT: PATIENCE, Lane.SLOW: RECONCILE_DEADLINE}
"""Seconds for one reconciliation. One that is cut short in the prompt lane begins again in the slow one, where, as
after any failure, it finds what it has done."""


class Workers:
    """A bounded number of reconciliations at the same time; one that fails delays only its own key.

    One that hangs holds a place that others need for as long as the queue has patience, and only once.
    """

    def __init__(self, queue: WorkQueue[Key], reconcile: Reconcile, metrics: OperatorMetrics) -> None:
        self._queue, self._reconcile, self._metrics = queue, reconcile, metrics
        self._stopping = False
        self._busy: set[asyncio.Future[None]] = set()

    async def run(self, number: int) -> None:
        """Work until cancelled, or until `stop` and what was begun is done; `number` is that of each lane."""
        async with asyncio.TaskGroup() as group:
            for lane in Lane:
                for _ in range(number):
                    group.create_task(self._work(lane))

    async def stop(self, *, within: float) -> None:
        """Begin nothing new, and wait for what was begun."""
        self._stopping = True
        if self._busy:
            await asyncio.wait(self._busy, timeout=within)

    async def _work(self, lane: Lane) -> None:
        while True:
            key = await self._queue.get(lane)
            if self._stopping:
                self._queue.done(key)
                return
            busy = asyncio.get_running_loop().create_future()
            self._busy.add(busy)
            try:
                await self._once(key, lane)
            finally:
                busy.set_result(None)
                self._busy.discard(busy)

    async def _once(self, key: Key, lane: Lane) -> None:
        started, result = perf_counter(), "error"
        try:
            async with asyncio.timeout(DEADLINES[lane]):
                again_after = await self._reconcile(key)
            result = "success"
            self._queue.done(key)
            if again_after is not None:
                self._queue.add_after(key, again_after)
        except LeadershipLostError:
            self._queue.done(key)
            raise
        except TimeoutError:
            self._retry(key, KubeError(f"not done within {DEADLINES[lane]:g} s in the {lane.value} lane"))
        except Exception as error:  # noqa: BLE001 - one key must not stop the others
            self._retry(key, error)
        finally:
            self._metrics.reconciles.labels(result).inc()
            self._metrics.reconcile_seconds.observe(perf_counter() - started)

    def _retry(self, key: Key, error: Exception) -> None:
        if isinstance(error, KubeError):
            delay = self._queue.failed(key, retry_after=error.retry_after, progressed=error.progressed)
        else:
            delay = self._queue.failed(key)
        fields = {"namespace": key[0], "object": key[1], "retry_seconds": round(delay, 3)}
        if isinstance(error, KubeError):
            logger.warning("reconcile failed", extra={**fields, "error": f"{type(error).__name__}: {error}"})
        else:
            logger.error("reconcile failed by a defect", extra=fields, exc_info=error)


async def resync(keys: Callable[[], Iterable[Key]], again: Callable[[Key], None], *, period: float) -> None:
    """Ask for every key once in a period, spread over it, so that nothing missed stays missed for ever."""
    while True:
        round_of_keys = list(keys())
        random.shuffle(round_of_keys)
        pause = period / (len(round_of_keys) + 1)
        for key in round_of_keys:
            await asyncio.sleep(pause * random.uniform(0.9, 1.1))  # noqa: S311 - jitter
            again(key)
        await asyncio.sleep(pause)
