"""What is left of an object after `kubectl apply` of a file."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_cli.applied import is_server_side, merged, spec_after

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
SPECS = st.recursive(
    st.integers() | st.lists(st.integers(), max_size=2),
    lambda values: st.dictionaries(st.sampled_from("abc"), values, max_size=3),
).map(lambda value: value if isinstance(value, dict) else {"a": value})


@given(SPECS, SPECS)
def test_o12_what_one_person_applied_becomes_what_that_person_applies_next(
    before: dict[str, Any], wanted: dict[str, Any]
) -> None:
    assert merged(before, wanted, before) == wanted


@given(SPECS, SPECS, SPECS)
def test_o12_applied_twice_is_applied_once(
    before: dict[str, Any], wanted: dict[str, Any], live: dict[str, Any]
) -> None:
    once = merged(before, wanted, live)
    assert merged(wanted, wanted, once) == once


@pytest.mark.parametrize(
    ("before", "wanted", "after"),
    [
        ({}, {"replicas": 2}, {"replicas": 2, "pod": {"annotations": {"digest": "1"}}}),
        ({"replicas": 1}, {}, {"pod": {"annotations": {"digest": "1"}}}),
        ({}, {"replicas": None}, {"pod": {"annotations": {"digest": "1"}}}),
        ({"pod": {"labels": {"a": "1"}}}, {"pod": {}}, {"replicas": 1, "pod": {"annotations": {"digest": "1"}}}),
        ({"pod": {"labels": {"a": "1"}}}, {}, {"replicas": 1}),
    ],
    ids=["anothers", "no-longer-wanted", "null", "a-part-of-it", "all-of-it-as-kubectl-does"],
)
def test_o12_what_was_never_in_the_file_stays(
    before: dict[str, Any], wanted: dict[str, Any], after: dict[str, Any]
) -> None:
    annotations = {LAST_APPLIED: json.dumps({"spec": before})}
    live = {
        "metadata": {"annotations": annotations},
        "spec": {"replicas": 1, "pod": {"annotations": {"digest": "1"}}},
    }
    assert spec_after({"spec": wanted}, live) == after


def test_o12_a_server_knows_whose_fields_are_where_it_applied_them() -> None:
    applied = {"metadata": {"managedFields": [{"manager": "kubectl", "operation": "Apply"}]}}
    assert is_server_side(applied)
    assert not is_server_side({"metadata": {**applied["metadata"], "annotations": {LAST_APPLIED: "{}"}}})
    assert not is_server_side({"metadata": {"managedFields": [{"manager": "test", "operation": "Apply"}]}})
