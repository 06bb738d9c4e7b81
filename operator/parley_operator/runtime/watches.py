"""What watches say, turned into news for the inventory and keys for the queue.

kopf watches the resources (`resource_watch`); their children are watched by `kube.kind_watch`, which needs a
quarter of the time for an event, keeps no task for each object, and lists in pages.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Set

from parley_operator.api import KIND
from parley_operator.kube.client import Json
from parley_operator.kube.inventory import Inventory, Key
from parley_operator.kube.kind_watch import ObjectName
from parley_operator.render.apis import OPTIONAL
from parley_operator.resources import Resources, key_of
from parley_operator.views import WATCHED

logger = logging.getLogger(__name__)

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
        look_again: Callable[[Key], None],
        on_event: Callable[[str], None],
    ) -> None:
        """`namespaces` is empty for the whole cluster; `on_event` is told the kind of every event.

        `wake` gets keys of which there is news, and `look_again` those where something may have been missed.
        """
        self._inventory, self._resources = inventory, resources
        self._wake, self._look_again, self._on_event = wake, look_again, on_event
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
            changed = (self._resources.forget if event["type"] == "DELETED" else self._resources.observe)(body)
            if event["type"] is None:
                self._begin_with(changed)
            else:
                self._wake_all(changed)
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
        changed = self._resources.relist(items, namespace=namespace)
        self._begin_with(changed | {key_of(item) for item in items})
        self._heard_of(KIND, namespace, objects=len(items))

    def look_at_all(self) -> None:
        """Something has changed that may matter to any resource."""
        for key in self._resources:
            self._look_again(key)

    def without_resources(self) -> None:
        """Their definition is missing, and so none of them is there; nothing counts as seen for it."""
        self._wake_all(self._resources.relist(()))

    def absent(self, kind: str, *, namespace: str) -> None:
        """An optional kind is not served, so that none of its objects are there any more."""
        self._inventory.retain(kind, frozenset(), version=EVERYTHING, namespace=namespace)
        was_served = (kind, namespace) in self._served
        self._served.discard((kind, namespace))
        self._tick_off(kind, namespace)
        if was_served:
            logger.info("no longer served", extra={"kind": kind, "namespace": namespace})
            self.look_at_all()

    def _heard_of(self, kind: str, namespace: str, *, objects: int) -> None:
        self._tick_off(kind, namespace)
        logger.info("listed", extra={"kind": kind, "objects": objects, "namespace": namespace})
        self.look_at_all()

    def _tick_off(self, kind: str, namespace: str) -> None:
        self._unlisted.discard((kind, namespace))
        if not self._unlisted:
            self.complete.set()

    def _wake_owner(self, child: Key) -> None:
        owner = self._resources.owner_of(child)
        if owner is not None:
            self._wake(owner)

    def _begin_with(self, listed: set[Key]) -> None:
        """Of what a listing brings, that which was asked for and not done yet comes first."""
        self._wake_all({key for key in listed if not self._resources.is_observed(key)})

    def _wake_all(self, keys: set[Key]) -> None:
        for key in keys:
            self._wake(key)
