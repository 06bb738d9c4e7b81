"""Requests beyond the limits wait in order, and no longer than it is worth."""

from __future__ import annotations

import asyncio

import pytest

from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.ports import ProviderError
from parley_gateway.providers.resilience.key_queue import KeyQueue
from parley_gateway.providers.resilience.key_ring import KeyLimits, KeyRing
from tests.unit.session.virtual_time import VirtualTimeLoop, run

ONE_AT_A_TIME = KeyLimits(concurrent_requests=1)


class Queue:
    """A queue over one key, and what came of the requests in it."""

    def __init__(self, limits: KeyLimits, *, patience_s: float = 5.0) -> None:
        self.waiting: list[int] = []
        self.order: list[str] = []
        self.queue = KeyQueue(Stage.LLM, KeyRing(1, limits), patience_s=patience_s, on_waiting=self.waiting.append)

    async def request(self, name: str, *, lasts_s: float) -> None:
        turn = await self.queue.turn()
        self.order.append(name)
        try:
            await asyncio.sleep(lasts_s)
        finally:
            self.queue.release(turn)


def test_g10_requests_are_served_in_the_order_they_came() -> None:
    async def test() -> list[str]:
        queue = Queue(ONE_AT_A_TIME)
        async with asyncio.TaskGroup() as group:
            for number in range(5):
                group.create_task(queue.request(str(number), lasts_s=1))
        assert asyncio.get_running_loop().time() == 5
        assert max(queue.waiting) == 4
        assert queue.waiting[-1] == 0
        return queue.order

    assert run(test()) == ["0", "1", "2", "3", "4"]


def test_g10_who_does_not_come_in_time_is_told_so() -> None:
    async def test() -> None:
        queue = Queue(ONE_AT_A_TIME, patience_s=2)
        first = asyncio.create_task(queue.request("long", lasts_s=60))
        await asyncio.sleep(0)
        with pytest.raises(ProviderError) as caught:
            await queue.request("late", lasts_s=0)
        assert caught.value.kind is FailureKind.RATE_LIMITED
        assert asyncio.get_running_loop().time() == 2
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)

    run(test())


def test_g10_who_cannot_come_in_time_is_told_so_at_once() -> None:
    async def test() -> None:
        queue = Queue(KeyLimits(requests_per_minute=1))
        await queue.request("first", lasts_s=1)
        with pytest.raises(ProviderError) as caught:
            await queue.request("second", lasts_s=0)
        assert asyncio.get_running_loop().time() == 1
        assert caught.value.retry_after == 59

    run(test())


def test_g10_time_alone_lets_the_next_one_in() -> None:
    async def test() -> None:
        queue = Queue(KeyLimits(requests_per_minute=2), patience_s=60)
        await queue.request("first", lasts_s=10)
        await queue.request("second", lasts_s=10)
        await queue.request("third", lasts_s=0)
        assert asyncio.get_running_loop().time() == 60

    run(test())


def test_g10_who_comes_in_the_moment_in_which_a_key_has_room_does_not_go_before_those_who_waited() -> None:
    async def test() -> list[str]:
        queue = Queue(KeyLimits(requests_per_minute=1), patience_s=200)
        await queue.request("first", lasts_s=0)
        waiting = asyncio.create_task(queue.request("waited", lasts_s=0))
        await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        loop.jump(60)
        await asyncio.gather(queue.request("came", lasts_s=0), waiting)
        return queue.order

    assert run(test()) == ["first", "waited", "came"]


def test_g10_who_gives_up_holds_nobody_up() -> None:
    async def test() -> list[str]:
        queue = Queue(ONE_AT_A_TIME)
        requests = [asyncio.create_task(queue.request(str(number), lasts_s=1)) for number in range(4)]
        await asyncio.sleep(0.5)
        requests[1].cancel()
        await asyncio.sleep(0.5)  # in this moment the second's turn would have come, and the third's does
        requests[2].cancel()
        await asyncio.gather(*requests, return_exceptions=True)
        await queue.request("last", lasts_s=0)
        return queue.order

    order = run(test())
    assert [name for name in order if name != "2"] == ["0", "3", "last"]
