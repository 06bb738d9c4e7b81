"""O2: server-side apply of children: ours and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest

from parley_operator.kube.apply import Applier, Owner
from parley_operator.kube.discovery import Discovery, Ref
from parley_operator.kube.errors import (
    ApiError,
    ConflictError,
    InvalidError,
    NameConflictError,
    NamespaceGoneError,
    OverlookedError,
    PredecessorError,
)
from parley_operator.kube.inventory import Inventory
from parley_operator.views import VIEWS
from tests.operator.cluster import Json, Namespace

pytestmark = pytest.mark.controlplane

LABEL = "parley.dev/name"


class World:
    """An applier, its inventory, and an owner that exists."""

    def __init__(self, namespace: Namespace, owner: Json) -> None:
        self.namespace = namespace
        self.inventory = Inventory(label=LABEL, views=VIEWS)
        self.applier = Applier(namespace.client, Discovery(namespace.client), self.inventory)
        self.owner = Owner("ConfigMap", owner["metadata"]["name"], owner["metadata"]["uid"])

    def manifest(self, name: str, **data: str) -> Json:
        reference = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "name": self.owner.name,
            "uid": self.owner.uid,
            "controller": True,
        }
        metadata = {
            "name": name,
            "namespace": self.namespace.name,
            "labels": {LABEL: self.owner.name},
            "ownerReferences": [reference],
        }
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


@pytest.fixture
async def world(namespace: Namespace) -> World:
    owner = await namespace.create("ConfigMap", {"apiVersion": "v1", "metadata": {"name": "owner"}})
    return World(namespace, owner)


async def test_an_absent_object_is_created_and_then_left_alone(world: World) -> None:
    assert await world.applier.apply(world.manifest("child", a="1"), world.owner) == "created"
    assert await world.applier.apply(world.manifest("child", a="1"), world.owner) == "unchanged"


@pytest.mark.parametrize(
    "refusal",
    [
        ConflictError(status=409, reason="Conflict", message="the object has been modified"),
        InvalidError(status=422, reason="Invalid", message="metadata.resourceVersion: must not be set"),
    ],
    ids=["conflict", "invalid"],
)
async def test_a_server_that_makes_nothing_under_a_version_is_asked_without(
    world: World, monkeypatch: pytest.MonkeyPatch, refusal: ApiError
) -> None:
    client = world.namespace.client
    apply = client.apply

    async def strict(path: str, body: Json, **how: Any) -> Json:
        if "resourceVersion" in body["metadata"]:
            raise refusal
        return await apply(path, body, **how)

    monkeypatch.setattr(client, "apply", strict)
    assert await world.applier.apply(world.manifest("child", a="1"), world.owner) == "created"
    assert (await world.namespace.get("ConfigMap", "child"))["data"] == {"a": "1"}


async def test_a_changed_manifest_is_applied_and_a_field_no_longer_said_goes(world: World) -> None:
    await world.applier.apply(world.manifest("child", a="1", b="2"), world.owner)
    assert await world.applier.apply(world.manifest("child", a="3"), world.owner) == "updated"
    assert (await world.namespace.get("ConfigMap", "child"))["data"] == {"a": "3"}


async def test_what_others_add_stays(world: World) -> None:
    await world.applier.apply(world.manifest("child", a="1"), world.owner)
    await world.namespace.patch("ConfigMap", "child", {"data": {"theirs": "x"}})
    await world.applier.apply(world.manifest("child", a="2"), world.owner)
    assert (await world.namespace.get("ConfigMap", "child"))["data"] == {"a": "2", "theirs": "x"}


async def test_news_of_a_change_by_others_makes_the_next_apply_win_the_field_back(world: World) -> None:
    await world.applier.apply(world.manifest("child", a="1"), world.owner)
    edited = await world.namespace.patch("ConfigMap", "child", {"data": {"a": "theirs"}})
    assert world.inventory.observe({"apiVersion": "v1", "kind": "ConfigMap", **edited}) is not None
    assert await world.applier.apply(world.manifest("child", a="1"), world.owner) == "updated"
    assert (await world.namespace.get("ConfigMap", "child"))["data"] == {"a": "1"}


async def test_a_change_of_fields_that_are_not_ours_is_no_news(world: World) -> None:
    await world.applier.apply(world.manifest("child", a="1"), world.owner)
    edited = await world.namespace.patch("ConfigMap", "child", {"metadata": {"annotations": {"x": "y"}}})
    assert world.inventory.observe({"apiVersion": "v1", "kind": "ConfigMap", **edited}) is None
    assert await world.applier.apply(world.manifest("child", a="1"), world.owner) == "unchanged"


async def test_an_object_that_nobody_controls_is_a_name_conflict_and_stays_as_it_is(world: World) -> None:
    before = await world.namespace.create(
        "ConfigMap", {"apiVersion": "v1", "metadata": {"name": "child"}, "data": {"a": "theirs"}}
    )
    with pytest.raises(NameConflictError, match="ConfigMap child exists and was not made by Parley"):
        await world.applier.apply(world.manifest("child", a="1"), world.owner)
    assert await world.namespace.get("ConfigMap", "child") == before


async def test_an_object_of_another_controller_is_a_name_conflict(world: World) -> None:
    body = deployment(world)
    body["metadata"] = {"name": "web"}
    uid = (await world.namespace.create("Deployment", body))["metadata"]["uid"]
    other = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": uid, "controller": True}
    metadata = {"name": "child", "ownerReferences": [other]}
    await world.namespace.create("ConfigMap", {"apiVersion": "v1", "metadata": metadata})
    with pytest.raises(NameConflictError, match="belongs to Deployment web"):
        await world.applier.apply(world.manifest("child", a="1"), world.owner)


async def test_a_child_of_a_deleted_resource_of_the_same_name_is_waited_for(world: World) -> None:
    manifest = world.manifest("child", a="1")
    await world.applier.apply(manifest, world.owner)
    successor = Owner(world.owner.kind, world.owner.name, "another-uid")
    with pytest.raises(PredecessorError, match="waiting until ConfigMap child"):
        await world.applier.apply(manifest, successor)


async def test_our_object_without_our_label_is_recognised_and_labelled_again(world: World) -> None:
    await world.applier.apply(world.manifest("child", a="1"), world.owner)
    edited = await world.namespace.patch("ConfigMap", "child", {"metadata": {"labels": None}})
    world.inventory.forget({"apiVersion": "v1", "kind": "ConfigMap", **edited})
    assert await world.applier.apply(world.manifest("child", a="1"), world.owner) == "updated"
    assert (await world.namespace.get("ConfigMap", "child"))["metadata"]["labels"] == {LABEL: "owner"}
    assert await world.applier.apply(world.manifest("child", a="1"), world.owner) == "unchanged"


async def test_somebody_s_object_that_has_no_field_of_ours_is_not_taken_over_either(world: World) -> None:
    """Nothing of it is in the way, so that an apply without force would add itself to it."""
    body = {"apiVersion": "v1", "metadata": {"name": "child"}, "data": {"theirs": "x"}}
    before = await world.namespace.create("ConfigMap", body)
    with pytest.raises(NameConflictError):
        await world.applier.apply(world.manifest("child", a="1"), world.owner)
    assert await world.namespace.get("ConfigMap", "child") == before


async def test_an_object_of_ours_that_nobody_told_of_is_taken_for_what_it_is(world: World) -> None:
    manifest = world.manifest("child", a="1")
    await world.applier.apply(manifest, world.owner)
    successor = World(world.namespace, {"metadata": {"name": world.owner.name, "uid": world.owner.uid}})
    assert await successor.applier.apply(world.manifest("child", b="2"), world.owner) == "updated"
    assert (await world.namespace.get("ConfigMap", "child"))["data"] == {"b": "2"}


async def test_what_was_made_up_just_now_is_not_written_over_what_is_there(world: World) -> None:
    """Whether nobody has told of it yet, or only since it was made up."""
    await world.applier.apply(world.manifest("child", a="kept"), world.owner)
    successor = World(world.namespace, {"metadata": {"name": world.owner.name, "uid": world.owner.uid}})
    for _ in ("not known", "known by now"):
        with pytest.raises(OverlookedError, match="ConfigMap child was there already"):
            await successor.applier.apply(world.manifest("child", a="new"), world.owner, is_new=True)
    assert (await world.namespace.get("ConfigMap", "child"))["data"] == {"a": "kept"}


async def test_an_object_that_went_unseen_is_made_again_at_the_second_attempt(world: World) -> None:
    await world.applier.apply(world.manifest("child", a="1"), world.owner)
    await world.namespace.delete("ConfigMap", "child")
    with pytest.raises(ConflictError):
        await world.applier.apply(world.manifest("child", a="2"), world.owner)
    assert await world.applier.apply(world.manifest("child", a="2"), world.owner) == "created"


async def test_the_fields_of_a_created_object_are_applied_ones(world: World) -> None:
    """So that one which is no longer said goes, whoever else wrote to the object meanwhile."""
    await world.applier.apply(deployment(world), world.owner)
    made = await world.namespace.get("Deployment", "web")
    [entry] = [one for one in made["metadata"]["managedFields"] if one["manager"] == "parley"]
    assert entry["operation"] == "Apply"
    assert "f:replicas" not in entry["fieldsV1"]["f:spec"]


async def test_a_quantity_that_the_server_rewrites_is_applied_once(world: World) -> None:
    """2048Mi reads back as 2Gi: comparing values would apply it for ever."""
    manifest = deployment(world)
    assert await world.applier.apply(manifest, world.owner) == "created"
    assert await world.applier.apply(manifest, world.owner) == "unchanged"
    live = await world.namespace.get("Deployment", "web")
    world.inventory.observe({"apiVersion": "apps/v1", "kind": "Deployment", **live})
    assert await world.applier.apply(manifest, world.owner) == "unchanged"


async def test_replicas_have_a_manager_of_their_own_and_survive_every_apply(world: World) -> None:
    await world.applier.apply(deployment(world), world.owner)
    ref = Ref("apps/v1", "Deployment", world.namespace.name, "web")
    live = world.inventory.get(ref)
    assert live is not None
    await world.applier.scale(ref, uid=live.uid, replicas=7)
    await world.applier.apply(deployment(world, image="b"), world.owner)
    assert (await world.namespace.get("Deployment", "web"))["spec"]["replicas"] == 7


def deployment(world: World, image: str = "a") -> Json:
    labels = {"app": "web"}
    container = {"name": "web", "image": image, "resources": {"requests": {"memory": "2048Mi"}}}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    manifest = world.manifest("web")
    del manifest["data"]
    spec = {"selector": {"matchLabels": labels}, "template": template}
    return {**manifest, "apiVersion": "apps/v1", "kind": "Deployment", "spec": spec}


async def test_a_namespace_that_has_gone_is_told_from_an_object_that_has(world: World) -> None:
    """Both are 404; nothing can be made in the first, and it is nobody's fault."""
    manifest = world.manifest("child", a="1")
    manifest["metadata"]["namespace"] = f"{world.namespace.name}-gone"

    with pytest.raises(NamespaceGoneError, match="not found"):
        await world.applier.apply(manifest, world.owner)
