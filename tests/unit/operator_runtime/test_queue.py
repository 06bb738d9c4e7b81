"""The queue: coalescing, one worker per key, back-off that delays nobody else."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_operator.runtime.queue import PATIENCE, ROUND_PATIENCE, Backoff, Lane, WorkQueue

NO_JITTER = Backoff(first=1.0, longest=60.0, jitter=lambda: 1.0)


class Clock:
    """A clock that a test turns."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def make() -> tuple[WorkQueue[str], Clock]:
    clock = Clock()
    return WorkQueue(clock=clock, backoff=NO_JITTER), clock


async def taken(queue: WorkQueue[str], lane: Lane = Lane.PROMPT) -> str | None:
    """The next key of a lane if there is one now."""
    task = asyncio.create_task(queue.get(lane))
    for _ in range(3):
        await asyncio.sleep(0)
    if task.done():
        return task.result()
    task.cancel()
    return None


async def hangs(queue: WorkQueue[str], clock: Clock, key: str) -> None:
    """Its work takes so long that it is slow from now on."""
    queue.add(key)
    assert await taken(queue) == key
    clock.now += PATIENCE
    queue.done(key)


async def test_a_key_added_often_while_it_waits_is_one_piece_of_work() -> None:
    queue, _ = make()
    for _ in range(5):
        queue.add("a")
    assert queue.depth == 1
    assert await taken(queue) == "a"
    queue.done("a")
    assert await taken(queue) is None


async def test_a_key_added_while_it_is_worked_on_is_worked_on_once_more_and_never_twice_at_once() -> None:
    queue, _ = make()
    queue.add("a")
    assert await taken(queue) == "a"
    queue.add("a")
    queue.add("a")
    assert await taken(queue) is None
    queue.done("a")
    assert await taken(queue) == "a"
    queue.done("a")
    assert await taken(queue) is None


async def test_keys_are_taken_in_the_order_they_came() -> None:
    queue, _ = make()
    for key in "abc":
        queue.add(key)
    queue.add("a")
    assert [await taken(queue) for _ in range(3)] == ["a", "b", "c"]


async def test_o10_what_has_news_goes_before_a_round_which_goes_on_one_at_a_time() -> None:
    queue, _ = make()
    for key in "123":
        queue.add_to_round(key)
    for key in "abc":
        queue.add(key)
    assert [await taken(queue) for _ in range(5)] == ["a", "1", "b", "c", None]
    queue.done("1")
    assert [await taken(queue) for _ in range(2)] == ["2", None]
    for key in "abc":
        queue.done(key)
    assert await taken(queue) == "3"


async def test_o10_a_round_that_has_waited_for_long_gets_every_second_worker() -> None:
    queue, clock = make()
    for key in "123":
        queue.add_to_round(key)
    for key in "abcd":
        queue.add(key)
    assert [await taken(queue) for _ in range(3)] == ["a", "1", "b"]
    clock.now += ROUND_PATIENCE + 1
    assert [await taken(queue) for _ in range(4)] == ["2", "c", "3", "d"]


async def test_o10_in_the_slow_lane_nothing_waits_for_a_round() -> None:
    queue, clock = make()
    for key in "123":
        await hangs(queue, clock, key)
    for key in "12":
        queue.add_to_round(key)
    queue.add("3")
    assert [await taken(queue, Lane.SLOW) for _ in range(3)] == ["1", "2", "3"]


async def test_o10_what_failed_is_tried_again_in_time_though_a_round_is_behind_it() -> None:
    queue, clock = make()
    queue.add("a")
    assert await taken(queue) == "a"
    for key in "123a":
        queue.add_to_round(key)
    delay = queue.failed("a")
    assert await taken(queue) == "1"
    clock.now += delay
    assert [await taken(queue) for _ in range(2)] == ["a", None]


async def test_o10_a_round_has_all_workers_where_there_is_no_news() -> None:
    queue, _ = make()
    for key in "123":
        queue.add_to_round(key)
    assert [await taken(queue) for _ in range(4)] == ["1", "2", "3", None]


async def test_o10_one_worker_alone_takes_turns_between_news_and_a_round() -> None:
    queue, _ = make()
    for key in "123":
        queue.add_to_round(key)
    for key in "abc":
        queue.add(key)
    order = []
    while (done := await taken(queue)) is not None:
        order.append(done)
        queue.done(done)
    assert order == ["a", "1", "b", "2", "c", "3"]


async def test_o10_a_worker_that_waits_for_a_round_goes_on_when_the_news_is_done() -> None:
    queue, _ = make()
    for key in "12":
        queue.add_to_round(key)
    queue.add("a")
    assert [await taken(queue) for _ in range(2)] == ["a", "1"]
    waiting = asyncio.create_task(queue.get(Lane.PROMPT))
    await asyncio.sleep(0)
    queue.done("a")
    async with asyncio.timeout(1):
        assert await waiting == "2"


async def test_o10_news_of_a_key_takes_it_out_of_the_round() -> None:
    queue, clock = make()
    for key in "123":
        queue.add_to_round(key)
    clock.now += 2
    queue.add("3")
    queue.add_to_round("3")
    assert (queue.depth, queue.oldest_wait()) == (3, 2.0)
    assert [await taken(queue) for _ in range(3)] == ["3", "1", None]


@pytest.mark.parametrize("asked", ["news first", "news last"])
async def test_o10_news_that_came_while_a_key_was_worked_on_is_news_still(asked: str) -> None:
    queue, _ = make()
    queue.add("a")
    assert await taken(queue) == "a"
    for ask in (queue.add, queue.add_to_round) if asked == "news first" else (queue.add_to_round, queue.add):
        ask("a")
    queue.add_to_round("1")
    queue.done("a")
    assert [await taken(queue) for _ in range(2)] == ["1", "a"]  # it was the round's turn


async def test_o10_a_key_without_news_while_it_was_worked_on_goes_to_the_rounds_end() -> None:
    queue, _ = make()
    queue.add("a")
    assert await taken(queue) == "a"
    for key in "1a":
        queue.add_to_round(key)
    queue.done("a")
    assert [await taken(queue) for _ in range(3)] == ["1", "a", None]


async def test_a_failure_is_tried_again_later_and_longer_each_time() -> None:
    queue, clock = make()
    queue.add("a")
    delays = []
    for _ in range(8):
        assert await taken(queue) == "a"
        delays.append(queue.failed("a"))
        assert await taken(queue) is None
        clock.now += delays[-1]
    assert delays == [1, 2, 4, 8, 16, 32, 60, 60]


async def test_a_failure_after_progress_counts_as_the_first() -> None:
    queue, clock = make()
    queue.add("a")
    delays = []
    for progressed in (False, False, True, False):
        assert await taken(queue) == "a"
        delays.append(queue.failed("a", progressed=progressed))
        clock.now += delays[-1]
    assert delays == [1, 2, 1, 2]


async def test_success_forgives_earlier_failures() -> None:
    queue, clock = make()
    queue.add("a")
    await taken(queue)
    clock.now += queue.failed("a")
    await taken(queue)
    queue.done("a")
    queue.add("a")
    await taken(queue)
    assert queue.failed("a") == 1.0


async def test_a_key_that_fails_delays_no_other() -> None:
    queue, _ = make()
    queue.add("bad")
    assert await taken(queue) == "bad"
    queue.failed("bad")
    queue.add("good")
    assert await taken(queue) == "good"


async def test_the_server_may_ask_for_a_longer_wait() -> None:
    queue, _ = make()
    queue.add("a")
    await taken(queue)
    assert queue.failed("a", retry_after=30.0) == 30.0


async def test_news_of_a_key_ends_its_wait() -> None:
    queue, clock = make()
    queue.add("a")
    await taken(queue)
    queue.failed("a")
    queue.add("a")
    assert await taken(queue) == "a"
    queue.done("a")
    clock.now += 100
    assert await taken(queue) is None


async def test_the_sooner_of_two_delays_counts() -> None:
    queue, clock = make()
    queue.add_after("a", 10)
    queue.add_after("a", 5)
    queue.add_after("a", 20)
    clock.now = 5
    assert await taken(queue) == "a"
    queue.done("a")
    clock.now = 30
    assert await taken(queue) is None


async def test_age_and_depth_are_those_of_what_waits() -> None:
    queue, clock = make()
    queue.add("a")
    clock.now = 3
    queue.add("b")
    clock.now = 5
    assert (queue.depth, queue.oldest_wait()) == (2, 5.0)
    await taken(queue)
    clock.now = 7
    assert (queue.depth, queue.oldest_wait(), queue.longest_work()) == (1, 4.0, 2.0)


async def test_a_waiting_worker_is_woken_when_a_delay_ends() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.add_after("a", 0.01)
    async with asyncio.timeout(5):
        assert await queue.get(Lane.PROMPT) == "a"


async def worked_on(queue: WorkQueue[str], clock: Clock, key: str, *, seconds: float, lane: Lane) -> None:
    """With success, and in this lane."""
    assert await taken(queue, lane) == key
    clock.now += seconds
    queue.done(key)


async def test_o10_a_key_that_took_long_waits_in_a_lane_of_its_own_until_it_is_quick() -> None:
    queue, clock = make()
    queue.add("a")
    await worked_on(queue, clock, "a", seconds=PATIENCE, lane=Lane.PROMPT)
    for seconds in (100.0, PATIENCE, 0.1):
        assert queue.slow == 1
        queue.add("a")
        assert await taken(queue) is None
        await worked_on(queue, clock, "a", seconds=seconds, lane=Lane.SLOW)
    assert queue.slow == 0
    queue.add("a")
    assert await taken(queue, Lane.SLOW) is None
    await worked_on(queue, clock, "a", seconds=PATIENCE - 0.1, lane=Lane.PROMPT)
    assert queue.slow == 0


async def test_o10_a_key_that_failed_late_is_tried_again_in_the_slow_lane_and_one_that_failed_at_once_is_not() -> (
    None
):
    queue, clock = make()
    for key in ("hangs", "refused"):
        queue.add(key)
        assert await taken(queue) == key
        clock.now += PATIENCE if key == "hangs" else 0
        queue.failed(key)
    clock.now += 1
    assert (await taken(queue), await taken(queue, Lane.SLOW)) == ("refused", "hangs")


async def test_o10_news_of_a_key_while_it_hangs_is_worked_on_in_the_slow_lane() -> None:
    queue, clock = make()
    queue.add("a")
    assert await taken(queue) == "a"
    queue.add("a")
    clock.now += PATIENCE
    queue.done("a")
    assert await taken(queue) is None
    assert await taken(queue, Lane.SLOW) == "a"


async def test_o10_what_waits_in_the_slow_lane_is_counted_and_is_no_sign_of_a_queue_that_stands_still() -> None:
    queue, clock = make()
    queue.add("slow")
    await worked_on(queue, clock, "slow", seconds=PATIENCE, lane=Lane.PROMPT)
    queue.add("slow")
    clock.now += 1000
    queue.add("prompt")
    clock.now += 1
    assert (queue.depth, queue.oldest_wait()) == (2, 1.0)


@given(workers=st.integers(1, 8), hanging=st.integers(0, 60))
def test_o10_however_many_keys_hang_each_holds_others_up_once(workers: int, hanging: int) -> None:
    asyncio.run(_hang(workers, [f"hangs-{number}" for number in range(hanging)]))


async def _hang(workers: int, hanging: list[str]) -> None:
    """Those that hang are first in line, and are cut short when the queue has no patience any more."""
    queue, clock = make()
    for key in (*hanging, "good"):
        queue.add(key)
    while "good" not in (held := [one for _ in range(workers) if (one := await taken(queue)) is not None]):
        clock.now += PATIENCE
        for key in held:
            queue.failed(key)
    assert clock.now == PATIENCE * (len(hanging) // workers)
    queue.done("good")
    clock.now += PATIENCE
    for key in set(held) - {"good"}:
        queue.failed(key)
    for key in (*hanging, "good"):
        queue.add(key)
    assert await taken(queue) == "good"
    assert await taken(queue) is None
    assert queue.slow == len(hanging)


STEPS = ("add", "round", "later", "ok", "fail", "long")


@pytest.mark.parametrize("workers", [1, 3])
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from("abcd"),
            st.sampled_from(STEPS),
            st.sampled_from(Lane),
        ),
        max_size=60,
    )
)
def test_no_key_is_ever_lost_nor_worked_on_twice_at_once(workers: int, steps: list[tuple[str, str, Lane]]) -> None:
    asyncio.run(_play(workers, steps))


async def _play(workers: int, steps: list[tuple[str, str, Lane]]) -> None:
    """Whatever happens, a key that was asked for after its last success is worked on in the end."""
    queue, clock = make()
    active: set[str] = set()
    owed: set[str] = set()
    for key, step, lane in steps:
        if step == "add":
            queue.add(key)
            owed.add(key)
        elif step == "round":
            queue.add_to_round(key)
            owed.add(key)
        elif step == "later":
            queue.add_after(key, 5)
            owed.add(key)
        elif key in active:
            active.discard(key)
            clock.now += PATIENCE if step == "long" else 0
            if step == "ok":
                queue.done(key)
            else:
                queue.failed(key)
                owed.add(key)
        if len(active) < workers and (key_taken := await taken(queue, lane)) is not None:
            assert key_taken not in active
            active.add(key_taken)
            owed.discard(key_taken)
    for key in active:
        queue.done(key)
    clock.now += 10_000
    rest = set()
    while (last := await taken(queue) or await taken(queue, Lane.SLOW)) is not None:
        rest.add(last)
        queue.done(last)
    assert owed <= rest
