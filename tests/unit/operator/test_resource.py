"""O1: what a VoiceDeployment may say, checked without an API server."""

from __future__ import annotations

from typing import Any

import pytest

from parley_operator.api import InvalidResourceError, Problem, VoiceDeployment
from tests.unit.operator.examples import BAD, GOOD, MINIMAL, Bad, resource


@pytest.mark.parametrize("document", GOOD.values(), ids=GOOD.keys())
def test_o01_good_resources_are_read(document: dict[str, Any]) -> None:
    VoiceDeployment.parse(document)


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_o01_bad_resources_are_refused_where_and_why(bad: Bad) -> None:
    with pytest.raises(InvalidResourceError) as refused:
        VoiceDeployment.parse(bad.document)
    found = {problem.path: problem.message for problem in refused.value.problems}
    assert set(found) == {bad.path}
    assert bad.says in found[bad.path]


def test_o01_every_problem_is_told_at_once() -> None:
    document = resource(version="v1", replicas=-1, limits={"idleTimeout": "soon"})
    with pytest.raises(InvalidResourceError) as refused:
        VoiceDeployment.parse(document)
    assert [problem.path for problem in refused.value.problems] == [
        "spec.version",
        "spec.replicas",
        "spec.limits.idleTimeout",
    ]
    assert "spec.limits.idleTimeout: must be a duration such as" in str(refused.value)


def test_o01_problems_never_carry_the_value() -> None:
    document = resource(pod={"env": [{"name": "A B", "value": "hunter2"}], "annotations": {"k": 5}})
    with pytest.raises(InvalidResourceError) as refused:
        VoiceDeployment.parse(document)
    assert "hunter2" not in str(refused.value)
    assert "A B" not in str(refused.value)


def test_o01_types_are_not_guessed() -> None:
    with pytest.raises(InvalidResourceError) as refused:
        VoiceDeployment.parse(resource(version=0.1, suspend="true"))
    assert {problem.path for problem in refused.value.problems} == {"spec.version", "spec.suspend"}


def test_o01_fields_of_a_newer_release_are_ignored() -> None:
    document = resource(somethingNew={"a": 1})
    document["spec"]["agent"]["mood"] = "sunny"
    assert VoiceDeployment.parse(document).spec == VoiceDeployment.parse(MINIMAL).spec


def test_o01_a_status_that_cannot_be_read_counts_as_empty() -> None:
    broken = {**MINIMAL, "status": {"version": 7, "conditions": "none"}}
    assert VoiceDeployment.parse(broken).status.version is None
    kept = {**MINIMAL, "status": {"version": "0.1", "conditions": None, "later": True}}
    assert VoiceDeployment.parse(kept).status.version == "0.1"


def test_o01_another_kind_is_refused() -> None:
    with pytest.raises(InvalidResourceError) as refused:
        VoiceDeployment.parse({**MINIMAL, "kind": "Deployment"})
    assert refused.value.problems == (Problem("kind", "should be 'VoiceDeployment'"),)


@pytest.mark.parametrize("document", [None, [], "text", 5])
def test_o01_something_that_is_no_object_is_refused(document: Any) -> None:
    with pytest.raises(InvalidResourceError, match="must be an object"):
        VoiceDeployment.parse(document)


def test_o01_something_that_is_no_resource_is_refused() -> None:
    with pytest.raises(InvalidResourceError) as refused:
        VoiceDeployment.parse({})
    assert {problem.path for problem in refused.value.problems} == {"apiVersion", "kind", "metadata", "spec"}
