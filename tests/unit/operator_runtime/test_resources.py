"""The resources as last seen: which news wakes whom."""

from __future__ import annotations

from parley_operator.resources import Resources
from tests.unit.operator_runtime.objects import resource

KEY = ("ns", "receptionist")
STATUS = {"observedGeneration": 1, "conditions": []}


def test_a_new_generation_wakes_the_resource_and_a_label_does_not() -> None:
    resources = Resources()
    assert resources.observe(resource("receptionist", version=1)) == {KEY}
    assert resources.observe(resource("receptionist", version=2)) == set()
    assert resources.observe(resource("receptionist", version=3, generation=2)) == {KEY}


def test_the_status_that_we_wrote_ourselves_wakes_nobody() -> None:
    resources = Resources()
    resources.observe(resource("receptionist", version=1))
    resources.record(resource("receptionist", version=2, status=STATUS))
    assert resources.observe(resource("receptionist", version=2, status=STATUS)) == set()


def test_an_edit_that_our_own_write_of_the_status_overtook_is_not_missed() -> None:
    """The answer to the write tells of the edit before its event does."""
    resources = Resources()
    resources.observe(resource("receptionist", version=1))
    resources.record(resource("receptionist", version=3, generation=2, status=STATUS))
    assert resources.observe(resource("receptionist", version=2, generation=2)) == {KEY}


def test_a_status_that_somebody_else_wrote_wakes_the_resource() -> None:
    resources = Resources()
    resources.observe(resource("receptionist", version=1, status=STATUS))
    assert resources.observe(resource("receptionist", version=2, status={})) == {KEY}


def test_a_late_event_does_not_bring_an_old_spec_back() -> None:
    resources = Resources()
    resources.observe(resource("receptionist", version=5, generation=3))
    assert resources.observe(resource("receptionist", version=4, generation=2)) == set()
    body = resources.get(KEY)
    assert body is not None
    assert body["metadata"]["generation"] == 3


def test_a_deletion_of_a_predecessor_does_not_take_its_successor() -> None:
    resources = Resources()
    resources.observe(resource("receptionist", uid="new", version=9))
    assert resources.forget(resource("receptionist", uid="old", version=10)) == set()
    assert resources.get(KEY) is not None


def test_what_a_listing_does_not_have_is_gone_and_its_rivals_are_woken() -> None:
    resources = Resources()
    resources.observe(resource("old", "v.example.com", created="2026-01-01T00:00:00Z"))
    resources.observe(resource("young", "v.example.com", created="2026-02-01T00:00:00Z"))
    young = resource("young", "v.example.com", created="2026-02-01T00:00:00Z")
    assert {("ns", "old"), ("ns", "young")} <= resources.relist([young])
    assert resources.claims.taken(("ns", "young")) == {}


def test_a_child_finds_its_resource_although_its_label_cannot_hold_every_name() -> None:
    resources = Resources()
    long = "a" * 60 + ".example"
    resources.observe(resource(long))
    child = resources.children_of(("ns", long))
    assert len(child[1]) <= 63
    assert resources.owner_of(child) == ("ns", long)


def test_o10_who_should_serve_and_does_not_is_told_but_for_the_suspended() -> None:
    resources = Resources()
    said = {
        "serves": {"type": "Ready", "status": "True", "reason": "Serving"},
        "broken": {"type": "Ready", "status": "False", "reason": "SecretNotFound"},
        "suspended": {"type": "Ready", "status": "False", "reason": "Suspended"},
        "untold": {"type": "Available", "status": "True", "reason": "PodsReady"},
    }
    for name, condition in said.items():
        resources.observe({**resource(name), "status": {"conditions": [condition]}})
    assert {name for _, name in resources.not_ready()} == {"broken", "untold"}
