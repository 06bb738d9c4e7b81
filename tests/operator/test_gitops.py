"""O11: what Argo CD and Flux make of a VoiceDeployment: their languages run on statuses that the operator wrote.

Argo CD's script runs in Lua 5.1, as there. Flux evaluates with cel-go, of which the API server has one too: a
policy of admission answers with what Flux would compute, and nothing is stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import yaml
from lupa.lua51 import LuaRuntime

from parley_operator.kube.errors import ApiError
from tests.operator.cluster import SECONDS, Json, Namespace, condition, with_deepgram

GITOPS = Path(__file__).parents[2] / "manifests" / "gitops"
GROUP = "/apis/admissionregistration.k8s.io/v1"
FLUX = ("inProgress", "failed", "current")
"""The order in which Flux asks; the first that is true decides."""

FluxHealth = Callable[[Json], Awaitable[str]]


def argo_health(body: Json) -> str:
    """What Argo CD shows; every answer comes with a message."""
    document = yaml.safe_load((GITOPS / "argocd" / "argocd-cm.yaml").read_text())
    lua = LuaRuntime()
    script = document["data"]["resource.customizations.health.parley.dev_VoiceDeployment"]
    told = lua.eval(f"function(obj) {script} end")(lua.table_from(body, recursive=True))
    assert told["message"]
    return str(told["status"])


@pytest.fixture
async def flux_health(namespace: Namespace) -> FluxHealth:
    """Evaluates the expressions in the API server, by a policy for this namespace and for dry runs alone."""
    document = yaml.safe_load((GITOPS / "flux" / "kustomization.yaml").read_text())
    [expressions] = document["spec"]["healthCheckExprs"]
    name = f"flux-{namespace.name}"
    match = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace.name}}}
    rule = {"apiGroups": ["parley.dev"], "apiVersions": ["*"], "operations": ["UPDATE"]}
    answers = "','+".join(f"string({_bound(expressions[one])})+" for one in FLUX)
    policy = {
        "matchConstraints": {"resourceRules": [{**rule, "resources": ["voicedeployments/status"]}]},
        "matchConditions": [{"name": "dry", "expression": "has(request.dryRun) && request.dryRun"}],
        "validations": [{"expression": "false", "messageExpression": f"'flux='+{answers}';'"}],
    }
    binding = {"policyName": name, "validationActions": ["Deny"], "matchResources": match}
    for plural, kind, spec in (
        ("validatingadmissionpolicies", "ValidatingAdmissionPolicy", policy),
        ("validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", binding),
    ):
        body = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": name}}
        await namespace.client.apply(
            f"{GROUP}/{plural}/{name}", {**body, "spec": spec}, field_manager="test", force=True
        )

    async def evaluate(body: Json) -> str:
        async with asyncio.timeout(SECONDS):
            while "flux=" not in (said := await _denied(namespace, body)):  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.1)
        values = said.partition("flux=")[2].partition(";")[0].split(",")
        return next(name for name, value in zip(FLUX, values, strict=True) if value == "true")

    return evaluate


def _bound(expression: str) -> str:
    """The expression as it stands, with an object's fields under the names that Flux gives them."""
    for field in ("status", "spec", "metadata"):
        expression = f"[dyn(object.?{field}.orValue({{}}))].all({field}, {expression})"
    return expression


async def _denied(namespace: Namespace, body: Json) -> str:
    """What the API server says to the status as it is; empty as long as the policy is not in effect."""
    current = await namespace.get("VoiceDeployment", body["metadata"]["name"])
    metadata = {**body["metadata"], "resourceVersion": current["metadata"]["resourceVersion"]}
    path = namespace.path("VoiceDeployment", body["metadata"]["name"], "status")
    try:
        await namespace.client.replace(path, {**body, "metadata": metadata}, dry_run=True)
    except ApiError as error:
        return str(error)
    return ""


async def seen(namespace: Namespace, name: str, kind: str, status: str, reason: str) -> Json:
    """The resource as it was when it had this condition at its present generation."""

    def check(body: Json | None) -> bool:
        found = condition(body, kind)
        if body is None or found is None:
            return False
        current = body["status"].get("observedGeneration") == body["metadata"]["generation"]
        return current and (found["status"], found["reason"]) == (status, reason)

    found = await namespace.until("VoiceDeployment", name, check)
    assert found is not None
    return found


@pytest.mark.usefixtures("operator")
async def test_o11_tools_see_an_agent_come_up_serve_and_be_suspended(
    namespace: Namespace, flux_health: FluxHealth
) -> None:
    await namespace.voice("agent")
    starting = await seen(namespace, "agent", "Progressing", "True", "RollingOut")
    assert (argo_health(starting), await flux_health(starting)) == ("Progressing", "inProgress")

    async with namespace.kubelet():
        await namespace.until_condition("agent", "Progressing", "False", "RolloutComplete")
        serving = await seen(namespace, "agent", "Ready", "True", "Serving")
    assert (argo_health(serving), await flux_health(serving)) == ("Healthy", "current")

    edited = await namespace.edit("agent", suspend=True)
    unseen = {**edited, "status": serving["status"]}
    assert (argo_health(unseen), await flux_health(unseen)) == ("Progressing", "inProgress"), "of what was before"
    suspended = await seen(namespace, "agent", "Ready", "False", "Suspended")
    assert (argo_health(suspended), await flux_health(suspended)) == ("Suspended", "current")


@pytest.mark.usefixtures("operator")
async def test_o11_tools_see_what_cannot_come_up(namespace: Namespace, flux_health: FluxHealth) -> None:
    await namespace.voice("keyless", pipeline=with_deepgram())
    keyless = await seen(namespace, "keyless", "Ready", "False", "SecretNotFound")
    assert (argo_health(keyless), await flux_health(keyless)) == ("Degraded", "failed")


@pytest.mark.usefixtures("operator")
async def test_o11_an_image_that_cannot_be_pulled_is_told_while_the_rollout_may_yet_go_on(
    namespace: Namespace, flux_health: FluxHealth
) -> None:
    await namespace.voice("imageless")
    await namespace.until("Deployment", "imageless", lambda body: body is not None)
    [pod] = await pods_of(namespace, "imageless")
    await namespace.pod_waits(pod, reason="ImagePullBackOff", message="not found")
    imageless = await seen(namespace, "imageless", "Ready", "False", "ImagePullBackOff")
    assert condition(imageless, "Progressing")["status"] == "True"  # type: ignore[index]
    assert (argo_health(imageless), await flux_health(imageless)) == ("Degraded", "failed")


@pytest.mark.usefixtures("operator")
async def test_o11_a_pod_without_a_node_is_waited_for(namespace: Namespace, flux_health: FluxHealth) -> None:
    """An autoscaler of the cluster may be making one."""
    await namespace.voice("homeless")
    await namespace.until("Deployment", "homeless", lambda body: body is not None)
    [pod] = await pods_of(namespace, "homeless")
    nowhere = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes"}
    await namespace.patch("Pod", pod, {"status": {"conditions": [nowhere]}}, "status")
    homeless = await seen(namespace, "homeless", "Ready", "False", "Unschedulable")
    assert (argo_health(homeless), await flux_health(homeless)) == ("Progressing", "inProgress")


@pytest.mark.parametrize(("on_failure", "reason"), [("Hold", "RolloutStuck"), ("Rollback", "RolledBack")])
@pytest.mark.usefixtures("operator")
async def test_o11_tools_see_a_rollout_that_failed_also_where_it_was_taken_back(
    namespace: Namespace, flux_health: FluxHealth, on_failure: str, reason: str
) -> None:
    """Calls are answered by what was before, and yet it is not what Git says."""
    await namespace.voice("agent", rollout={"onFailure": on_failure, "progressDeadline": "30s"})
    await namespace.until_ready("agent")
    await namespace.edit("agent", limits={"sessionsPerPod": 7})
    await namespace.let_deadline_pass("agent")
    failed = await seen(namespace, "agent", "Ready", "False", reason)
    assert (argo_health(failed), await flux_health(failed)) == ("Degraded", "failed")


@pytest.mark.usefixtures("operator")
async def test_o11_an_agent_that_a_person_paused_is_shown_as_suspended(namespace: Namespace) -> None:
    await namespace.voice("paused")
    await namespace.until_ready("paused")
    await namespace.patch(
        "VoiceDeployment", "paused", {"metadata": {"annotations": {"parley.dev/paused": "true"}}}
    )
    paused = await seen(namespace, "paused", "Progressing", "False", "Paused")
    assert argo_health(paused) == "Suspended"


def test_o11_a_resource_that_nobody_has_looked_at_yet_is_waited_for() -> None:
    assert argo_health({"metadata": {"generation": 1}}) == "Progressing"


async def pods_of(namespace: Namespace, name: str) -> list[str]:
    """The names of the pods, once there are some."""
    async with asyncio.timeout(SECONDS):
        while not (found := await namespace.find_all("Pod", f"parley.dev/name={name}")):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return [pod["metadata"]["name"] for pod in found]
