"""What watches say, turned into news for the inventory and keys for the queue.

kopf watches the resources; their children are watched by `kube.kind_watch`, which needs a quarter of the time for
an event, keeps no task for each object, and lists in pages.

kopf tells handlers of events, not that a watch began anew; but what was deleted in a gap makes no event. All its
requests pass through `Listings.middleware`, which sees each listing: what is not in it is gone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Set
from typing import Any

import aiohttp
import kopf

from parley_operator.api import GROUP, KIND, PLURAL, VERSION
from parley_operator.kube.client import Json
from parley_operator.kube.connection import Handler
from parley_operator.kube.inventory import Inventory, Key
from parley_operator.kube.kind_watch import ObjectName
from parley_operator.render.apis import OPTIONAL
from parley_operator.resources import Resources
from parley_operator.views import WATCHED

logger = logging.getLogger(__name__)

_COLLECTION = f"/apis/{GROUP}/{VERSION}/{PLURAL}"
EVERYTHING = 2**63
"""A resource version later than any."""


class News:
    """What watches and listings say, kept and turned into keys to reconcile."""

    def __init__(
        self,
        inventory: Inventory,
        resources: Resources,
        *,
        namespaces: Collection[str],
        wake: Callable[[Key], None],
        on_event: Callable[[str], None],
    ) -> None:
        """`namespaces` is empty for the whole cluster; `on_event` is told the kind of every event."""
        self._inventory, self._resources = inventory, resources
        self._wake, self._on_event = wake, on_event
        kinds = (KIND, *WATCHED, *OPTIONAL)
        self._unlisted = {(kind, namespace) for kind in kinds for namespace in namespaces or ("",)}
        self._served: set[tuple[str, str]] = set()
        self.complete = asyncio.Event()
        """Set once everything has been listed, so that what is not known does not exist."""

    @property
    def apis(self) -> frozenset[str]:
        """The optional kinds that are served."""
        return frozenset(kind for kind, _ in self._served)

    def event(self, event: Json) -> None:
        """An event of a watch, or an object of a listing (type None)."""
        body = event["object"]
        self._on_event(body["kind"])
        if body["kind"] == KIND:
            changed = self._resources.forget if event["type"] == "DELETED" else self._resources.observe
            self._wake_all(changed(body))
            return
        live = self._inventory.forget(body) if event["type"] == "DELETED" else self._inventory.observe(body)
        if live is not None:
            self._wake_owner(live.key)

    def page(self, items: list[Json]) -> None:
        """Some children of a listing. Nobody is woken before it is over."""
        for item in items:
            self._inventory.observe(item)

    def listed(self, kind: str, names: Set[ObjectName], *, version: int, namespace: str) -> None:
        """These are all children of a kind, in a namespace or everywhere. Every resource is looked at again."""
        self._inventory.retain(kind, names, version=version, namespace=namespace)
        if kind in OPTIONAL:
            self._served.add((kind, namespace))
        self._heard_of(kind, namespace, objects=len(names))

    def resources(self, items: list[Json], *, namespace: str) -> None:
        """All resources, in a namespace or everywhere."""
        self._resources.relist(items, namespace=namespace)
        self._heard_of(KIND, namespace, objects=len(items))

    def absent(self, kind: str, *, namespace: str) -> None:
        """An optional kind is not served, so that none of its objects are there any more."""
        self._inventory.retain(kind, frozenset(), version=EVERYTHING, namespace=namespace)
        was_served = (kind, namespace) in self._served
        self._served.discard((kind, namespace))
        self._tick_off(kind, namespace)
        if was_served:
            logger.info("no longer served", extra={"kind": kind, "namespace": namespace})
            self._wake_all(set(self._resources))

    def _heard_of(self, kind: str, namespace: str, *, objects: int) -> None:
        self._tick_off(kind, namespace)
        logger.info("listed", extra={"kind": kind, "objects": objects, "namespace": namespace})
        self._wake_all(set(self._resources))

    def _tick_off(self, kind: str, namespace: str) -> None:
        self._unlisted.discard((kind, namespace))
        if not self._unlisted:
            self.complete.set()

    def _wake_owner(self, child: Key) -> None:
        owner = self._resources.owner_of(child)
        if owner is not None:
            self._wake(owner)

    def _wake_all(self, keys: set[Key]) -> None:
        for key in keys:
            self._wake(key)


class Listings:
    """Sees the listings among kopf's requests."""

    def __init__(self, news: News) -> None:
        self._news = news
        self._pages: dict[str, list[Json]] = {}
        """What came so far of the listing of a scope."""

    async def middleware(self, request: aiohttp.ClientRequest, handler: Handler) -> aiohttp.ClientResponse:
        """Pass a request on; the body of a listing stays readable for kopf, which comes after."""
        response = await handler(request)
        if request.method == "GET" and response.status == 200 and "watch" not in request.url.query:
            collection, namespace = _collection(request.url.path)
            if collection == _COLLECTION:
                body = await response.json()
                shared = {"apiVersion": body["apiVersion"], "kind": KIND}
                items = [{**shared, **item} for item in body["items"] or ()]
                self._take(items, body["metadata"], first="continue" not in request.url.query, namespace=namespace)
        return response

    def _take(self, items: list[Json], metadata: Json, *, first: bool, namespace: str) -> None:
        """A page of a listing, which is over with the last."""
        pages = self._pages[namespace] = [] if first else self._pages.get(namespace, [])
        pages += items
        if not metadata.get("continue"):
            self._news.resources(self._pages.pop(namespace), namespace=namespace)


def register(registry: kopf.OperatorRegistry, news: News, *, login: Callable[..., object]) -> None:
    """Tell kopf what to watch, and how to log in."""

    async def on_event(event: Any, **_: Any) -> None:
        news.event({"type": event["type"], "object": event["object"]})

    kopf.on.login(registry=registry, id="login")(login)
    kopf.on.event(GROUP, VERSION, PLURAL, registry=registry, id=f"watch-{PLURAL}")(on_event)


def _collection(path: str) -> tuple[str, str]:
    """A collection's path without its namespace, and the namespace."""
    before, found, after = path.partition("/namespaces/")
    if not found or "/" not in after:
        return path, ""
    namespace, _, plural = after.partition("/")
    return f"{before}/{plural}", namespace
