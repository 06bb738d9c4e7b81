"""O10: whatever breaks, everything converges, and nothing is lost or doubled."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from localcluster import ControlPlane
from parley_operator.runtime.settings import WORKERS
from tests.operator.cluster import SECONDS, Namespace, with_deepgram
from tests.operator.conftest import OPERATOR_USER, StartOperator
from tests.operator.fault_proxy import Delay, Ending, Fault, FaultProxy, Hold, LoseAnswer, Refuse, fault_proxy
from tests.operator.process import OperatorProcess

pytestmark = pytest.mark.controlplane

ENDPOINT = {"hosts": ["voice.example.com"], "ingress": {"className": "traefik", "tls": {"selfSigned": {}}}}
WRITES = {"POST", "PUT", "PATCH", "DELETE"}


@pytest.fixture
async def proxied(plane: ControlPlane, tmp_path: Path) -> AsyncIterator[tuple[FaultProxy, Path]]:
    async with fault_proxy(plane.kubeconfig_for(OPERATOR_USER), tmp_path) as found:
        yield found


@pytest.fixture
def proxy(proxied: tuple[FaultProxy, Path]) -> FaultProxy:
    return proxied[0]


@pytest.fixture
async def behind_proxy(proxied: tuple[FaultProxy, Path], start_operator: StartOperator) -> OperatorProcess:
    """A leader that reaches the API server through the proxy."""
    process = start_operator("--standalone", kubeconfig=proxied[1])
    await asyncio.to_thread(process.wait_for_log, "synced")
    return process


async def everything(namespace: Namespace, name: str) -> list[tuple[str, str]]:
    """The resource's children, without the hashes in their names."""
    found = [(kind, child.removeprefix(name)) for kind, child in await namespace.children() if name in child]
    hashed = {"ConfigMap": "-config-", "ControllerRevision": "-"}
    starts = [(kind, child, hashed.get(kind, "?")) for kind, child in found]
    return sorted((kind, start if child.startswith(start) else child) for kind, child, start in starts)


@pytest.mark.parametrize(
    "fault",
    [
        Refuse(409, "Conflict"),
        Refuse(429, "TooManyRequests", retry_after="1"),
        Refuse(500, "InternalError"),
        Refuse(503, "ServiceUnavailable"),
        LoseAnswer(),
        Delay(1.0),
    ],
    ids=["409", "429", "500", "503", "lost answer", "slow answer"],
)
async def test_every_second_write_that_fails_delays_and_changes_nothing(
    namespace: Namespace, proxy: FaultProxy, behind_proxy: OperatorProcess, fault: Fault
) -> None:
    count = 0

    def every_second_write(method: str, path: str) -> Fault | None:
        nonlocal count
        count += method in WRITES
        return fault if method in WRITES and count % 2 == 0 else None

    proxy.plan = every_second_write
    await namespace.voice("receptionist", endpoint=ENDPOINT)
    await namespace.until_ready("receptionist", seconds=50)
    assert behind_proxy.is_running()
    kinds = {kind for kind, _ in await everything(namespace, "receptionist")}
    assert kinds >= {"ConfigMap", "Deployment", "Ingress", "Secret", "Service", "ServiceAccount"}


async def test_one_resource_that_always_fails_delays_no_other(
    namespace: Namespace, proxy: FaultProxy, behind_proxy: OperatorProcess
) -> None:
    proxy.plan = lambda method, path: Refuse(500, "InternalError") if "/bad" in path else None
    for number in range(5):
        await namespace.voice(f"bad{number}")
    await namespace.voice("good")
    await namespace.until_ready("good", seconds=10)
    assert behind_proxy.metric("parley_operator_reconciles_total", result="error") > 0
    proxy.plan = lambda method, path: None
    for number in range(5):
        await namespace.until_exists("Deployment", f"bad{number}", seconds=60)


async def test_o10_answers_that_never_come_for_more_resources_than_there_are_workers_delay_others_once(
    namespace: Namespace, proxy: FaultProxy, behind_proxy: OperatorProcess
) -> None:
    """Long before the first of their requests is given up; and once they are known, not at all."""
    over, all_hang, held = asyncio.Event(), asyncio.Event(), set()
    slow = [f"slow{number}" for number in range(WORKERS + 4)]

    def hold(method: str, path: str) -> Fault | None:
        if method not in WRITES or "/slow" not in path:
            return None
        held.add(path.rpartition("/")[2].partition("-")[0])
        if len(held) >= WORKERS:
            all_hang.set()
        return Hold(over)

    proxy.plan = hold
    for name in slow:
        await namespace.voice(name)
    async with asyncio.timeout(SECONDS):
        await all_hang.wait()
    for number in range(5):
        await namespace.voice(f"good{number}")
    async with namespace.kubelet():
        for number in range(5):
            await namespace.until_condition(f"good{number}", "Ready", "True")
        assert not any("UnreachableError" in line.get("error", "") for line in behind_proxy.log())
        await asyncio.to_thread(until_slow, behind_proxy, len(slow))
        await namespace.voice("late")
        await namespace.until_condition("late", "Ready", "True")
    assert [name for kind, name in await namespace.children() if kind == "Deployment" and "slow" in name] == []
    over.set()
    for name in slow:
        await namespace.until_exists("Deployment", name)
    assert behind_proxy.is_running()


def until_slow(operator: OperatorProcess, number: int) -> None:
    """Until so many resources have workers of their own."""
    deadline = time.monotonic() + SECONDS
    while (found := operator.metric("parley_operator_slow_resources")) != number:
        assert time.monotonic() < deadline, f"{found} resources are slow, not {number}"
        time.sleep(0.05)


@pytest.mark.parametrize("how", ["close", "expire", "fail"])
async def test_a_child_that_was_deleted_while_no_watch_was_open_comes_back(
    namespace: Namespace, proxy: FaultProxy, behind_proxy: OperatorProcess, how: Ending
) -> None:
    pid = behind_proxy.pid
    await namespace.voice("receptionist")
    await namespace.until_ready("receptionist")
    service = await namespace.get("Service", "receptionist")

    async def delete() -> None:
        await namespace.delete("Service", "receptionist")

    await proxy.end_watches(how, gap=delete)
    await namespace.until(
        "Service", "receptionist", lambda b: b is not None and b["metadata"]["uid"] != service["metadata"]["uid"]
    )
    await namespace.voice("another")
    await namespace.until_exists("Deployment", "another")
    assert behind_proxy.is_running()
    assert behind_proxy.pid == pid


async def test_a_secret_that_changed_while_no_watch_was_open_rolls_the_pods(
    namespace: Namespace, proxy: FaultProxy, behind_proxy: OperatorProcess
) -> None:
    assert behind_proxy.is_running()
    await namespace.secret("keys", deepgram="old")
    await namespace.voice("receptionist", pipeline=with_deepgram())
    before = (await namespace.until_exists("Deployment", "receptionist"))["spec"]["template"]

    async def rotate() -> None:
        await namespace.patch("Secret", "keys", {"data": {"deepgram": "bmV3"}})

    await proxy.end_watches("expire", gap=rotate)
    await namespace.until(
        "Deployment", "receptionist", lambda b: b is not None and b["spec"]["template"] != before
    )


async def test_a_killed_process_is_made_good_by_the_next_one(
    namespace: Namespace, proxied: tuple[FaultProxy, Path], start_operator: StartOperator
) -> None:
    proxy, kubeconfig = proxied
    operator = start_operator("--standalone", kubeconfig=kubeconfig)
    await asyncio.to_thread(operator.wait_for_log, "synced")
    for after in (1, 8):
        name, seen = f"cut-{after}", 0

        def answered(method: str, path: str, after: int = after) -> None:
            nonlocal seen
            seen += method in WRITES
            if seen == after and operator.is_running():
                operator.kill()

        proxy.answered = answered
        await namespace.voice(name)
        await asyncio.to_thread(operator.wait, 30)
        proxy.answered = lambda method, path: None
        operator.start()
        await namespace.until_condition(name, "Available", "False", "NoPodReady")
        events = await namespace.find_all("Event")
        told = [(e["reason"], e["type"], e["note"]) for e in events if e["regarding"]["name"] == name]
        assert len(told) == len(set(told)), f"after write {after}"
    assert await everything(namespace, "cut-1") == await everything(namespace, "cut-8")


async def test_of_two_operators_one_leads_and_the_other_takes_over_when_it_is_killed(
    namespace: Namespace, start_operator: StartOperator
) -> None:
    quick = ("--lease-duration", "3", "--lease-renew-deadline", "2", "--lease-retry", "0.5")
    first = start_operator(*quick)
    await asyncio.to_thread(first.wait_for_log, "synced")
    second = start_operator(*quick)
    await asyncio.to_thread(second.wait_for_log, "serving probes and metrics")
    await namespace.voice("receptionist")
    await namespace.until_ready("receptionist")
    assert (first.metric("parley_operator_leader"), second.metric("parley_operator_leader")) == (1, 0)
    assert second.probe("/readyz")[0] == 200
    assert second.metric("parley_operator_reconciles_total") == 0
    first.kill()
    await asyncio.to_thread(second.wait_for_log, "synced")
    await namespace.delete("Service", "receptionist")
    await namespace.until_exists("Service", "receptionist")


async def test_a_process_that_loses_its_lease_exits_and_writes_nothing_more(
    namespace: Namespace, operator: OperatorProcess
) -> None:
    await namespace.patch("Lease", "parley-operator", {"spec": {"holderIdentity": "usurper"}})
    assert await asyncio.to_thread(operator.wait, 30) == 3
    assert (await namespace.get("Lease", "parley-operator"))["spec"]["holderIdentity"] == "usurper"
    assert any(line["message"] == "leadership lost, exiting" for line in operator.log())
