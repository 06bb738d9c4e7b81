"""O7: the history of a resource's spec."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_operator.api import VoiceDeployment
from parley_operator.render import Facts, render
from parley_operator.render.rendered import Manifest
from parley_operator.render.revision import UNREVISED, restored, revised, revision, revision_name
from tests.unit.operator.examples import resource
from tests.unit.operator.strategies import DOCUMENTS

FACTS = Facts(release="0.1")


def parse(document: dict[str, Any]) -> VoiceDeployment:
    return VoiceDeployment.parse(document)


def made(live: dict[str, int], **spec: Any) -> Manifest:
    return revision(parse(resource(**spec)), replace(FACTS, revisions=live))


@given(DOCUMENTS)
def test_o07_what_a_revision_holds_makes_the_same_resource_again(document: dict[str, Any]) -> None:
    first = parse(document)
    again = parse({**document, "spec": restored(document["spec"], revised(first, "0.1"))})
    assert again.spec == first.spec.model_copy(update={"version": again.spec.version})
    assert again.spec.version == first.spec.version or (again.spec.version, first.spec.version) == ("0.1", None)
    assert revision_name(again) == revision_name(first, "0.1")


@given(DOCUMENTS, st.integers(0, 1000), st.booleans())
def test_o07_how_many_pods_there_are_is_in_no_revision(
    document: dict[str, Any], replicas: int, suspend: bool
) -> None:
    document["spec"].pop("scaling", None)
    later = {**document, "spec": {**document["spec"], "replicas": replicas, "suspend": suspend}}
    assert revision_name(parse(later)) == revision_name(parse(document))
    assert not UNREVISED & revised(parse(later)).keys()
    back = restored(later["spec"], revised(parse(document)))
    assert (back["replicas"], back["suspend"]) == (replicas, suspend)


def test_o07_the_first_is_number_one() -> None:
    assert made({})["revision"] == 1


def test_o07_the_same_spec_stays_the_same_revision() -> None:
    name = made({})["metadata"]["name"]
    assert made({"other": 1, name: 2})["revision"] == 2


def test_o07_a_spec_that_comes_back_is_the_newest_again() -> None:
    name = made({})["metadata"]["name"]
    assert made({name: 1, "other": 2})["revision"] == 3


def test_o07_another_prompt_is_another_revision() -> None:
    changed = made({}, agent={"instructions": "Speak like a pirate."})
    assert changed["metadata"]["name"] != made({})["metadata"]["name"]


@pytest.mark.parametrize("limit", [1, 3])
def test_o07_the_newest_are_kept_and_those_that_the_status_names(limit: int) -> None:
    live = {f"receptionist-{number}": number for number in range(1, 8)}
    document = resource(rollout={"revisionHistoryLimit": limit})
    document["status"] = {"currentRevision": "receptionist-1", "updateRevision": "receptionist-2"}
    keep = render(parse(document), replace(FACTS, revisions=live)).keep
    newest = {f"receptionist-{number}" for number in range(8 - limit, 8)}
    expected = newest | {"receptionist-1", "receptionist-2"}
    assert {key.name for key in keep if key.kind == "ControllerRevision"} == expected


def test_o07_the_release_that_ran_is_in_the_revision_although_the_spec_does_not_name_it() -> None:
    assert made({})["data"]["spec"]["version"] == FACTS.release
