"""O2, O3: what is rendered where every optional API is served, held strictly against the real definitions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from localcluster import ControlPlane
from parley_operator.render import Manifest, render
from parley_operator.render.apis import OPTIONAL
from parley_operator.render.facts import Facts, Gateway, IngressClass, Listener
from tests.operator import definitions
from tests.operator.api.conftest import CRDS, ESTABLISHED_SECONDS, Resources
from tests.operator.cluster import PLURALS
from tests.unit.operator.examples import CERT_MANAGER, ENGINE_SPEC, GOOD, resource
from tests.unit.operator.facts import TRAEFIK, parse, with_values
from tests.unit.operator.test_ingress import CLASSES

pytestmark = pytest.mark.controlplane

UNPROVEN = {"BackendConfig", "FrontendConfig", "KongPlugin", "KongUpstreamPolicy", "ScaledObject"}
"""Their definitions are in no Go module, or are held against them elsewhere."""
LISTENERS = (Listener("http", "HTTP", 80, None), Listener("https", "HTTPS", 443, None))


@cache
def published() -> tuple[dict[str, Any], ...]:
    """The definitions as their projects publish them."""
    found = [
        *(definitions.gateway_api(), definitions.envoy_gateway(), definitions.istio(), definitions.cert_manager()),
        *(definitions.all_of_traefik(), definitions.prometheus_operator()),
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


def everywhere(document: dict[str, Any], ingress_class: IngressClass) -> list[Manifest]:
    """All that is made of a resource in a cluster that serves everything."""
    vd = parse(document)
    facts: Facts = replace(
        with_values(vd),
        apis=frozenset(kinds() & set(OPTIONAL)),
        ingress_class=ingress_class,
        gateways={("infra", "main"): Gateway(LISTENERS), ("default", "main"): Gateway(LISTENERS)},
        route_controllers=frozenset({"gateway.envoyproxy.io/gatewayclass-controller"}),
    )
    return list(render(vd, facts).manifests)


def test_o02_what_is_not_held_against_its_own_definition_is_known() -> None:
    assert set(OPTIONAL) - kinds() <= UNPROVEN


@pytest.mark.parametrize("name", GOOD)
def test_o02_every_child_of_every_example_is_taken_strictly(served: Resources, name: str) -> None:
    assert refused(served, everywhere(GOOD[name], TRAEFIK)) == []


@pytest.mark.parametrize("name", CLASSES)
def test_o03_what_each_controller_is_told_is_taken_strictly(served: Resources, name: str) -> None:
    endpoint = {
        "hosts": ["voice.example.com", "calls.example.com"],
        "ingress": {"tls": {"certManager": CERT_MANAGER}},
        "rateLimit": {"perClientIP": {"connectionsPerSecond": 50}},
        **ENGINE_SPEC["endpoint"],
    }
    manifests = everywhere(resource(**{**ENGINE_SPEC, "endpoint": endpoint}), CLASSES[name])
    assert {"Certificate", "Ingress"} <= {manifest["kind"] for manifest in manifests}
    assert refused(served, manifests) == []


def test_o02_a_field_that_no_definition_has_is_refused(served: Resources) -> None:
    manifests = everywhere(GOOD["a certificate of cert-manager's"], TRAEFIK)
    (certificate,) = (manifest for manifest in manifests if manifest["kind"] == "Certificate")
    (said,) = refused(served, [{**certificate, "spec": {**certificate["spec"], "colour": "green"}}])
    assert 'unknown field "spec.colour"' in said or ".spec.colour: field not declared in schema" in said
