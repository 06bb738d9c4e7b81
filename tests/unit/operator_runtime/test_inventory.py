"""The inventory: what counts as news, what is too old to count, and what a new listing says."""

from __future__ import annotations

from parley_operator.kube.discovery import Ref
from parley_operator.kube.inventory import Inventory, Key
from tests.unit.operator_runtime.objects import LABEL, Json, child

KEY = ("ns", "receptionist")
REF = Ref("v1", "ConfigMap", "ns", "child")


def make() -> Inventory:
    return Inventory(label=LABEL, views={"ConfigMap": lambda _: {}})


def relist(inventory: Inventory, *bodies: Json, version: int, namespace: str = "") -> set[Key]:
    """A listing of ConfigMaps, in one page."""
    for body in bodies:
        inventory.observe(body)
    names = {(body["metadata"]["namespace"], body["metadata"]["name"]) for body in bodies}
    return inventory.retain("ConfigMap", names, version=version, namespace=namespace)


def applied(inventory: Inventory) -> str | None:
    live = inventory.get(REF)
    return None if live is None else live.applied


def test_an_object_is_news_once() -> None:
    inventory = make()
    assert inventory.observe(child(version=1)) is not None
    assert inventory.observe(child(version=1)) is None
    assert inventory.observe(child(version=2)) is None


def test_our_own_write_is_no_news_when_the_watch_brings_it() -> None:
    inventory = make()
    inventory.record(child(version=5), applied="m")
    assert inventory.observe(child(version=5)) is None
    assert applied(inventory) == "m"


def test_an_answer_that_comes_after_later_news_counts_where_these_left_our_fields_alone() -> None:
    """A controller writes into a new object before the server's answer to its maker is read."""
    cases: list[tuple[Json, str]] = [({"f:data": {}}, "m"), ({"f:other": {}}, "")]
    for fields, left in cases:
        inventory = make()
        inventory.observe(child(version=6, fields=fields))
        inventory.record(child(version=5), applied="m")
        live = inventory.get(REF)
        assert live is not None
        assert (live.version, live.applied) == (6, left)


def test_a_field_that_left_our_set_is_news_and_makes_the_object_to_be_applied_again() -> None:
    inventory = make()
    inventory.record(child(version=5), applied="m")
    assert inventory.observe(child(version=6, fields={"f:other": {}})) is not None
    assert applied(inventory) == ""


def test_a_late_event_changes_nothing() -> None:
    inventory = make()
    inventory.record(child(version=5), applied="m")
    assert inventory.observe(child(version=4, fields={"f:other": {}})) is None
    assert applied(inventory) == "m"


def test_a_deleted_object_does_not_come_back_by_a_late_event_or_a_late_answer() -> None:
    inventory = make()
    inventory.observe(child(version=1))
    assert inventory.forget(child(version=3)) is not None
    assert inventory.observe(child(version=2)) is None
    inventory.record(child(version=2), applied="m")
    assert inventory.get(REF) is None


def test_an_object_that_only_lost_our_label_is_known_again_when_it_is_found() -> None:
    """A watch by label says of both that they went; of one that is there, the version is not older than that."""
    inventory = make()
    inventory.observe(child(version=1))
    inventory.forget(child(version=3))
    found = inventory.record(child(version=3), applied="")
    assert found is not None
    assert inventory.observe(child(version=4)) is None
    assert found.applied == (applied(inventory) or "") == ""


def test_what_is_known_is_dropped_unless_it_was_replaced_since() -> None:
    inventory = make()
    inventory.observe(child(version=1))
    before = inventory.get(REF)
    assert before is not None
    inventory.observe(child(version=2, fields={"f:other": {}}))
    inventory.drop(before)
    now = inventory.get(REF)
    assert now is not None
    inventory.drop(now)
    assert inventory.get(REF) is None
    assert list(inventory.of(KEY)) == []


def test_a_successor_of_the_same_name_is_another_object() -> None:
    inventory = make()
    inventory.observe(child(uid="c1", version=1))
    inventory.observe(child(uid="c2", version=7))
    assert inventory.forget(child(uid="c1", version=8)) is None
    live = inventory.get(REF)
    assert live is not None
    assert live.uid == "c2"


def test_late_news_of_a_predecessor_do_not_replace_its_successor() -> None:
    """Neither an event nor the answer to a write."""
    inventory = make()
    inventory.observe(child(uid="c1", version=1))
    inventory.observe(child(uid="c2", version=7))
    assert inventory.observe(child(uid="c1", version=5)) is None
    inventory.record(child(uid="c1", version=8), applied="m")
    live = inventory.get(REF)
    assert live is not None
    assert live.uid == "c2"


def test_what_a_listing_does_not_have_is_gone_and_its_resource_is_told() -> None:
    inventory = make()
    inventory.observe(child("stays", uid="s"))
    inventory.observe(child("child", uid="g", owner="other"))
    assert relist(inventory, child("stays", uid="s"), version=9) == {("ns", "other")}
    assert inventory.get(REF) is None
    assert [live.ref.name for live in inventory.of(KEY)] == ["stays"]


def test_a_listing_knows_nothing_of_what_was_written_after_it() -> None:
    inventory = make()
    inventory.record(child(version=10), applied="m")
    relist(inventory, version=9)
    assert applied(inventory) == "m"


def test_a_listing_of_one_namespace_leaves_the_others_alone() -> None:
    inventory = make()
    inventory.observe(child(namespace="elsewhere"))
    assert relist(inventory, version=9, namespace="ns") == set()


def test_an_object_that_changes_hands_is_no_longer_its_old_owners() -> None:
    inventory = make()
    inventory.observe(child(version=1))
    inventory.observe(child(version=2, owner="other"))
    assert not list(inventory.of(KEY))
