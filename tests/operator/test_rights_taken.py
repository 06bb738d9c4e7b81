"""O10: a right, or all of them, is taken from a running operator and given back: it says so, and goes on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from localcluster import ControlPlane
from tests.operator.cluster import Namespace
from tests.operator.conftest import StartOperator, rules
from tests.operator.fault_proxy import fault_proxy

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(240)]

QUICK = ("--lease-duration", "10", "--lease-renew-deadline", "7", "--lease-retry", "1")
RBAC = "/apis/rbac.authorization.k8s.io/v1/namespaces/{}"


@pytest.fixture
def user(namespace: Namespace) -> str:
    """An account of this test alone, with the operator's rights in its namespace."""
    return f"operator-of-{namespace.name[-6:]}"


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


async def withdraw(namespace: Namespace, user: str) -> None:
    """Take all of it away at once."""
    path = f"{RBAC.format(namespace.name)}/rolebindings/{user}"
    await namespace.client.delete(path, uid=(await namespace.client.get(path))["metadata"]["uid"])


async def test_o10_a_right_that_is_taken_away_is_said_and_used_again_once_it_is_back(
    plane: ControlPlane, namespace: Namespace, start_operator: StartOperator, user: str
) -> None:
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


async def test_o10_a_leader_without_rights_gives_up_the_lease_and_leads_again_once_they_are_back(
    plane: ControlPlane, namespace: Namespace, start_operator: StartOperator, user: str
) -> None:
    await grant(namespace, user)
    operator = start_operator(*QUICK, kubeconfig=plane.kubeconfig_for(user))
    await asyncio.to_thread(operator.wait_for_log, "synced")
    await namespace.voice("before")
    await namespace.until_condition("before", "Available", "False", "NoPodReady")
    await withdraw(namespace, user)
    await namespace.delete("Service", "before")
    assert await asyncio.to_thread(operator.wait, 60) == 3
    operator.start()  # as the kubelet does
    said = await asyncio.to_thread(operator.wait_for_probe, "/readyz", 503)
    assert said["lease_reachable"] is False
    refused = await asyncio.to_thread(operator.wait_for_log, "lease not renewed")
    assert "forbidden" in refused["error"]
    await namespace.voice("meanwhile")
    assert operator.probe("/healthz")[0] == 200
    await grant(namespace, user)
    await asyncio.to_thread(operator.wait_for_log, "synced")
    await namespace.until_exists("Service", "before")
    await namespace.until_exists("Deployment", "meanwhile")
    await asyncio.to_thread(operator.wait_for_probe, "/readyz", 200)


async def test_o10_a_process_whose_watches_are_refused_names_them_and_misses_nothing(
    plane: ControlPlane, namespace: Namespace, start_operator: StartOperator, user: str, tmp_path: Path
) -> None:
    """The API server asks for rights when a watch begins: so all are ended once the rights are gone."""
    await grant(namespace, user)
    async with fault_proxy(plane.kubeconfig_for(user), tmp_path) as (proxy, kubeconfig):
        operator = start_operator("--standalone", kubeconfig=kubeconfig)
        await asyncio.to_thread(operator.wait_for_log, "synced")
        await namespace.voice("before")
        await namespace.until_condition("before", "Available", "False", "NoPodReady")
        await withdraw(namespace, user)
        await proxy.end_watches("close")
        refused = await asyncio.to_thread(operator.wait_for_log, "watch failed", kind="Deployment")
        assert "forbidden" in refused["error"]
        ours = f"/apis/parley.dev/v1alpha1/namespaces/{namespace.name}/voicedeployments"
        await asyncio.to_thread(operator.wait_for_probe, "/readyz", 503, broken=ours)
        assert operator.metric("parley_operator_api_requests_total", code="403") > 0
        await namespace.delete("Service", "before")
        await namespace.voice("meanwhile")
        assert operator.probe("/healthz")[0] == 200
        await grant(namespace, user)
        await namespace.until_exists("Service", "before")
        await namespace.until_exists("Deployment", "meanwhile")
        await asyncio.to_thread(operator.wait_for_probe, "/readyz", 200)
