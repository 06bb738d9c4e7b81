"""The workers: what hangs is cut short where others wait, and has all its time where none does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from parley_operator.kube.inventory import Key
from parley_operator.runtime import workers as module
from parley_operator.runtime.metrics import OperatorMetrics
from parley_operator.runtime.queue import Backoff, Lane, WorkQueue
from parley_operator.runtime.workers import Reconcile, Workers

WORKERS = 2
PATIENCE = 0.05


@asynccontextmanager
async def working(reconcile: Reconcile, *, slow_deadline: float) -> AsyncIterator[WorkQueue[Key]]:
    """Two workers in each lane, without much patience."""
    queue: WorkQueue[Key] = WorkQueue(patience=PATIENCE, backoff=Backoff(first=0.001, longest=0.001))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "DEADLINES", {Lane.PROMPT: PATIENCE, Lane.SLOW: slow_deadline})
        task = asyncio.create_task(Workers(queue, reconcile, OperatorMetrics()).run(WORKERS))
        try:
            async with asyncio.timeout(30):
                yield queue
        finally:
            task.cancel()
            await asyncio.wait({task})


async def test_o10_more_resources_than_workers_hang_and_others_are_worked_on() -> None:
    done, hanging, most = asyncio.Event(), 0, 0

    async def reconcile(key: Key) -> None:
        nonlocal hanging, most
        if key == ("voice", "good"):
            done.set()
            return
        hanging += 1
        most = max(most, hanging)
        try:
            await asyncio.Event().wait()
        finally:
            hanging -= 1

    async with working(reconcile, slow_deadline=1000.0) as queue:
        for number in range(5 * WORKERS):
            queue.add(("voice", f"hangs-{number}"))
        queue.add(("voice", "good"))
        await done.wait()
    assert most <= 2 * WORKERS


async def test_o10_what_was_cut_short_is_finished_in_the_slow_lane_and_is_prompt_again_after() -> None:
    answer, finished, attempts = asyncio.Event(), asyncio.Event(), 0

    async def reconcile(key: Key) -> None:
        nonlocal attempts
        attempts += 1
        if attempts == 2:
            assert queue.slow == 1
            answer.set()
        await answer.wait()
        if attempts > 1:
            finished.set()

    async with working(reconcile, slow_deadline=1000.0) as queue:
        queue.add(("voice", "a"))
        await finished.wait()
    assert (attempts, queue.slow) == (2, 0)


async def test_o10_what_hangs_for_ever_is_given_up_in_the_slow_lane_as_well() -> None:
    attempts, thrice = 0, asyncio.Event()

    async def reconcile(key: Key) -> None:
        nonlocal attempts
        attempts += 1
        if attempts == 3:
            thrice.set()
        await asyncio.Event().wait()

    async with working(reconcile, slow_deadline=2 * PATIENCE) as queue:
        queue.add(("voice", "a"))
        await thrice.wait()
        assert queue.slow == 1
