"""kopf is begun again where it ended, and ends no task but its own."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest
from kopf._cogs.aiokits.aiotasks import guard

from parley_operator.runtime import resource_watch
from parley_operator.runtime.resource_watch import Listings, NotKopfs
from parley_operator.runtime.watches import News


async def forever() -> None:
    await asyncio.Event().wait()


async def test_only_tasks_that_run_kopfs_code_are_kopfs() -> None:
    ours = asyncio.create_task(forever())
    kopfs = asyncio.create_task(guard(forever(), name="a watcher"))
    others = NotKopfs()
    await asyncio.sleep(0)  # until both have begun
    assert ours in others
    assert kopfs not in others
    assert ours in list(others)
    assert len(others) == len(asyncio.all_tasks()) - 1
    for task in (ours, kopfs):
        task.cancel()


async def test_a_kopf_that_never_begins_its_watch_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where discovery did not list the kind yet when kopf looked."""
    monkeypatch.setattr(resource_watch, "BEGIN_SECONDS", 0.01)
    listings, running = Listings(cast("News", None)), asyncio.create_task(forever())
    with pytest.raises(TimeoutError):
        await resource_watch._begun(running, listings)
    listings.asked.set()
    await resource_watch._begun(running, listings)
    running.cancel()
