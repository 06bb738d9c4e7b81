"""O2, O3: what is rendered where every optional API is served, held strictly against the real definitions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from localcluster import ControlPlane
from parley_operator.render import Manifest, render
from parley_operator.render.apis import OPTIONAL
from parley_operator.render.facts import Facts, Gateway, IngressClass, Listener
from tests.operator import definitions
from tests.operator.api.conftest import CRDS, ESTABLISHED_SECONDS, Resources
from tests.operator.cluster import PLURALS
from tests.unit.operator.examples import CERT_MANAGER, ENGINE_SPEC, GOOD, resource, with_gateway
from tests.unit.operator.facts import INGRESS_NGINX, TRAEFIK, parse, with_values
from tests.unit.operator.test_ingress import CLASSES

pytestmark = pytest.mark.controlplane

SAMPLES = sorted((Path(__file__).parents[3] / "manifests" / "samples").glob("*.yaml"))
UNPROVEN = {"BackendConfig", "FrontendConfig"}
"""GKE's controller makes their definitions while it runs, and publishes no file of them."""
LIMITED = {
    "hosts": ["voice.example.com", "calls.example.com"],
    "ingress": {"tls": {"certManager": CERT_MANAGER}},
    "rateLimit": {"perClientIP": {"connectionsPerSecond": 50}},
    **ENGINE_SPEC["endpoint"],
}
"""An endpoint of which a controller is told all that there is to tell."""
KEDA = {
    "type": "KEDA",
    "minReplicas": 2,
    "maxReplicas": 9,
    "targetSessionsPerPod": 60,
    "prometheus": {
        "serverAddress": "http://prometheus.monitoring:9090",
        "authentication": {"name": "login", "mode": "Bearer"},
    },
}
TRIED = {
    "traefik": (TRAEFIK, resource(endpoint=LIMITED)),
    "ingress-nginx": (INGRESS_NGINX, resource(endpoint=LIMITED)),
    "gateway": (None, with_gateway()),
}
"""Who can lead a share of new connections to a canary, with a resource that is led there."""
LISTENERS = (Listener("http", "HTTP", 80, None), Listener("https", "HTTPS", 443, None))


@cache
def published() -> tuple[dict[str, Any], ...]:
    """The definitions as their projects publish them."""
    found = [
        *(definitions.gateway_api(), definitions.envoy_gateway(), definitions.istio(), definitions.kong()),
        *(definitions.all_of_traefik(), definitions.prometheus_operator()),
        *(definitions.cert_manager(), definitions.keda()),
    ]
    return tuple(one for several in found for one in several)


def kinds() -> set[str]:
    return {definition["spec"]["names"]["kind"] for definition in published()}


@pytest.fixture(scope="module")
def server() -> Iterator[ControlPlane]:
    with ControlPlane() as running:
        yield running


@pytest.fixture(scope="module")
def served(server: ControlPlane) -> Resources:
    """An API server with all of them."""
    resources = Resources(server)
    for crd in published():
        answer = resources.request("PATCH", f"{CRDS}/{crd['metadata']['name']}?fieldManager=test&force=true", crd)
        assert answer.status in (200, 201), answer.body
    deadline = time.monotonic() + ESTABLISHED_SECONDS
    waiting = sorted(kinds() & set(OPTIONAL))
    while waiting:
        waiting = [kind for kind in waiting if resources.request("GET", place(kind)).status != 200]
        assert time.monotonic() < deadline, waiting
        time.sleep(0.05)
    return resources


def place(kind: str) -> str:
    return PLURALS[kind].format("namespaces/default")


def refused(served: Resources, manifests: list[Manifest]) -> list[str]:
    """What the server says of those that it would not take as they are; it stores none."""
    said = []
    for manifest in manifests:
        kind, name = manifest["kind"], manifest["metadata"]["name"]
        query = "fieldManager=parley&force=true&fieldValidation=Strict&dryRun=All"
        answer = served.request("PATCH", f"{place(kind)}/{name}?{query}", manifest)
        if answer.status != 201:
            said.append(f"{kind} {name}: {answer.body['message']}")
    return said


def everywhere(
    document: dict[str, Any], ingress_class: IngressClass | None, canary: dict[str, Any] | None = None
) -> list[Manifest]:
    """All that is made of a resource, and of what is tried beside it, in a cluster that serves everything."""
    vd = parse(document)
    facts: Facts = replace(
        with_values(vd),
        apis=frozenset(kinds() & set(OPTIONAL)),
        ingress_class=ingress_class,
        gateways={("infra", "main"): Gateway(LISTENERS), ("default", "main"): Gateway(LISTENERS)},
        route_controllers=frozenset({"gateway.envoyproxy.io/gatewayclass-controller"}),
        canary_available=1,
    )
    return list(render(vd, facts, canary=parse(canary) if canary else None).manifests)


def told(name: str) -> list[Manifest]:
    """What an ingress controller is told, and all else."""
    return everywhere(resource(**{**ENGINE_SPEC, "endpoint": LIMITED}), CLASSES[name])


def scaled() -> list[Manifest]:
    return everywhere(resource(scaling=KEDA), TRAEFIK)


def tried(name: str) -> list[Manifest]:
    """What there is while a canary gets its share."""
    ingress_class, document = TRIED[name]
    sharing = {**document, "spec": {**document["spec"], "rollout": {"canary": {"weightPercent": 10}}}}
    changed = {**sharing, "spec": {**sharing["spec"], "limits": {"sessionsPerPod": 7}}}
    return everywhere(sharing, ingress_class, changed)


def test_o02_what_is_not_held_against_its_own_definition_is_known() -> None:
    assert set(OPTIONAL) - kinds() == UNPROVEN
    every = (
        *(everywhere(document, TRAEFIK) for document in GOOD.values()),
        *(told(name) for name in CLASSES),
        *(tried(name) for name in TRIED),
        scaled(),
    )
    assert {one["kind"] for manifests in every for one in manifests} >= set(OPTIONAL) - UNPROVEN


@pytest.mark.parametrize("name", GOOD)
def test_o02_every_child_of_every_example_is_taken_strictly(served: Resources, name: str) -> None:
    assert refused(served, everywhere(GOOD[name], TRAEFIK)) == []


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_o02_every_child_of_every_sample_is_taken_strictly(served: Resources, sample: Path) -> None:
    document = yaml.safe_load(sample.read_text())
    metadata = {**document["metadata"], "namespace": "default"}
    assert refused(served, everywhere({**document, "metadata": metadata}, TRAEFIK)) == []


@pytest.mark.parametrize("name", CLASSES)
def test_o03_what_each_controller_is_told_is_taken_strictly(served: Resources, name: str) -> None:
    manifests = told(name)
    assert {"Certificate", "Ingress"} <= {manifest["kind"] for manifest in manifests}
    assert refused(served, manifests) == []


def test_o06_what_keda_is_told_is_taken_strictly(served: Resources) -> None:
    assert refused(served, scaled()) == []


@pytest.mark.parametrize("name", TRIED)
def test_o07_what_leads_to_a_canary_is_taken_strictly(served: Resources, name: str) -> None:
    manifests = tried(name)
    assert "receptionist-canary" in {one["metadata"]["name"] for one in manifests if one["kind"] == "Deployment"}
    assert refused(served, manifests) == []


def test_o02_a_field_that_no_definition_has_is_refused(served: Resources) -> None:
    manifests = everywhere(GOOD["a certificate of cert-manager's"], TRAEFIK)
    (certificate,) = (manifest for manifest in manifests if manifest["kind"] == "Certificate")
    (said,) = refused(served, [{**certificate, "spec": {**certificate["spec"], "colour": "green"}}])
    assert 'unknown field "spec.colour"' in said or ".spec.colour: field not declared in schema" in said
