"""An hour of conversation, in virtual time: what it leaves behind is its history, which is bounded."""

from __future__ import annotations

import asyncio
import gc
import logging
import tracemalloc

import pytest

from parley_gateway.conversation.history import LIMIT
from tests.unit.session.soak import converse, long_world
from tests.unit.session.virtual_time import run

HOUR_S = 3600
QUARTERS = 4


def test_an_hour_of_conversation_takes_no_more_memory_than_its_history(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)

    async def scene() -> None:
        world = long_world(HOUR_S)
        sizes, objects, turns = [], [], 0
        async with world:
            tracemalloc.start()
            try:
                for quarter in range(1, QUARTERS + 1):
                    turns += await converse(world, quarter * HOUR_S / QUARTERS)
                    gc.collect()
                    sizes.append(tracemalloc.get_traced_memory()[0])
                    objects.append(len(gc.get_objects()))
            finally:
                tracemalloc.stop()
            assert not world.running.done()
            assert turns > 300
            assert len(world.session.history) <= LIMIT
            assert len(world.session._reaper) == 0
            assert len(asyncio.all_tasks()) <= 5
        assert sizes[3] - sizes[1] < 50_000, sizes
        assert objects[3] - objects[1] < 500, objects

    run(scene())
