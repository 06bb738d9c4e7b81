"""O10: rights that go and come, a leader that slept, a namespace that goes away under the operator's hands."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from localcluster import ControlPlane
from parley_operator.kube.errors import NotFoundError
from tests.operator.cluster import Json, Namespace
from tests.operator.conftest import OPERATOR_USER, StartOperator, rules
from tests.operator.fault_proxy import FaultProxy, fault_proxy

pytestmark = pytest.mark.controlplane

RBAC = "/apis/rbac.authorization.k8s.io/v1/namespaces/{}"
QUICK = ("--lease-duration", "10", "--lease-renew-deadline", "7", "--lease-retry", "1")
WRITES = {"POST", "PUT", "PATCH", "DELETE"}


@pytest.fixture
async def proxied(plane: ControlPlane, tmp_path: Path) -> AsyncIterator[tuple[FaultProxy, Path]]:
    async with fault_proxy(plane.kubeconfig_for(OPERATOR_USER), tmp_path) as found:
        yield found


async def grant(namespace: Namespace, user: str, *, but: str = "") -> None:
    """Let a user do in the namespace what the chart lets the operator do, but for one resource."""
    kept = [{**rule, "resources": [one for one in rule["resources"] if one != but]} for rule in rules()]
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": user},
        "rules": [rule for rule in kept if rule["resources"]],
    }
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": user},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": user},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
    }
    scope = RBAC.format(namespace.name)
    await namespace.client.apply(f"{scope}/roles/{user}", role, field_manager="test", force=True)
    await namespace.client.apply(f"{scope}/rolebindings/{user}", binding, field_manager="test", force=True)


async def test_o10_a_right_that_is_taken_away_is_said_and_used_again_once_it_is_back(
    plane: ControlPlane, namespace: Namespace, start_operator: StartOperator
) -> None:
    user = f"operator-of-{namespace.name[-6:]}"
    await grant(namespace, user)
    operator = start_operator("--standalone", kubeconfig=plane.kubeconfig_for(user))
    await asyncio.to_thread(operator.wait_for_log, "synced")
    await namespace.voice("receptionist")
    await namespace.until_condition("receptionist", "Available", "False", "NoPodReady")
    await grant(namespace, user, but="services")
    await namespace.delete("Service", "receptionist")
    said = await namespace.until_condition("receptionist", "Ready", "False", "ApplyFailed")
    assert "services" in said["message"]
    assert "forbidden" in said["message"]
    await grant(namespace, user)
    await namespace.until_exists("Service", "receptionist")
    await namespace.until_condition("receptionist", "Ready", "False", "NoPodReady")
    assert operator.probe("/healthz")[0] == 200


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


async def test_o10_a_namespace_that_is_deleted_meanwhile_leaves_no_retry_and_no_jam(
    namespace: Namespace, proxied: tuple[FaultProxy, Path], start_operator: StartOperator
) -> None:
    proxy, kubeconfig = proxied
    operator = start_operator("--standalone", kubeconfig=kubeconfig)
    await asyncio.to_thread(operator.wait_for_log, "synced")
    await namespace.voice("receptionist")
    await namespace.until_exists("ServiceAccount", "receptionist")
    # The namespace controller is played here: it deletes all, and lets the empty namespace go.
    body = await namespace.client.get(f"/api/v1/namespaces/{namespace.name}")
    await namespace.client.delete(f"/api/v1/namespaces/{namespace.name}", uid=body["metadata"]["uid"])
    await namespace.delete("VoiceDeployment", "receptionist")
    await namespace.until_gone("VoiceDeployment", "receptionist")
    for kind, name in await namespace.children():
        await namespace.until_gone(kind, name)
    await finalized(namespace)
    await quiet(lambda: float(len([path for method, path in proxy.requests if method in WRITES])))
    assert operator.metric("parley_operator_queue_depth") == 0
    assert operator.probe("/healthz")[0] == 200


async def finalized(namespace: Namespace) -> None:
    path = f"/api/v1/namespaces/{namespace.name}"
    body: Json = await namespace.client.get(path)
    await namespace.client.replace(f"{path}/finalize", {**body, "spec": {"finalizers": []}})
    with pytest.raises(NotFoundError):
        await namespace.client.get(path)


async def quiet(count: Callable[[], float], *, seconds: float = 2.0) -> None:
    """Until a while passes in which nothing more is counted."""
    deadline = time.monotonic() + 30
    seen, since = count(), time.monotonic()
    while time.monotonic() < since + seconds:
        assert time.monotonic() < deadline, "it never comes to rest"
        if count() != seen:
            seen, since = count(), time.monotonic()
        await asyncio.sleep(0.1)
