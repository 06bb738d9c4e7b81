"""O9: worker pools on a real API server: what it refuses, as `parley validate` does, and what it stores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from parley_cli.main import main
from parley_operator.api import VoiceDeployment
from parley_operator.render import Manifest, render
from tests.operator.api.conftest import Resources
from tests.operator.api.test_rendered import apply, kept
from tests.unit.operator.examples import Bad
from tests.unit.operator.facts import with_values
from tests.unit.operator.worker_examples import BAD_POOLS, FULL_POOL, GOOD_POOLS, PIPER, WHISPER, with_pools

pytestmark = pytest.mark.controlplane

SAMPLE = Path(__file__).parents[3] / "manifests" / "samples" / "worker-pools.yaml"


@pytest.mark.parametrize("document", GOOD_POOLS.values(), ids=GOOD_POOLS.keys())
def test_o09_good_pools_are_accepted(resources: Resources, document: dict[str, Any]) -> None:
    answer = resources.apply(document, dry_run=True)
    assert answer.status in (200, 201), answer.body["message"]


@pytest.mark.parametrize("bad", BAD_POOLS, ids=lambda bad: bad.name)
def test_o09_bad_pools_are_refused_by_the_server_and_by_validate_alike(
    resources: Resources, bad: Bad, tmp_path: Path
) -> None:
    answer = resources.apply(bad.document, dry_run=True)
    assert answer.status in (400, 422, 500), answer.body
    if answer.causes:
        words = answer.causes[bad.path]
        # The server has words of its own for what the schema says.
        assert any(word in words for word in (bad.says, "should", "Required", "Unsupported", "Too long")), words
    else:
        assert "duplicate" in answer.body["message"], answer.body["message"]
    # Without a cluster it is known as well, and where.
    file = tmp_path / "pools.yaml"
    file.write_text(yaml.safe_dump(bad.document))
    offline = CliRunner().invoke(main, ["validate", str(file)])
    assert offline.exit_code == 1, offline.output
    assert f"{bad.path}: " in offline.output


def test_o09_the_sample_is_accepted(resources: Resources) -> None:
    answer = resources.apply(yaml.safe_load(SAMPLE.read_text()), dry_run=True)
    assert answer.status == 201, answer.body["message"]


def pool_manifests(resources: Resources, name: str, document: dict[str, Any]) -> list[Manifest]:
    stored = resources.apply({**document, "metadata": {"name": name, "namespace": "default"}}).body
    resource = VoiceDeployment.parse(stored)
    rendered = render(resource, with_values(resource))
    return [one for one in rendered.manifests if "parley.dev/pool" in one["metadata"]["labels"]]


def test_o09_what_pools_become_is_accepted_stored_as_said_and_idempotent(resources: Resources) -> None:
    documents = {"full": with_pools(FULL_POOL), "plain": with_pools({**PIPER, "replicas": 2}, WHISPER)}
    for name, document in documents.items():
        for manifest in pool_manifests(resources, f"pools-{name}", document):
            first = apply(resources, manifest)
            assert first.status in (200, 201), first.body["message"]
            assert kept(manifest, first.body) == manifest
            # The server writes a new claim once more, to no effect that can be seen; then it holds still.
            again, later = apply(resources, manifest), apply(resources, manifest)
            assert later.body["metadata"]["resourceVersion"] == again.body["metadata"]["resourceVersion"]
            assert again.body["metadata"]["managedFields"] == first.body["metadata"]["managedFields"]


def test_o08_the_restricted_pod_security_standard_accepts_the_workers(resources: Resources) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "workers", "labels": labels}}
    place = "/api/v1/namespaces/workers"
    assert resources.request("PATCH", f"{place}?fieldManager=test", namespace).status == 201
    runtime = {
        "apiVersion": "node.k8s.io/v1",
        "kind": "RuntimeClass",
        "metadata": {"name": "nvidia"},
        "handler": "nvidia",
    }
    resources.request("PATCH", "/apis/node.k8s.io/v1/runtimeclasses/nvidia?fieldManager=test", runtime)
    unranked = {field: value for field, value in FULL_POOL.items() if field != "priorityClassName"}
    manifests = pool_manifests(resources, "hardened", with_pools(unranked, WHISPER))
    for deployment in (one for one in manifests if one["kind"] == "Deployment"):
        name, template = deployment["metadata"]["name"], deployment["spec"]["template"]
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}
        resources.request("PATCH", f"{place}/serviceaccounts/{name}?fieldManager=test", account)
        pod = {"apiVersion": "v1", "kind": "Pod", **template, "metadata": {**template["metadata"], "name": name}}
        answer = resources.request("PATCH", f"{place}/pods/{name}?fieldManager=test&dryRun=All", pod)
        assert answer.status == 201, answer.body["message"]
