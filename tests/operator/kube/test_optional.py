"""O2: a kind whose CRD comes, goes and comes again while the operator runs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Set
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from localcluster import ControlPlane
from parley_operator.kube.client import Client
from parley_operator.kube.errors import NotFoundError
from parley_operator.kube.metadata_watch import MetadataWatches, Watched
from parley_operator.kube.optional import OptionalKind, OptionalWatch, OptionalWatches
from tests.operator.cluster import Json, Namespace, open_namespace
from tests.operator.fault_proxy import Refuse, fault_proxy

pytestmark = pytest.mark.controlplane

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
NEVER = 3600.0


class Told:
    """What a watch said, and a way to wait for it."""

    def __init__(self) -> None:
        self.log: list[tuple[str, list[str]]] = []
        self._changed = asyncio.Event()

    def page(self, items: list[Json]) -> None:
        assert all(item["kind"] == "Widget" for item in items)

    def listed(self, kind: str, names: Set[tuple[str, str]], *, version: int, namespace: str) -> None:
        assert version > 0
        self._say("listed", sorted(name for _, name in names))

    def event(self, event: Json) -> None:
        self._say(event["type"], [event["object"]["metadata"]["name"]])

    def absent(self, kind: str, *, namespace: str) -> None:
        if self.log[-1:] != [("absent", [])]:
            self._say("absent", [])

    def _say(self, what: str, names: list[str]) -> None:
        self.log.append((what, names))
        self._changed.set()

    async def until(self, check: Callable[[list[tuple[str, list[str]]]], bool]) -> None:
        async with asyncio.timeout(30):
            while not check(self.log):
                self._changed.clear()
                await self._changed.wait()


def definition(group: str) -> Json:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }


class Widgets:
    """A kind of this test's own."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace, self.namespace = namespace, namespace.name
        self.group = f"{namespace.name}.example.com"
        self.path = f"/apis/{self.group}/v1/namespaces/{namespace.name}/widgets"

    async def install(self) -> None:
        await self._namespace.client.create(DEFINITIONS, definition(self.group), field_manager="test")

    async def remove(self) -> None:
        with contextlib.suppress(NotFoundError):
            path = f"{DEFINITIONS}/widgets.{self.group}"
            uid = (await self._namespace.client.get(path))["metadata"]["uid"]
            await self._namespace.client.delete(path, uid=uid)

    async def make(self, name: str) -> None:
        body: dict[str, Any] = {
            "apiVersion": f"{self.group}/v1",
            "kind": "Widget",
            "metadata": {"name": name, "labels": {"ours": "yes"}},
        }
        await self._namespace.client.create(self.path, body, field_manager="test")


@pytest.fixture
async def widgets(namespace: Namespace) -> AsyncIterator[Widgets]:
    made = Widgets(namespace)
    yield made
    await made.remove()


@asynccontextmanager
async def watching(
    client: Client, widgets: Widgets, told: Told, *, crds: bool, recheck: float
) -> AsyncIterator[None]:
    kind = OptionalKind(
        kind="Widget",
        api_version=f"{widgets.group}/v1",
        path=widgets.path,
        definition=f"widgets.{widgets.group}",
        namespace=widgets.namespace,
        label_selector="ours=yes",
    )
    watches = OptionalWatches([OptionalWatch(client, kind, told, recheck=recheck)])
    watched = [Watched("CustomResourceDefinition", DEFINITIONS, "")] if crds else []
    definitions = MetadataWatches(client, watched, lambda _, name: watches.definition_changed(name[1]))
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(watches.run()), group.create_task(definitions.run())]
        yield
        for task in tasks:
            task.cancel()


async def test_o02_a_kind_is_noticed_when_its_definition_comes_and_goes(
    namespace: Namespace, widgets: Widgets
) -> None:
    told = Told()
    async with watching(namespace.client, widgets, told, crds=True, recheck=NEVER):
        await told.until(lambda log: log == [("absent", [])])
        await widgets.install()
        await told.until(lambda log: log[-1] == ("listed", []))
        await widgets.make("one")
        await told.until(lambda log: log[-1] == ("ADDED", ["one"]))
        await widgets.remove()
        await told.until(lambda log: log[-1] == ("absent", []))
        await widgets.install()
        await told.until(lambda log: log[-1] == ("listed", []))


async def test_o02_without_news_of_definitions_a_kind_is_looked_for_now_and_then(
    namespace: Namespace, widgets: Widgets
) -> None:
    told = Told()
    async with watching(namespace.client, widgets, told, crds=False, recheck=0.1):
        await told.until(lambda log: log == [("absent", [])])
        await widgets.install()
        await told.until(lambda log: log[-1] == ("listed", []))


async def test_o10_what_may_not_be_read_any_more_is_not_taken_for_absent(
    plane: ControlPlane, namespace: Namespace, widgets: Widgets, tmp_path: Path
) -> None:
    """A right that is taken away must not take middlewares from an Ingress, or routes from a resource."""
    await widgets.install()
    told = Told()
    async with fault_proxy(plane.kubeconfig, tmp_path) as (proxy, kubeconfig):
        refused = asyncio.Event()

        def refuse(method: str, path: str) -> Refuse | None:
            if path != widgets.path:
                return None
            refused.set()
            return Refuse(403, "Forbidden")

        async with (
            open_namespace(str(kubeconfig), namespace.name) as behind,
            watching(behind.client, widgets, told, crds=True, recheck=NEVER),
        ):
            await told.until(lambda log: log[-1:] == [("listed", [])])
            await widgets.make("one")
            await told.until(lambda log: log[-1:] == [("ADDED", ["one"])])
            proxy.plan = refuse
            await proxy.end_watches("expire")
            async with asyncio.timeout(30):
                await refused.wait()
            await widgets.make("two")
            proxy.plan = lambda method, path: None
            await told.until(lambda log: log[-1] == ("listed", ["one", "two"]))
    assert told.log.index(("listed", ["one", "two"])) == told.log.index(("ADDED", ["one"])) + 1
