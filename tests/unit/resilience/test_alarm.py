"""One timer for many waits: none is cut short by an earlier one's, and none waits for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from parley_gateway.providers.alarm import Alarm
from tests.unit.session.virtual_time import VirtualTimeLoop


@pytest.fixture
def loop() -> Iterator[VirtualTimeLoop]:
    loop = VirtualTimeLoop()
    yield loop
    loop.close()


def test_what_comes_in_time_is_handed_on(loop: VirtualTimeLoop) -> None:
    async def wait() -> list[str]:
        with Alarm() as alarm:
            return [await alarm.within(1, asyncio.sleep(0.9, result)) for result in "abc"]

    assert loop.run_until_complete(wait()) == ["a", "b", "c"]
    assert loop.time() == pytest.approx(2.7)


@pytest.mark.parametrize(("limits", "until"), [([1, 1], 1.4), ([5, 1], 1.4), ([1, 5], 5.4)])
def test_each_wait_has_a_limit_of_its_own(loop: VirtualTimeLoop, limits: list[float], until: float) -> None:
    async def wait() -> None:
        with Alarm() as alarm:
            await alarm.within(limits[0], asyncio.sleep(0.4))
            await alarm.within(limits[1], asyncio.sleep(1000))

    with pytest.raises(TimeoutError):
        loop.run_until_complete(wait())
    assert loop.time() == pytest.approx(until)


def test_time_between_waits_does_not_count(loop: VirtualTimeLoop) -> None:
    async def wait() -> None:
        with Alarm() as alarm:
            await alarm.within(1, asyncio.sleep(0.5))
            await asyncio.sleep(60)
            await alarm.within(1, asyncio.sleep(0.9))

    loop.run_until_complete(wait())


def test_who_is_late_may_be_waited_for_again(loop: VirtualTimeLoop) -> None:
    async def wait() -> str:
        came = asyncio.Event()
        asyncio.get_running_loop().call_later(2.5, came.set)
        with Alarm() as alarm:
            late = 0
            while True:
                try:
                    await alarm.within(1, came.wait())
                except TimeoutError:
                    late += 1
                else:
                    return f"late {late} times"

    assert loop.run_until_complete(wait()) == "late 2 times"


def test_a_cancellation_of_somebody_else_is_no_timeout(loop: VirtualTimeLoop) -> None:
    async def wait() -> None:
        with Alarm() as alarm:
            await alarm.within(10, asyncio.sleep(1000))

    async def cancel() -> None:
        task = asyncio.create_task(wait())
        await asyncio.sleep(1)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        loop.run_until_complete(cancel())
