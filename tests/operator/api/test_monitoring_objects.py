"""O2, G14: what the Prometheus operator's own definitions say of the monitoring objects."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest
import yaml

from localcluster.builds import BuildCache
from localcluster.paths import cache_dir
from localcluster.progress import Progress
from localcluster.versions import PROMETHEUS_OPERATOR
from parley_operator.render import render
from parley_operator.render.apis import OPTIONAL
from tests.operator.api.conftest import CRDS, ESTABLISHED_SECONDS, Resources
from tests.unit.operator.examples import GOOD
from tests.unit.operator.facts import parse, with_values

pytestmark = pytest.mark.controlplane

KINDS = ("PodMonitor", "ServiceMonitor", "PrometheusRule")


@pytest.fixture(scope="module")
def definitions() -> list[dict[str, Any]]:
    cache = BuildCache(cache_dir(), progress=Progress(quiet=True))
    cache.ensure((PROMETHEUS_OPERATOR,))
    files = sorted(cache.folder(PROMETHEUS_OPERATOR).glob("*.yaml"))
    return [yaml.load(path.read_text(), Loader=yaml.CSafeLoader) for path in files]  # in C: they are megabytes


@pytest.fixture
def monitored(resources: Resources, definitions: list[dict[str, Any]]) -> Resources:
    """The API server with the definitions."""
    for crd in definitions:
        answer = resources.request("PATCH", f"{CRDS}/{crd['metadata']['name']}?fieldManager=test&force=true", crd)
        assert answer.status in (200, 201), answer.body
    deadline = time.monotonic() + ESTABLISHED_SECONDS
    while any(resources.request("GET", place(kind)).status != 200 for kind in KINDS):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return resources


def place(kind: str) -> str:
    api = OPTIONAL[kind]
    return f"/apis/{api.api_version}/namespaces/default/{api.plural}"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("document", [GOOD["agent and pipeline only"], GOOD["everything"]], ids=["least", "most"])
def test_g14_objects_are_taken_as_they_are(monitored: Resources, document: dict[str, Any], kind: str) -> None:
    monitor = {"type": kind} if kind != "PrometheusRule" else {}
    spec = {**document["spec"], "observability": {**document["spec"].get("observability", {}), "monitor": monitor}}
    resource = parse({**document, "spec": spec})
    rendered = render(resource, replace(with_values(resource), apis=frozenset(KINDS)))
    (manifest,) = [one for one in rendered.manifests if one["kind"] == kind]
    path = f"{place(kind)}/{manifest['metadata']['name']}?fieldManager=parley&force=true&fieldValidation=Strict"
    first = monitored.request("PATCH", path, manifest)
    assert first.status in (200, 201), first.body["message"]
    again = monitored.request("PATCH", path, manifest)
    assert again.body["metadata"]["resourceVersion"] == first.body["metadata"]["resourceVersion"]
    assert again.body["spec"].keys() == manifest["spec"].keys()
