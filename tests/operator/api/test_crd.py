"""O1: the CRD on a real API server, with the same examples as the models."""

from __future__ import annotations

import copy
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.operator.api.conftest import RESOURCES, Resources
from tests.unit.operator.examples import BAD, GOOD, MINIMAL, Bad, resource

pytestmark = pytest.mark.controlplane

SCALING = Path(__file__).parents[3] / "docs" / "scaling.md"
PATCHES = {"json": "application/json-patch+json", "merge": "application/merge-patch+json"}


def named(name: str, document: dict[str, Any]) -> dict[str, Any]:
    document = copy.deepcopy(document)
    document["metadata"]["name"] = name
    return document


def test_o01_the_schema_is_structural_and_its_rules_are_affordable(installed_crd: dict[str, Any]) -> None:
    conditions = {c["type"]: (c["status"], c.get("message")) for c in installed_crd["status"]["conditions"]}
    assert conditions["NamesAccepted"][0] == "True"
    assert "NonStructuralSchema" not in conditions, conditions
    assert installed_crd["status"]["acceptedNames"]["shortNames"] == ["vd"]
    assert installed_crd["status"]["acceptedNames"]["categories"] == ["all", "parley"]


@pytest.mark.parametrize("document", GOOD.values(), ids=GOOD.keys())
def test_o01_good_resources_are_accepted(resources: Resources, document: dict[str, Any]) -> None:
    answer = resources.apply(document, dry_run=True)
    assert answer.status in (200, 201), answer.body["message"]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_o01_bad_resources_are_refused_by_the_server_too(resources: Resources, bad: Bad) -> None:
    answer = resources.apply(bad.document, dry_run=True)
    assert answer.status in (400, 422, 500), answer.body
    if answer.causes:
        assert bad.path in answer.causes
        words = answer.causes[bad.path]
        # The server has words of its own for what the schema says: "should match", "Required value".
        assert bad.says in words or "should" in words or "Required" in words, answer.causes
    else:
        # Duplicates in set and map lists, and wrong types, are found before validation and have no causes.
        message = answer.body["message"]
        assert "duplicate" in message or (bad.says and bad.says in message), message


def test_o01_unknown_fields_are_refused(resources: Resources) -> None:
    answer = resources.apply(resource(replcas=3), dry_run=True)
    assert answer.status >= 400
    assert ".spec.replcas: field not declared in schema" in answer.body["message"]


def test_o01_defaults_are_filled_in(resources: Resources) -> None:
    spec = resources.apply(MINIMAL, dry_run=True).body["spec"]
    assert spec["suspend"] is False
    assert spec["replicas"] == 1
    assert spec["agent"]["language"] == "en-US"
    assert spec["scaling"] == {"type": "Fixed"}
    assert spec["rollout"] == {
        "drainTimeout": "30m",
        "progressDeadline": "10m",
        "onFailure": "Hold",
        "revisionHistoryLimit": 10,
    }
    assert spec["limits"] == {
        "sessionDuration": "30m",
        "idleTimeout": "5m",
        "sessionsPerPod": 100,
        "connectionsPerPod": 1000,
    }
    for said_when_rendered in ("version", "endpoint", "auth", "pod"):
        assert said_when_rendered not in spec


def test_o01_partly_filled_blocks_get_the_other_defaults(resources: Resources) -> None:
    spec = resources.apply(resource(limits={"sessionsPerPod": 7}), dry_run=True).body["spec"]
    assert spec["limits"]["sessionsPerPod"] == 7
    assert spec["limits"]["sessionDuration"] == "30m"


def test_o06_scale_sets_replicas_of_fixed_scaling(resources: Resources) -> None:
    document = named("fixed", MINIMAL)
    resources.apply(document)
    resources.status({**document, "status": {"replicas": 1, "selector": "parley.dev/name=fixed"}})
    answer = resources.scale("fixed", 3)
    assert answer.status == 200, answer.body
    assert answer.body["status"] == {"replicas": 1, "selector": "parley.dev/name=fixed"}
    assert resources.request("GET", f"{RESOURCES}/fixed").body["spec"]["replicas"] == 3


def test_o06_scale_is_refused_where_an_autoscaler_decides(resources: Resources) -> None:
    document = named("auto", resource(scaling={"type": "HPA", "maxReplicas": 5}))
    resources.apply(document)
    answer = resources.scale("auto", 3)
    assert answer.status == 422
    assert "replicas belongs to the autoscaler while scaling.type is HPA or KEDA" in answer.body["message"]
    fixed = resources.apply(named("auto", resource(scaling={"type": "Fixed"}, replicas=3)))
    assert fixed.status == 200, fixed.body


def blocks(language: str) -> list[str]:
    """Those of the page about scaling."""
    return re.findall(rf"```{language}\n(.*?)```", SCALING.read_text(), re.DOTALL)


def test_o06_the_page_s_way_back_to_a_fixed_number_works_from_each_of_its_examples(resources: Resources) -> None:
    [(_, _, _, _, _, kind, _, patch)] = [shlex.split(block) for block in blocks("sh")]
    examples = [found["spec"] for found in map(yaml.safe_load, blocks("yaml")) if "spec" in found]
    assert [example["scaling"]["type"] for example in examples] == ["HPA", "KEDA"]
    for example in examples:
        resources.apply(named("handed", resource(**{"limits": {"sessionsPerPod": 100}, **example})))
        path = f"{RESOURCES}/handed?fieldManager=kubectl"
        answer = resources.request("PATCH", path, yaml.safe_load(patch), content_type=PATCHES[kind])
        assert answer.status == 200, answer.body
        assert (answer.body["spec"]["scaling"], answer.body["spec"]["replicas"]) == ({"type": "Fixed"}, 7)


def test_o01_the_status_of_the_design_is_kept(resources: Resources) -> None:
    document = named("served", MINIMAL)
    resources.apply(document)
    status = {
        "observedGeneration": 1,
        "version": "0.1",
        "selector": "parley.dev/name=served",
        "replicas": 2,
        "readyReplicas": 2,
        "updatedReplicas": 2,
        "endpoints": [{"protocol": "Native", "url": "wss://voice.example.com/v1/voice"}],
        "certificate": {
            "secretName": "served-tls",
            "notAfter": "2027-01-01T00:00:00Z",
            "renewAfter": "2026-12-01T00:00:00Z",
        },
        "conditions": [
            {
                "type": "Ready",
                "status": "True",
                "reason": "Serving",
                "message": "2/2 pods",
                "observedGeneration": 1,
                "lastTransitionTime": "2026-11-20T00:00:00Z",
            }
        ],
    }
    answer = resources.status({**document, "status": status})
    assert answer.status == 200, answer.body
    assert answer.body["status"] == status


def test_o01_resources_can_be_selected_by_suspension(resources: Resources) -> None:
    resources.apply(named("asleep", resource(suspend=True)))
    resources.apply(named("awake", resource()))
    listed = resources.request("GET", f"{RESOURCES}?fieldSelector=spec.suspend=true").body
    found = {item["metadata"]["name"]: item["spec"]["suspend"] for item in listed["items"]}
    assert found["asleep"]
    assert all(found.values())
    assert "awake" not in found
