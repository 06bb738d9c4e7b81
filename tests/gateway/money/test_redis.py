"""Users' seats and budgets over all pods, in a real Redis, and what happens while it is away."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio

from parley_gateway.files import WatchedFile
from parley_gateway.money.limits import Scope
from parley_gateway.state.day_book import DayBook
from parley_gateway.state.redis import CALL_S, LEASE_S, RedisShared
from parley_gateway.state.shared import AwayError, Posting, Purse
from parley_gateway.state.users import RENEW_TICKS, TICK_S, UserCapError, Users
from tests.gateway.servers.redis import RedisServer

WAIT_S = 30.0


def today() -> date:
    return datetime.now(UTC).date()


@asynccontextmanager
async def pod(
    url_file: Path,
    *,
    cap: int | None = 3,
    refuse: bool = False,
    lease_s: float = LEASE_S,
    call_s: float = 20.0,
    name: str = "ns/voice",
) -> AsyncIterator[Users]:
    """A pod's users, its task not running: tests say when it ticks. Leaving it is being killed.

    A call may take long: a machine that is busy must not look like a Redis that is away.
    """
    shared = RedisShared(
        WatchedFile(url_file), deployment=name, lease_s=lease_s, call_s=call_s, jitter=lambda: 0.0
    )
    book = DayBook(today)
    try:
        yield Users(
            cap=cap, budgeted=[Scope.USER, Scope.DEPLOYMENT], book=book, shared=shared, refuse_while_away=refuse
        )
    finally:
        await shared.aclose()


@dataclass
class Pods:
    """Pods of one deployment."""

    server: RedisServer
    stack: AsyncExitStack

    async def start(self, **settings: object) -> Users:
        return await self.stack.enter_async_context(pod(self.server.url_file, **settings))  # type: ignore[arg-type]


@pytest_asyncio.fixture
async def pods(redis_server: RedisServer) -> AsyncIterator[Pods]:
    async with AsyncExitStack() as stack:
        yield Pods(redis_server, stack)


async def until(users: Users, seen: Callable[[], bool]) -> None:
    """Let a pod's task do its work until something is seen."""
    async with asyncio.timeout(WAIT_S):
        while not seen():
            await users.tick()
            await asyncio.sleep(0.05)


def is_back(users: Users) -> bool:
    return users.health() == {"status": "ok"}


def seats(server: RedisServer) -> dict[str, float]:
    """Session and when its lease ends."""
    with server.client() as client:
        return {
            session: score
            for key in client.scan_iter("parley:ns/voice:seats:*")
            for session, score in client.zrange(key, 0, -1, withscores=True)
        }


async def test_g06_a_user_has_so_many_sessions_over_all_pods(pods: Pods) -> None:
    one, other = await pods.start(cap=3), await pods.start(cap=3)
    await one.enter("s1", "anna")
    await other.enter("s2", "anna")
    await one.enter("s3", "anna")
    for users in (one, other):
        with pytest.raises(UserCapError):
            await users.enter("s4", "anna")
    await other.enter("s5", "ben")


async def test_g06_a_seat_that_was_left_is_free_at_once_for_another_pod(pods: Pods) -> None:
    one, other = await pods.start(cap=1), await pods.start(cap=1)
    await one.enter("s1", "anna")
    await one.leave("s1")
    await other.enter("s2", "anna")


async def test_g06_many_come_at_once_and_no_more_than_the_cap_get_in(pods: Pods) -> None:
    both = [await pods.start(cap=3), await pods.start(cap=3)]
    entering = [both[number % 2].enter(f"s{number}", "anna") for number in range(20)]
    answers = await asyncio.gather(*entering, return_exceptions=True)
    assert sum(answer is None for answer in answers) == 3
    assert sum(isinstance(answer, UserCapError) for answer in answers) == 17


async def test_g06_users_that_cannot_be_told_apart_are_not_bounded(pods: Pods) -> None:
    users = await pods.start(cap=1)
    await users.enter("s1", None)
    await users.enter("s2", None)


async def test_g06_the_seats_of_a_killed_pod_become_free_by_themselves(pods: Pods) -> None:
    async with pod(pods.server.url_file, cap=1, lease_s=1.0) as killed:
        await killed.enter("s1", "anna")
    survivor = await pods.start(cap=1)
    async with asyncio.timeout(WAIT_S):
        while True:
            try:
                await survivor.enter("s2", "anna")
            except UserCapError:
                await asyncio.sleep(0.1)
            else:
                break


async def test_g06_a_lease_is_of_thirty_seconds_and_is_renewed_for_all_at_once(pods: Pods) -> None:
    users = await pods.start()
    await users.enter("s1", "anna")
    await users.enter("s2", "ben")
    before = seats(pods.server)
    with pods.server.client() as client:
        assert all(0 < client.pttl(key) <= LEASE_S * 1000 for key in client.scan_iter("parley:ns/voice:seats:*"))
        now, _ = client.time()
    assert all(now < score / 1000 <= now + LEASE_S + 1 for score in before.values())
    await users.tick(renew=True)
    after = seats(pods.server)
    assert set(after) == {"s1", "s2"}
    assert all(after[session] >= before[session] for session in before)


async def test_g06_a_pod_that_runs_holds_its_seats_by_itself(pods: Pods, monkeypatch: pytest.MonkeyPatch) -> None:
    assert RENEW_TICKS * TICK_S * 3 <= LEASE_S, "two renewals may fail"
    monkeypatch.setattr("parley_gateway.state.users.TICK_S", 0.02)
    users = await pods.start()
    await users.enter("s1", "anna")
    taken = seats(pods.server)["s1"]
    running = asyncio.create_task(users.run())
    try:
        async with asyncio.timeout(WAIT_S):
            while seats(pods.server)["s1"] == taken:  # noqa: ASYNC110 - Redis tells nobody
                await asyncio.sleep(0.05)
    finally:
        running.cancel()
        await asyncio.wait({running})


async def test_g06_a_seat_left_while_it_is_renewed_is_not_taken_again(pods: Pods) -> None:
    users = await pods.start()
    for number in range(50):
        await users.enter(f"s{number}", f"user {number}")
    await asyncio.gather(users.tick(renew=True), *(users.leave(f"s{number}") for number in range(50)))
    assert seats(pods.server) == {}


async def test_g06_seats_that_redis_has_forgotten_are_taken_again(pods: Pods) -> None:
    users, other = await pods.start(cap=1), await pods.start(cap=1)
    await users.enter("s1", "anna")
    with pods.server.client() as client:
        client.flushall()
    await users.tick(renew=True)
    await users.tick()
    assert set(seats(pods.server)) == {"s1"}
    with pytest.raises(UserCapError):
        await other.enter("s2", "anna")


async def test_g06_who_stops_waiting_to_come_in_leaves_no_seat_behind(pods: Pods) -> None:
    users = await pods.start(cap=1)
    await users.tick()
    pods.server.hold()
    entering = asyncio.create_task(users.enter("s1", "anna"))
    await asyncio.sleep(0)
    entering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await entering
    pods.server.go_on()
    await until(users, lambda: is_back(users) and seats(pods.server) == {})
    await users.enter("s2", "anna")


async def test_g06_a_users_day_counts_what_was_spent_in_all_pods(pods: Pods) -> None:
    one, other = await pods.start(), await pods.start()
    await one.enter("s1", "anna")
    await other.enter("s2", "anna")
    await other.enter("s3", "ben")
    one.spend("s1", Decimal("1.25"))
    other.spend("s2", Decimal("0.50"))
    other.spend("s3", Decimal("0.10"))
    await one.tick()
    await other.tick()
    assert other.spent(Scope.USER, "s2") == Decimal("1.75")
    assert other.spent(Scope.DEPLOYMENT, "s2") == Decimal("1.85")
    assert other.spent(Scope.USER, "s3") == Decimal("0.10")


async def test_g06_a_pod_that_spends_nothing_learns_what_the_others_spend(pods: Pods) -> None:
    spender, listener = await pods.start(), await pods.start()
    await spender.enter("s1", "anna")
    await listener.enter("s2", "anna")
    await listener.enter("s3", None)
    spender.spend("s1", Decimal(7))
    await spender.tick()
    await listener.tick()
    assert listener.spent(Scope.USER, "s2") == 7
    assert listener.spent(Scope.DEPLOYMENT, "s3") == 7


async def test_g06_a_session_that_begins_knows_what_its_user_has_spent_elsewhere(pods: Pods) -> None:
    one, other = await pods.start(), await pods.start()
    await one.enter("s1", "anna")
    one.spend("s1", Decimal(7))
    await one.tick()
    await other.enter("s2", "anna")
    assert other.spent(Scope.USER, "s2") == 7


async def test_g06_deployments_in_one_redis_do_not_touch_each_other(pods: Pods) -> None:
    ours, theirs = await pods.start(cap=1), await pods.start(cap=1, name="ns/other")
    await ours.enter("s1", "anna")
    await theirs.enter("s2", "anna")
    ours.spend("s1", Decimal(1))
    await ours.tick()
    await theirs.tick()
    assert theirs.spent(Scope.DEPLOYMENT, "s2") == 0


async def test_g08_a_name_is_first_once_over_all_pods_and_is_forgotten_in_time(redis_server: RedisServer) -> None:
    one, other = (RedisShared(WatchedFile(redis_server.url_file), deployment="ns/voice") for _ in range(2))
    try:
        until = time.time() + 60
        answers = await asyncio.gather(*(pod.first("secret", until=until) for pod in (one, other) * 5))
        assert sum(answers) == 1
        with redis_server.client() as client:
            (key,) = client.scan_iter("parley:ns/voice:used:*")
            assert 0 < client.ttl(key) <= 60
        assert await one.first("another", until=until)
    finally:
        await one.aclose()
        await other.aclose()


async def test_g06_all_keys_expire_and_none_tells_who_a_user_is(pods: Pods) -> None:
    users = await pods.start()
    await users.enter("s1", "anna@example.com")
    users.spend("s1", Decimal(1))
    await users.tick()
    with pods.server.client() as client:
        keys = list(client.scan_iter("*"))
        assert len(keys) == 3
        assert all(client.ttl(key) > 0 for key in keys)
    assert not any("anna" in key for key in keys)


async def test_g06_while_redis_is_away_pods_count_alone_where_that_is_allowed(pods: Pods) -> None:
    one, other = await pods.start(cap=2), await pods.start(cap=2)
    await one.enter("s1", "anna")
    pods.server.stop()
    await one.enter("s2", "anna")
    with pytest.raises(UserCapError):
        await one.enter("s3", "anna")
    await other.enter("s4", "anna")
    assert one.health() == {"status": "failing", "problem": "ConnectionError"}
    pods.server.start()
    await until(one, lambda: is_back(one) and set(seats(pods.server)) >= {"s1", "s2"})
    await until(other, lambda: is_back(other) and set(seats(pods.server)) == {"s1", "s2", "s4"})
    with pytest.raises(UserCapError):
        await other.enter("s5", "anna")


async def test_g06_while_redis_is_away_nobody_gets_in_where_that_is_the_choice(pods: Pods) -> None:
    users = await pods.start(refuse=True)
    await users.enter("s1", "anna")
    pods.server.kill()
    with pytest.raises(AwayError):
        await users.enter("s2", "ben")
    pods.server.start()
    await until(users, lambda: is_back(users))
    await users.enter("s2", "ben")


async def test_g06_a_redis_that_answers_nobody_holds_up_nobody(pods: Pods) -> None:
    users = await pods.start(call_s=CALL_S)
    await users.tick()
    pods.server.hold()
    try:
        async with asyncio.timeout(WAIT_S):
            await users.enter("s1", "anna")
            users.spend("s1", Decimal(1))
            await users.tick()
            await users.leave("s1")
    finally:
        pods.server.go_on()


async def test_g06_what_was_spent_while_redis_was_away_is_told_later_and_once(pods: Pods) -> None:
    users, other = await pods.start(), await pods.start()
    await users.enter("s1", "anna")
    users.spend("s1", Decimal("0.5"))
    await users.tick()
    pods.server.kill()
    for _ in range(5):
        users.spend("s1", Decimal("0.1"))
        await users.tick()
    assert users.spent(Scope.USER, "s1") == 1
    pods.server.start()
    await until(users, lambda: is_back(users))
    await users.tick()
    await other.enter("s2", "anna")
    assert other.spent(Scope.USER, "s2") == 1


async def test_g06_a_posting_that_is_sent_again_is_counted_once_and_numbers_are_each_pods_own(
    redis_server: RedisServer,
) -> None:
    one, other = (
        RedisShared(WatchedFile(redis_server.url_file), deployment="ns/voice", call_s=20.0) for _ in range(2)
    )
    purse = Purse("deployment", today())
    try:
        for pod, number, micros, sum_then in (
            (one, 1, 500, 500),
            (one, 1, 500, 500),
            (other, 1, 70, 570),
            (one, 2, 5, 575),
            (one, 1, 500, 575),
        ):
            assert await pod.post([Posting(purse, number, micros)]) == {purse: sum_then}
    finally:
        await one.aclose()
        await other.aclose()


async def test_g06_a_new_address_is_read_when_the_old_one_fails(pods: Pods, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    moved.write_text("redis://127.0.0.1:1/0")
    async with pod(moved) as users:
        await users.enter("s1", "anna")
        assert not is_back(users)
        moved.write_text(pods.server.url)
        await until(users, lambda: is_back(users))
        assert set(seats(pods.server)) == {"s1"}


async def test_g06_no_password_gets_into_a_log(
    pods: Pods, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = tmp_path / "wrong"
    wrong.write_text(f"redis://:hunter2@127.0.0.1:{pods.server.port}/0")
    async with pod(wrong) as users:
        await users.enter("s1", "anna")
        assert not is_back(users)
        assert "hunter2" not in str(users.health())
    assert "hunter2" not in caplog.text
    assert [record.message for record in caplog.records if "redis" in record.name] == ["redis is away"]
