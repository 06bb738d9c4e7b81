"""O2: what is rendered, applied to a real API server: accepted as it is, and stored as it was said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from parley_operator.api import VoiceDeployment
from parley_operator.render import Manifest, render
from tests.operator.api.conftest import Answer, Resources
from tests.unit.operator.examples import GOOD
from tests.unit.operator.facts import with_values

pytestmark = pytest.mark.controlplane

SAMPLES = sorted((Path(__file__).parents[3] / "manifests" / "samples").glob("*.yaml"))
PLACES = {
    "ConfigMap": "/api/v1/namespaces/default/configmaps",
    "ControllerRevision": "/apis/apps/v1/namespaces/default/controllerrevisions",
    "Secret": "/api/v1/namespaces/default/secrets",
    "Service": "/api/v1/namespaces/default/services",
    "ServiceAccount": "/api/v1/namespaces/default/serviceaccounts",
    "Deployment": "/apis/apps/v1/namespaces/default/deployments",
    "Ingress": "/apis/networking.k8s.io/v1/namespaces/default/ingresses",
    "HorizontalPodAutoscaler": "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers",
    "NetworkPolicy": "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies",
    "PersistentVolumeClaim": "/api/v1/namespaces/default/persistentvolumeclaims",
    "PodDisruptionBudget": "/apis/policy/v1/namespaces/default/poddisruptionbudgets",
}


CLASSES: dict[str, dict[str, Any]] = {
    "/apis/scheduling.k8s.io/v1/priorityclasses/calls": {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": "calls"},
        "value": 1000,
    },
    "/apis/node.k8s.io/v1/runtimeclasses/gvisor": {
        "apiVersion": "node.k8s.io/v1",
        "kind": "RuntimeClass",
        "metadata": {"name": "gvisor"},
        "handler": "runsc",
    },
    "/apis/node.k8s.io/v1/runtimeclasses/nvidia": {
        "apiVersion": "node.k8s.io/v1",
        "kind": "RuntimeClass",
        "metadata": {"name": "nvidia"},
        "handler": "nvidia",
    },
}
"""What the examples and the samples name, and the API server looks up when a pod is made."""


def apply(resources: Resources, manifest: Manifest, *, manager: str = "parley") -> Answer:
    name = manifest["metadata"]["name"]
    path = f"{PLACES[manifest['kind']]}/{name}?fieldManager={manager}&force=true&fieldValidation=Strict"
    return resources.request("PATCH", path, manifest)


def kept(said: Any, live: Any) -> Any:
    """What the server stored of what was said: further fields are its own."""
    if isinstance(said, dict) and isinstance(live, dict):
        return {key: kept(value, live.get(key)) for key, value in said.items()}
    if isinstance(said, list) and isinstance(live, list) and len(said) == len(live):
        return [kept(one, other) for one, other in zip(said, live, strict=True)]
    return live


@pytest.mark.parametrize("number", range(len(GOOD)), ids=GOOD.keys())
def test_o02_manifests_are_accepted_stored_as_said_and_idempotent(resources: Resources, number: int) -> None:
    document = list(GOOD.values())[number]
    stored = resources.apply({**document, "metadata": {"name": f"rendered-{number}", "namespace": "default"}}).body
    resource = VoiceDeployment.parse(stored)
    rendered = render(resource, with_values(resource))
    for manifest in rendered.manifests:
        first = apply(resources, manifest)
        assert first.status in (200, 201), first.body["message"]
        assert kept(manifest, first.body) == manifest
        again = apply(resources, manifest)
        assert again.body["metadata"]["resourceVersion"] == first.body["metadata"]["resourceVersion"]
    assert rendered.scale is not None
    scaled = apply(resources, rendered.scale, manager="parley-scale")
    assert scaled.body["spec"]["replicas"] == rendered.scale["spec"]["replicas"]


def test_o06_an_autoscaler_s_replicas_survive_every_apply(resources: Resources) -> None:
    document = {**GOOD["everything"], "metadata": {"name": "held", "namespace": "default"}}
    resource = VoiceDeployment.parse(resources.apply(document).body)
    rendered = render(resource, with_values(resource))
    (deployment,) = [manifest for manifest in rendered.manifests if manifest["kind"] == "Deployment"]
    assert rendered.scale is not None
    apply(resources, deployment)
    apply(resources, rendered.scale, manager="parley-scale")
    path = f"{PLACES['Deployment']}/held/scale?fieldManager=autoscaler"
    answer = resources.request(
        "PATCH", path, {"spec": {"replicas": 7}}, content_type="application/merge-patch+json"
    )
    assert answer.status == 200, answer.body
    deployment["spec"]["template"]["metadata"].setdefault("annotations", {})["example.com/changed"] = "yes"
    assert apply(resources, deployment).body["spec"]["replicas"] == 7


def with_a_canary(document: dict[str, Any]) -> list[Manifest]:
    """All that a resource turns into while a change of it is tried."""
    changed = {**document, "spec": {**document["spec"], "limits": {"sessionsPerPod": 7}}}
    resource, canary = (VoiceDeployment.parse(one) for one in (document, changed))
    return list(render(resource, with_values(resource), canary=canary).manifests)


def test_o08_the_restricted_pod_security_standard_accepts_the_pods(resources: Resources) -> None:
    """Of gateways, of canaries beside them, and of the workers of the samples."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "restricted", "labels": labels}}
    assert resources.request("PATCH", "/api/v1/namespaces/restricted?fieldManager=test", namespace).status == 201
    place = "/api/v1/namespaces/restricted"
    for path, body in CLASSES.items():
        assert resources.request("PATCH", f"{path}?fieldManager=test", body).status in (200, 201)
    documents = [*GOOD.values(), *(yaml.safe_load(sample.read_text()) for sample in SAMPLES)]
    tried = set()
    for number, document in enumerate(documents):
        manifests = with_a_canary({**document, "metadata": {"name": "rendered", "namespace": "restricted"}})
        for deployment in (one for one in manifests if one["kind"] == "Deployment"):
            name, template = deployment["metadata"]["name"], deployment["spec"]["template"]
            owner = template["spec"]["serviceAccountName"]
            account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": owner}}
            resources.request("PATCH", f"{place}/serviceaccounts/{owner}?fieldManager=test", account)
            pod = {"apiVersion": "v1", "kind": "Pod", **template}
            pod["metadata"] = {**template["metadata"], "name": f"{name}-{number}"}
            answer = resources.request("PATCH", f"{place}/pods/{name}-{number}?fieldManager=test&dryRun=All", pod)
            assert answer.status == 201, answer.body["message"]
            tried.add(name)
    assert {"rendered", "rendered-canary"} < tried
    assert any(name.startswith("rendered-pool-") for name in tried)
