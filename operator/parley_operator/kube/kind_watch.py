"""A watch of all labelled objects of one kind: listed in pages, then followed, and after a gap listed anew.

No more than a page is in memory: 5,000 Deployments are 50 MB on the wire, and several times that as objects.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Set
from dataclasses import dataclass
from typing import Protocol

from parley_operator.kube.client import Client, Json
from parley_operator.kube.errors import ForbiddenError, GoneError, KubeError

logger = logging.getLogger(__name__)

PAGE = "100"
"""Objects of a listing to ask for at a time: taking them in must not keep the process from renewing its Lease."""
SERVER_TIMEOUT = 600
"""Seconds after which the server ends a watch, so that a dead one cannot live for ever."""
BACKOFF_FIRST, BACKOFF_MAX = 0.5, 5.0
"""Seconds between attempts after errors; each is multiplied by a random factor between 0.5 and 1."""
BACKOFF_REFUSED = 15.0
"""The longest where RBAC refuses: somebody has to give the right back."""

ObjectName = tuple[str, str]
"""Namespace and name; no namespace for what is the cluster's."""


@dataclass(frozen=True)
class Kind:
    """What to watch."""

    kind: str
    api_version: str
    path: str
    """Of the collection, in one namespace or everywhere."""
    namespace: str = ""
    """The namespace of the collection; empty for everywhere."""
    label_selector: str = ""

    @property
    def query(self) -> dict[str, str]:
        """What to ask the API server for."""
        return {"labelSelector": self.label_selector} if self.label_selector else {}


class Sink(Protocol):
    """Who is told."""

    def page(self, items: list[Json]) -> None:
        """Some objects of a listing."""

    def listed(self, kind: str, names: Set[ObjectName], *, version: int, namespace: str) -> None:
        """The listing is over: these are all that there are."""

    def event(self, event: Json) -> None:
        """One object appeared, changed or went."""


class Setbacks:
    """What goes wrong with one watch, time after time: waited out longer each time, and told once."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._delay, self._told = BACKOFF_FIRST, ""

    def over(self) -> None:
        """It works again."""
        self._delay, self._told = BACKOFF_FIRST, ""

    async def wait_out(self, error: KubeError) -> None:
        """Tell of it where it is news, and wait."""
        if isinstance(error, GoneError):
            logger.info("watch expired, listing again", extra={"kind": self._kind})
        elif str(error) != self._told:
            self._told = str(error)
            logger.warning("watch failed", extra={"kind": self._kind, "error": self._told})
        await asyncio.sleep(self._delay * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
        longest = BACKOFF_REFUSED if isinstance(error, ForbiddenError) else BACKOFF_MAX
        self._delay = min(self._delay * 2, longest)


class KindWatch:
    """All objects of one kind."""

    def __init__(
        self, client: Client, watched: Kind, sink: Sink, *, turns: asyncio.Semaphore | None = None
    ) -> None:
        """`turns` is shared by watches whose listings are not to come all at once."""
        self._client, self._watched, self._sink = client, watched, sink
        self._turns = turns or asyncio.Semaphore()
        self._setbacks = Setbacks(watched.kind)

    async def run(self) -> None:
        """Watch for ever."""
        while True:
            try:
                await self._follow(await self._list())
            except KubeError as error:
                await self._failed(error)

    async def _failed(self, error: KubeError) -> None:
        await self._setbacks.wait_out(error)

    async def _list(self) -> str:
        """List all pages; returns the resource version to follow from."""
        watched, names, more = self._watched, set[ObjectName](), ""
        shared = {"apiVersion": watched.api_version, "kind": watched.kind}
        while True:
            query = {**watched.query, "limit": PAGE, **({"continue": more} if more else {})}
            async with self._turns:
                answer = await self._client.list(watched.path, query)
                items = [{**shared, **item} for item in answer["items"] or ()]  # null where there are none
                names |= {(item["metadata"].get("namespace", ""), item["metadata"]["name"]) for item in items}
                self._sink.page(items)
            more = answer["metadata"].get("continue") or ""
            if not more:
                break
        version = str(answer["metadata"]["resourceVersion"])
        self._sink.listed(watched.kind, names, version=int(version), namespace=watched.namespace)
        self._setbacks.over()
        return version

    async def _follow(self, version: str) -> None:
        """Watch from a resource version on, again and again, until one attempt fails."""
        while True:
            query = {**self._watched.query, "resourceVersion": version, "timeoutSeconds": str(SERVER_TIMEOUT)}
            async with contextlib.aclosing(self._client.watch(self._watched.path, query)) as events:
                async for event in events:
                    version = event["object"]["metadata"]["resourceVersion"]
                    if event["type"] != "BOOKMARK":
                        self._sink.event(event)
