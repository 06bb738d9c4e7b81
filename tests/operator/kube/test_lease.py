"""O10: leader election by a Lease."""

from __future__ import annotations

import asyncio

import pytest

from parley_operator.kube.errors import LeadershipLostError
from parley_operator.kube.lease import Lease, LeaseTimes
from tests.operator.cluster import Namespace

pytestmark = pytest.mark.controlplane

QUICK = LeaseTimes(duration=1.5, renew_deadline=1.0, retry=0.2)


def candidate(namespace: Namespace, identity: str, times: LeaseTimes = QUICK) -> Lease:
    return Lease(namespace.client, namespace=namespace.name, name="leader", identity=identity, times=times)


async def holder(namespace: Namespace) -> str:
    lease = await namespace.get("Lease", "leader")
    return str(lease["spec"].get("holderIdentity", ""))


async def test_the_first_candidate_leads(namespace: Namespace) -> None:
    first = candidate(namespace, "first")
    await first.acquire()
    assert first.is_held()
    assert await holder(namespace) == "first"


async def test_a_second_candidate_waits_while_the_first_renews(namespace: Namespace) -> None:
    first, second = candidate(namespace, "first"), candidate(namespace, "second")
    await first.acquire()
    holding = asyncio.create_task(first.hold())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(QUICK.duration * 2):
            await second.acquire()
    assert not second.is_held()
    holding.cancel()


async def test_a_released_lease_is_taken_at_once_although_it_has_not_expired(namespace: Namespace) -> None:
    long = LeaseTimes(duration=600, renew_deadline=300, retry=0.1)
    first, second = candidate(namespace, "first", long), candidate(namespace, "second", long)
    await first.acquire()
    await first.release()
    assert not first.is_held()
    async with asyncio.timeout(10):
        await second.acquire()
    assert await holder(namespace) == "second"


async def test_a_lease_whose_holder_died_is_taken_after_its_duration(namespace: Namespace) -> None:
    await candidate(namespace, "dead").acquire()
    heir = candidate(namespace, "heir")
    async with asyncio.timeout(20):
        await heir.acquire()
    lease = await namespace.get("Lease", "leader")
    assert lease["spec"]["holderIdentity"] == "heir"
    assert lease["spec"]["leaseTransitions"] == 1


async def test_a_holder_that_was_replaced_learns_that_it_lost(namespace: Namespace) -> None:
    first = candidate(namespace, "first")
    await first.acquire()
    await namespace.patch("Lease", "leader", {"spec": {"holderIdentity": "usurper"}})
    async with asyncio.timeout(10):
        with pytest.raises(LeadershipLostError):
            await first.hold()
    assert not first.is_held()


async def test_a_lease_is_not_held_once_the_deadline_passed_whatever_the_process_did_meanwhile(
    namespace: Namespace,
) -> None:
    now = 100.0
    first = Lease(
        namespace.client, namespace=namespace.name, name="leader", identity="first", times=QUICK, clock=lambda: now
    )
    await first.acquire()
    now += QUICK.renew_deadline
    assert not first.is_held()


async def test_ten_candidates_at_once_are_one_leader(namespace: Namespace) -> None:
    long = LeaseTimes(duration=600, renew_deadline=300, retry=0.1)
    candidates = [candidate(namespace, f"candidate-{number}", long) for number in range(10)]
    tasks = [asyncio.create_task(each.acquire()) for each in candidates]
    async with asyncio.timeout(20):
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for _ in range(5):
            await asyncio.gather(*(namespace.get("Lease", "leader") for _ in range(10)))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert sum(each.is_held() for each in candidates) == 1


@pytest.mark.parametrize("times", [(1.0, 2.0, 0.5), (3.0, 2.0, 2.0), (3.0, 2.0, 0.0)])
def test_times_that_cannot_work_are_refused(times: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="retry < renew deadline < duration"):
        LeaseTimes(*times)
