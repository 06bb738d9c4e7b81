"""O11: the sample admission policies for tenants, as the API server's own admission applies them."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from parley_operator.kube.errors import ApiError, InvalidError
from tests.operator.cluster import SECONDS, Json, Namespace, voice_deployment

POLICIES = Path(__file__).parents[2] / "manifests" / "policies"
GROUP = "/apis/admissionregistration.k8s.io/v1"
TENANT = {
    "labels": {"parley.dev/tenant": "acme", "parley.dev/stage": "production"},
    "annotations": {
        "parley.dev/domain": "acme.example.com",
        "parley.dev/images": "registry.example.com/parley/,registry.example.com/models/",
        "parley.dev/max-cost-per-day": "100",
        "parley.dev/max-replicas": "4",
    },
}
COST = {"cost": {"perDay": "100.00"}}
OURS, THEIRS = "registry.example.com/parley/gateway:0.1", "docker.io/library/miner:latest"


def pod(image: str, **spec: Any) -> Json:
    container = {"name": "gateway", "image": image}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "gateway"},
        "spec": {"containers": [container], **spec},
    }


def pool(image: str) -> Json:
    return {"name": "voices", "role": "TTS", "image": image}


def agent(**spec: Any) -> Json:
    return voice_deployment("agent", **{"limits": COST, **spec})


def at(*hosts: str, **tls: Any) -> Json:
    return {"hosts": list(hosts), "ingress": {"className": "traefik", **({"tls": tls} if tls else {})}}


@dataclass(frozen=True, kw_only=True)
class Case:
    policy: str
    refused: Json
    message: str
    accepted: Json = field(default_factory=agent)


SECRET = {"secretRef": {"name": "acme-tls"}}
CASES = (
    Case(policy="access", refused=agent(auth={"anonymous": {}}), message="auth.anonymous is not allowed"),
    Case(
        policy="certificates",
        refused=agent(endpoint=at("voice.acme.example.com", selfSigned={})),
        message="selfSigned is not for production",
        accepted=agent(endpoint=at("voice.acme.example.com", **SECRET)),
    ),
    Case(
        policy="certificates",
        refused=agent(endpoint=at("voice.acme.example.com")),
        message="endpoint.ingress.tls must be set",
    ),
    Case(
        policy="hosts",
        refused=agent(endpoint=at("voice.acme.example.com", "voice.other.example.com", **SECRET)),
        message="endpoint.hosts must end with .acme.example.com, not voice.other.example.com",
        accepted=agent(endpoint=at("acme.example.com", "voice.acme.example.com", **SECRET)),
    ),
    Case(
        policy="hosts",
        refused=agent(endpoint=at("notacme.example.com", **SECRET)),
        message="endpoint.hosts must end with",
    ),
    Case(
        policy="images",
        refused=pod(THEIRS),
        message=f"the image {THEIRS} is from none of the places",
        accepted=pod(OURS),
    ),
    Case(
        policy="images",
        refused=pod(OURS, initContainers=[{"name": "first", "image": THEIRS}]),
        message=f"the image {THEIRS} is from none of the places",
        accepted=pod(OURS, initContainers=[{"name": "first", "image": OURS}]),
    ),
    Case(
        policy="images",
        refused=agent(workerPools=[pool(THEIRS)]),
        message=f"the image {THEIRS} is from none of the places",
        accepted=agent(workerPools=[pool("registry.example.com/models/piper:1")]),
    ),
    Case(
        policy="spending",
        refused=agent(limits={"cost": {"perDay": "100.01"}}),
        message="limits.cost.perDay must be set, and at most 100",
    ),
    Case(policy="spending", refused=voice_deployment("agent"), message="limits.cost.perDay must be set"),
    Case(
        policy="spending",
        refused=agent(replicas=5),
        message="at most 4 replicas are allowed in this namespace, not 5",
        accepted=agent(replicas=4),
    ),
    Case(
        policy="spending",
        refused=agent(scaling={"type": "HPA", "minReplicas": 1, "maxReplicas": 5, "targetCPUPercent": 70}),
        message="at most 4 replicas",
        accepted=agent(scaling={"type": "HPA", "minReplicas": 1, "maxReplicas": 4, "targetCPUPercent": 70}),
    ),
)


def documents(policy: str) -> list[Json]:
    return list(yaml.safe_load_all((POLICIES / f"{policy}.yaml").read_text()))


@pytest.fixture
async def tenant(namespace: Namespace) -> Namespace:
    """A namespace of a tenant in production, and all policies."""
    await namespace.client.merge(f"/api/v1/namespaces/{namespace.name}", {"metadata": TENANT})
    for file in sorted(POLICIES.glob("*.yaml")):
        for body in documents(file.stem) if file.stem != "kustomization" else ():
            plural = {"ValidatingAdmissionPolicy": "validatingadmissionpolicies"}.get(
                body["kind"], "validatingadmissionpolicybindings"
            )
            path = f"{GROUP}/{plural}/{body['metadata']['name']}"
            await namespace.client.apply(path, body, field_manager="test", force=True)
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
    await namespace.create("ServiceAccount", account)
    return namespace


async def tried(namespace: Namespace, body: Json) -> str:
    """What the API server says against it; empty where it takes it. Nothing is stored."""
    try:
        await namespace.client.create(namespace.path(body["kind"]), body, field_manager="test", dry_run=True)
    except InvalidError as error:
        return error.message
    except ApiError as error:
        return str(error)
    return ""


async def until_refused(namespace: Namespace, body: Json, policy: str, message: str = "") -> str:
    """A policy, or a change of the namespace, takes effect when the API server's own watch has brought it."""
    said, deadline = "", time.monotonic() + SECONDS
    while f"'{policy}.voice.parley.dev'" not in said or message not in said:
        assert time.monotonic() < deadline, f"{policy} does not refuse it, but: {said}"
        await asyncio.sleep(0.1)
        said = await tried(namespace, body)
    return said


async def test_o11_each_policy_refuses_one_and_accepts_the_other(tenant: Namespace) -> None:
    for case in CASES:
        said = await until_refused(tenant, case.refused, case.policy)
        assert case.message in said, f"{case.policy}: {said}"
        assert await tried(tenant, case.accepted) == "", case.policy


async def test_o11_kubectl_scale_is_held_to_the_same_bound(tenant: Namespace) -> None:
    await until_refused(tenant, agent(replicas=5), "spending")
    await tenant.create("VoiceDeployment", agent(replicas=2))
    path = tenant.path("VoiceDeployment", "agent", "scale")
    scale = await tenant.client.get(path)
    with pytest.raises(ApiError, match="at most 4 replicas"):
        await tenant.client.replace(path, {**scale, "spec": {"replicas": 5}})
    assert (await tenant.client.replace(path, {**scale, "spec": {"replicas": 4}}))["spec"]["replicas"] == 4


UNSAID = (
    (
        "parley.dev/domain",
        "hosts",
        agent(endpoint=at("voice.acme.example.com", **SECRET)),
        "has no annotation parley.dev/domain, so endpoint.hosts must be empty",
    ),
    ("parley.dev/images", "images", pod(OURS), f"the image {OURS} is from none"),
    (
        "parley.dev/max-cost-per-day",
        "spending",
        agent(limits={"cost": {"perDay": "0.01"}}),
        "limits.cost.perDay must be set, and at most 0 in this namespace",
    ),
    ("parley.dev/max-replicas", "spending", agent(replicas=2), "at most 1 replicas are allowed"),
)
"""An annotation, the policy that it bounds, and what is refused without it, by that policy alone."""


async def test_o11_what_a_namespace_does_not_bound_is_bound_the_strictest(tenant: Namespace) -> None:
    """Without annotations: no host, no image, no money, and one pod."""
    assert {annotation for annotation, *_ in UNSAID} == TENANT["annotations"].keys()
    for annotation, policy, refused, message in UNSAID:
        annotations = {**TENANT["annotations"], annotation: None}
        await tenant.client.merge(f"/api/v1/namespaces/{tenant.name}", {"metadata": {"annotations": annotations}})
        await until_refused(tenant, refused, policy, message)


async def test_o11_nobody_debugs_a_pod_with_an_image_from_elsewhere(tenant: Namespace) -> None:
    await until_refused(tenant, pod(THEIRS), "images")
    await tenant.create("Pod", pod(OURS))
    path = tenant.path("Pod", "gateway", "ephemeralcontainers")
    debuggers = [
        {"spec": {"ephemeralContainers": [{"name": "debugger", "image": image}]}} for image in (THEIRS, OURS)
    ]
    with pytest.raises(ApiError, match=f"the image {THEIRS} is from none"):
        await tenant.client.merge(path, debuggers[0])
    await tenant.client.merge(path, debuggers[1])


async def refusals(namespace: Namespace) -> list[str]:
    """What is said against what policies refuse."""
    said = [await tried(namespace, case.refused) for case in CASES]
    return list(filter(None, said))


async def test_o11_namespaces_of_no_tenant_are_left_alone(tenant: Namespace) -> None:
    for case in CASES:
        await until_refused(tenant, case.refused, case.policy)
    unlabelled = {"metadata": {"labels": {"parley.dev/tenant": None, "parley.dev/stage": None}}}
    await tenant.client.merge(f"/api/v1/namespaces/{tenant.name}", unlabelled)
    async with asyncio.timeout(SECONDS):
        while await refusals(tenant):  # noqa: ASYNC110 - nothing tells when the server has seen the labels
            await asyncio.sleep(0.1)


def test_o11_every_policy_has_a_binding_and_a_case_and_a_place_in_the_kustomization() -> None:
    files = {file.stem for file in POLICIES.glob("*.yaml")} - {"kustomization"}
    listed = yaml.safe_load((POLICIES / "kustomization.yaml").read_text())["resources"]
    assert {case.policy for case in CASES} == files == {Path(name).stem for name in listed}
    for name in files:
        policy, binding = documents(name)
        assert binding["spec"]["policyName"] == policy["metadata"]["name"] == f"{name}.voice.parley.dev"
        assert binding["spec"]["validationActions"] == ["Deny"]
        assert policy["spec"]["failurePolicy"] == "Fail"
