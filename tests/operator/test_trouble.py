"""O10: a leader that slept or was cut off, a namespace that goes away under the operator's hands."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from localcluster import ControlPlane
from parley_operator.kube.errors import NotFoundError
from tests.operator.cluster import SECONDS, Namespace, open_namespace
from tests.operator.conftest import OPERATOR_USER, StartOperator
from tests.operator.fault_proxy import Fault, FaultProxy, Hold, fault_proxy
from tests.operator.picture import contents

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(240)]

QUICK = ("--lease-duration", "10", "--lease-renew-deadline", "7", "--lease-retry", "1")
WRITES = {"POST", "PUT", "PATCH", "DELETE"}


@pytest.fixture
async def proxied(plane: ControlPlane, tmp_path: Path) -> AsyncIterator[tuple[FaultProxy, Path]]:
    async with fault_proxy(plane.kubeconfig_for(OPERATOR_USER), tmp_path) as found:
        yield found


async def test_o10_a_leader_that_was_frozen_writes_nothing_when_it_wakes(
    namespace: Namespace, proxied: tuple[FaultProxy, Path], start_operator: StartOperator
) -> None:
    proxy, kubeconfig = proxied
    sleeper = start_operator(*QUICK, kubeconfig=kubeconfig)
    await asyncio.to_thread(sleeper.wait_for_log, "synced")
    heir = start_operator(*QUICK)
    await asyncio.to_thread(heir.wait_for_log, "serving probes and metrics")
    os.kill(sleeper.pid, signal.SIGSTOP)
    await asyncio.to_thread(heir.wait_for_log, "synced")
    await namespace.voice("receptionist")
    await namespace.until_condition("receptionist", "Available", "False", "NoPodReady")
    proxy.requests.clear()
    os.kill(sleeper.pid, signal.SIGCONT)
    assert await asyncio.to_thread(sleeper.wait, 60) == 3
    writes = [(method, path) for method, path in proxy.requests if method in WRITES and "/leases/" not in path]
    assert writes == []
    assert heir.is_running()


async def test_o10_a_leader_that_is_cut_off_in_mid_reconcile_leaves_the_rest_to_the_next(
    plane: ControlPlane, namespace: Namespace, start_operator: StartOperator, tmp_path: Path
) -> None:
    """Its third write is done and not answered, and it cannot renew its Lease: without that it writes no more."""
    writes: list[tuple[str, str, str]] = []
    cut_off, over = asyncio.Event(), asyncio.Event()

    def heir_s(method: str, path: str) -> Fault | None:
        if method in WRITES and "/leases" not in path:
            writes.append(("heir", method, path))
        return None

    def first_s(method: str, path: str) -> Fault | None:
        if method in WRITES and "/leases" not in path:
            writes.append(("first", method, path))
            if len(writes) == 3:
                cut_off.set()
        return Hold(over) if cut_off.is_set() else None

    for folder in ("first", "heir"):
        (tmp_path / folder).mkdir()
    user = plane.kubeconfig_for(OPERATOR_USER)
    async with (
        fault_proxy(user, tmp_path / "first") as (proxy, kubeconfig),
        fault_proxy(user, tmp_path / "heir") as (proxy_of_heir, kubeconfig_of_heir),
    ):
        proxy.plan, proxy_of_heir.plan = first_s, heir_s
        first = start_operator(*QUICK, kubeconfig=kubeconfig)
        await asyncio.to_thread(first.wait_for_log, "synced")
        heir = start_operator(*QUICK, kubeconfig=kubeconfig_of_heir)
        await asyncio.to_thread(heir.wait_for_log, "serving probes and metrics")
        await namespace.voice("receptionist")
        async with asyncio.timeout(SECONDS):
            await cut_off.wait()
        made = await contents(namespace)
        assert await asyncio.to_thread(first.wait, 60) == 3
        await namespace.until_condition("receptionist", "Available", "False", "NoPodReady", seconds=60)
        over.set()
    by = [who for who, _, _ in writes]
    assert by == sorted(by), "the first wrote after the heir"
    # What takes long is begun again once, in the slow lane, while the Lease is still its own.
    assert 3 <= by.count("first") <= 4
    assert made.items() <= (await contents(namespace)).items(), "what the first had made was made anew"
    events = [(event["reason"], event["note"]) for event in await namespace.find_all("Event")]
    assert len(events) == len(set(events))


async def test_o10_a_namespace_that_is_deleted_in_mid_reconcile_is_left_alone_and_others_go_on(
    plane: ControlPlane,
    namespace: Namespace,
    proxied: tuple[FaultProxy, Path],
    start_operator: StartOperator,
) -> None:
    """The namespace controller is the real one; three children are made by then."""
    proxy, kubeconfig = proxied
    begun, doomed, made = asyncio.Event(), asyncio.Event(), 0

    def until_doomed(method: str, path: str) -> Fault | None:
        nonlocal made
        made += method in WRITES
        if made < 3:
            return None
        begun.set()
        return Hold(doomed)

    async with open_namespace(str(plane.kubeconfig), f"{namespace.name}-b") as other:
        operator = start_operator("--standalone", "--namespace", other.name, kubeconfig=kubeconfig)
        await asyncio.to_thread(operator.wait_for_log, "synced")
        proxy.plan = until_doomed
        await namespace.voice("receptionist")
        async with asyncio.timeout(SECONDS):
            await begun.wait()
        body = await namespace.client.get(f"/api/v1/namespaces/{namespace.name}")
        await namespace.client.delete(f"/api/v1/namespaces/{namespace.name}", uid=body["metadata"]["uid"])
        doomed.set()
        await gone(namespace)
        assert await namespace.children() == []
        await other.voice("receptionist")
        await other.until_condition("receptionist", "Available", "False", "NoPodReady")
        # By now the news of the deletion has come, too: the last write that could not know of it is over.
        proxy.requests.clear()
        await other.edit("receptionist", replicas=2)
        await other.until(
            "Deployment", "receptionist", lambda found: bool(found and found["spec"]["replicas"] == 2)
        )
    assert [path for method, path in proxy.requests if method in WRITES and f"/{namespace.name}/" in path] == []
    log = operator.log()
    assert [line for line in log if line["message"].startswith("reconcile failed")] == []
    assert [line for line in log if line.get("reason") == "ApplyFailed"] == []
    assert operator.metric("parley_operator_queue_depth") == 0


async def gone(namespace: Namespace) -> None:
    """Until the namespace controller has emptied it, and let it go."""
    async with asyncio.timeout(2 * SECONDS):
        while True:
            try:
                await namespace.client.get(f"/api/v1/namespaces/{namespace.name}")
            except NotFoundError:
                return
            await asyncio.sleep(0.2)
