"""The operator's life within a test's process: it looks once, reconciles, and may die after any request.

What it knows is frozen at its birth, as if no watch brought news: so the same life makes the same requests, and
they can be counted before each of them is made the last one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from parley_operator.api import API_VERSION, KIND
from parley_operator.assembly import Knowledge, reconciler
from parley_operator.gateways import Gateways
from parley_operator.gather import Release
from parley_operator.kube.client import Client
from parley_operator.kube.connection import connect
from parley_operator.kube.inventory import Inventory
from parley_operator.kube.metadata_watch import MetadataWatches, Watched
from parley_operator.kube.references import References
from parley_operator.reconcile import Reconciler, utc_now
from parley_operator.render.apis import GATEWAY, OPTIONAL
from parley_operator.render.labels import CHILD_SELECTOR, NAME
from parley_operator.resources import Resources
from parley_operator.views import VIEWS, WATCHED
from tests.operator.cluster import Json, Namespace

RELEASE = Release(version="0.1", image_repository="parley/gateway")
UNLABELLED = "app.kubernetes.io/managed-by!=parley"


def soon() -> datetime:
    """A minute from now: nothing waits any more for the end of a burst of edits."""
    return utc_now() + timedelta(minutes=1)


class Killed(BaseException):
    """The process is gone: nothing of it runs any more, no `except Exception` either."""


Death = Callable[[list[str]], bool]
"""Whether the last of these requests is the last of all."""


class MortalClient(Client):
    """Ends the process after its last request was answered, instead of taking the answer."""

    def __init__(self, session: aiohttp.ClientSession, server: str, *, dies: Death) -> None:
        super().__init__(session, server)
        self._dies = dies
        self.requests: list[str] = []

    @property
    def applied(self) -> list[str]:
        """Requests that made or changed something; that an object is deleted only a watch would tell."""
        return [request for request in self.requests if not request.startswith(("GET", "DELETE"))]

    @asynccontextmanager
    async def _open(self, method: str, path: str, **how: Any) -> AsyncIterator[aiohttp.ClientResponse]:
        """Whatever is asked passes here."""
        self.requests.append(f"{method} {path}")
        dies = self._dies(self.requests)
        try:
            async with super()._open(method, path, **how) as response:
                if not dies:
                    yield response
        finally:
            if dies:
                raise Killed


@dataclass(frozen=True)
class Rights:
    """A way to the API server with somebody's rights, which many lives may share."""

    session: aiohttp.ClientSession
    server: str
    apis: frozenset[str] = frozenset()
    """The optional kinds that are served there."""


@asynccontextmanager
async def rights_of(kubeconfig: Path, *, apis: frozenset[str] = frozenset()) -> AsyncIterator[Rights]:
    """Those that a kubeconfig has."""
    connection = await connect(str(kubeconfig))
    async with connection.open_session() as session:
        yield Rights(session, connection.server, apis)


@dataclass(frozen=True)
class Life:
    """A process that has just seen everything."""

    namespace: str
    client: MortalClient
    reconciler: Reconciler

    async def reconcile(self, name: str) -> float | None:
        """Bring one resource to what its spec says; `Killed` where that was its death."""
        return await self.reconciler.reconcile((self.namespace, name))


async def born(
    namespace: Namespace,
    rights: Rights,
    *,
    dies: Death = lambda _: False,
    has_heard: bool = True,
    release: Release = RELEASE,
    clock: Callable[[], datetime] = soon,
) -> Life:
    """A process with these rights, which sees one namespace; of children only where it `has_heard` of them."""
    client = MortalClient(rights.session, rights.server, dies=dies)
    made = reconciler(
        client,
        await _look(namespace, rights.apis, children=has_heard),
        release=release,
        identity="test",
        clock=clock,
    )
    return Life(namespace.name, client, made)


async def settle(
    namespace: Namespace,
    rights: Rights,
    name: str,
    *,
    release: Release = RELEASE,
    clock: Callable[[], datetime] = soon,
) -> None:
    """Let a process reconcile until it finds that there is nothing to do."""
    life = await born(namespace, rights, release=release, clock=clock)
    for _ in range(5):
        before = len(life.client.applied)
        await life.reconcile(name)
        if len(life.client.applied) == before:
            return
    raise AssertionError(f"{name} in {namespace.name} never comes to rest: {life.client.applied}")


async def _look(namespace: Namespace, apis: frozenset[str], *, children: bool) -> Knowledge:
    inventory, resources = Inventory(label=NAME, views=VIEWS), Resources()
    kinds = {**WATCHED, **{kind: OPTIONAL[kind] for kind in apis}}
    for kind, (group, version, plural) in kinds.items() if children else ():
        api_version = f"{group}/{version}" if group else version
        for item in await _listed(namespace, api_version, kind, plural, selector=CHILD_SELECTOR):
            inventory.observe(item)
    items = await _listed(namespace, API_VERSION, KIND, "voicedeployments")
    resources.relist(items, namespace=namespace.name)
    return Knowledge(
        resources=resources,
        inventory=inventory,
        watches=await _theirs(namespace),
        wakes=References(),
        gateways=await _gateways(namespace, apis),
        apis=lambda: apis,
    )


async def _gateways(namespace: Namespace, apis: frozenset[str]) -> Gateways:
    found = Gateways(namespaces=[namespace.name], wake=lambda key: None)
    if "HTTPRoute" in apis:
        items = await _listed(namespace, GATEWAY.api_version, "Gateway", GATEWAY.plural)
        found.page(items)
        names = {(namespace.name, item["metadata"]["name"]) for item in items}
        found.listed("Gateway", names, version=0, namespace=namespace.name)
    return found


async def _listed(
    namespace: Namespace, api_version: str, kind: str, plural: str, *, selector: str = ""
) -> list[Json]:
    root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
    query = {"labelSelector": selector} if selector else {}
    answer = await namespace.client.list(f"{root}/namespaces/{namespace.name}/{plural}", query)
    shared = {"apiVersion": api_version, "kind": kind}
    return [{**shared, **item} for item in answer["items"] or ()]


async def _theirs(namespace: Namespace) -> MetadataWatches:
    """The users' Secrets and ConfigMaps as they are now."""
    scope = f"/api/v1/namespaces/{namespace.name}"
    kinds = [
        Watched("Secret", f"{scope}/secrets", UNLABELLED),
        Watched("ConfigMap", f"{scope}/configmaps", UNLABELLED),
    ]
    watches = MetadataWatches(namespace.client, kinds, lambda kind, name: None)
    task = asyncio.create_task(watches.run())
    await watches.listed()
    task.cancel()
    await asyncio.wait({task})
    return watches
