"""News of watches: what is worked on at once, and what is only looked at again."""

from __future__ import annotations

from parley_operator.api import KIND
from parley_operator.kube.inventory import Inventory, Key
from parley_operator.render.labels import NAME
from parley_operator.resources import Resources
from parley_operator.runtime.watches import News
from parley_operator.views import VIEWS
from tests.unit.operator_runtime.objects import Json, child, resource

DONE = {"observedGeneration": 1, "conditions": []}


class Heard:
    """The news of one cluster, and the keys that it was turned into."""

    def __init__(self) -> None:
        self.woken: list[Key] = []
        self.to_look_at: list[Key] = []
        self._news = News(
            Inventory(label=NAME, views=VIEWS),
            Resources(),
            namespaces=(),
            wake=self.woken.append,
            look_again=self.to_look_at.append,
            on_event=lambda kind: None,
        )

    def listing(self, *resources: Json) -> Heard:
        self._clear()
        self._news.resources(list(resources), namespace="")
        return self

    def listing_of_children(self, *children: Json) -> Heard:
        self._clear()
        self._news.page(list(children))
        names = {(body["metadata"]["namespace"], body["metadata"]["name"]) for body in children}
        self._news.listed("ConfigMap", names, version=100, namespace="")
        return self

    def event(self, kind: str | None, body: Json) -> Heard:
        self._clear()
        self._news.event({"type": kind, "object": body})
        return self

    def definition_is_missing(self) -> Heard:
        self._clear()
        self._news.without_resources()
        return self

    def _clear(self) -> None:
        self.woken.clear()
        self.to_look_at.clear()


def key(name: str) -> Key:
    return "ns", name


def test_o10_of_a_listing_what_nobody_has_acted_upon_comes_first() -> None:
    heard = Heard().listing(
        resource("done", status=DONE), resource("new"), resource("edited", status=DONE, generation=2)
    )
    assert set(heard.woken) == {key("new"), key("edited")}
    assert set(heard.to_look_at) == {key("done"), key("new"), key("edited")}


def test_o10_what_the_first_pages_of_a_listing_have_is_not_taken_for_news() -> None:
    """kopf tells of it page by page, before the listing is over."""
    heard = Heard()
    heard.event(None, resource("done", status=DONE))
    assert heard.woken == []
    heard.event(None, resource("new"))
    assert heard.woken == [key("new")]
    assert heard.listing(resource("done", status=DONE), resource("new")).to_look_at == [key("done"), key("new")]


def test_o10_what_is_still_to_be_done_at_the_next_listing_comes_first_again() -> None:
    heard = Heard().listing(resource("new"), resource("done", status=DONE))
    heard.listing(resource("new"), resource("done", status=DONE))
    assert heard.woken == [key("new")]


def test_o10_what_was_deleted_or_edited_in_a_gap_comes_first() -> None:
    heard = Heard().listing(*(resource(name, status=DONE) for name in ("deleted", "edited", "same")))
    heard.listing(resource("edited", status=DONE, generation=2, version=2), resource("same", status=DONE))
    assert set(heard.woken) == {key("deleted"), key("edited")}
    assert set(heard.to_look_at) == {key("edited"), key("same")}


def test_o10_after_a_listing_of_children_every_resource_is_looked_at_again() -> None:
    heard = Heard().listing(resource("receptionist", status=DONE), resource("other", status=DONE))
    heard.listing_of_children(child(owner="receptionist"))
    assert heard.woken == []
    assert set(heard.to_look_at) == {key("receptionist"), key("other")}


def test_an_event_wakes_the_resource_and_a_childs_its_owner() -> None:
    heard = Heard().event("ADDED", resource("receptionist"))
    assert heard.woken == [key("receptionist")]
    heard.event("MODIFIED", child(owner="receptionist"))
    assert heard.woken == [key("receptionist")]
    heard.event("DELETED", child(owner="receptionist", version=2))
    assert heard.woken == [key("receptionist")]
    assert heard.to_look_at == []


def test_without_their_definition_all_resources_are_gone() -> None:
    heard = Heard().listing(resource("receptionist", status=DONE)).definition_is_missing()
    assert heard.woken == [key("receptionist")]


def test_the_kind_of_a_listing_need_not_be_said_by_each_object() -> None:
    bare = {name: value for name, value in resource("receptionist").items() if name != "kind"}
    heard = Heard().listing(bare)
    heard.event("MODIFIED", {**bare, "kind": KIND, "metadata": {**bare["metadata"], "resourceVersion": "2"}})
    assert heard.woken == []
