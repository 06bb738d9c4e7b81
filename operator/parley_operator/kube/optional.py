"""A watch of a kind that the cluster may not serve: its CRD may be absent, come later, or go.

Where it is absent nothing is asked until the CRD is heard of, or until a while has passed: an operator of one
namespace does not hear of CRDs. What may not be read counts as absent too.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from parley_operator.kube.client import Client, Json
from parley_operator.kube.errors import ForbiddenError, GoneError, KubeError, NotFoundError

logger = logging.getLogger(__name__)

SERVER_TIMEOUT = 600
"""Seconds after which the server ends a watch, so that a dead one cannot live for ever."""
SETTLING = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds to wait before looking again for a kind whose CRD has just changed: its storage is made after it."""
BACKOFF_FIRST, BACKOFF_MAX = 0.5, 30.0
"""Seconds between attempts after errors; each is multiplied by a random factor between 0.5 and 1."""


@dataclass(frozen=True)
class OptionalKind:
    """What to watch."""

    kind: str
    api_version: str
    path: str
    """Of the collection, in one namespace or everywhere."""
    definition: str
    """The name of its CustomResourceDefinition."""
    namespace: str = ""
    """The namespace of the collection; empty for everywhere."""
    label_selector: str = ""


class Sink(Protocol):
    """Who is told."""

    def listing(self, kind: str, items: list[Json], *, version: int, namespace: str) -> None:
        """All objects there are: the kind is served."""

    def event(self, event: Json) -> None:
        """One object appeared, changed or went."""

    def absent(self, kind: str, *, namespace: str) -> None:
        """The kind is not served, or may not be read. Told again and again."""


class OptionalWatch:
    """All objects of one kind, for as long as it is served."""

    def __init__(self, client: Client, watched: OptionalKind, sink: Sink, *, recheck: float) -> None:
        """`recheck` is the seconds after which to look again for a kind that is absent."""
        self._client, self._watched, self._sink, self._recheck = client, watched, sink, recheck
        self._news = asyncio.Event()
        self._settling: list[float] = []
        self._refused = False

    @property
    def definition(self) -> str:
        """The CRD whose changes matter here."""
        return self._watched.definition

    def look_again(self) -> None:
        """The CRD was made, changed or removed."""
        self._news.set()

    async def run(self) -> None:
        """Watch for ever."""
        delay = BACKOFF_FIRST
        while True:
            self._news.clear()
            try:
                version = await self._list()
                delay = BACKOFF_FIRST
                await self._follow(version)
            except (NotFoundError, ForbiddenError) as error:
                self._absent(error)
                await self._until_news()
            except GoneError:
                logger.info("watch expired, listing again", extra={"kind": self._watched.kind})
            except KubeError as error:
                logger.warning("watch failed", extra={"kind": self._watched.kind, "error": str(error)})
                await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
                delay = min(delay * 2, BACKOFF_MAX)

    def _absent(self, error: KubeError) -> None:
        refused = isinstance(error, ForbiddenError)
        if refused and not self._refused:
            logger.warning("kind may not be read", extra={"kind": self._watched.kind, "error": str(error)})
        self._refused = refused
        self._sink.absent(self._watched.kind, namespace=self._watched.namespace)

    async def _until_news(self) -> None:
        delay = self._settling.pop(0) if self._settling else self._recheck
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(delay * random.uniform(0.8, 1.2)):  # noqa: S311 - jitter
                await self._news.wait()
                self._settling = list(SETTLING)

    async def _list(self) -> str:
        watched = self._watched
        answer = await self._client.list(watched.path, self._query())
        shared = {"apiVersion": watched.api_version, "kind": watched.kind}
        items = [{**shared, **item} for item in answer["items"] or ()]
        version = str(answer["metadata"]["resourceVersion"])
        self._settling, self._refused = [], False
        self._sink.listing(watched.kind, items, version=int(version), namespace=watched.namespace)
        return version

    async def _follow(self, version: str) -> None:
        """Watch from a resource version on, again and again, until one attempt fails."""
        while True:
            query = {**self._query(), "resourceVersion": version, "timeoutSeconds": str(SERVER_TIMEOUT)}
            async with contextlib.aclosing(self._client.watch(self._watched.path, query)) as events:
                async for event in events:
                    version = event["object"]["metadata"]["resourceVersion"]
                    if event["type"] != "BOOKMARK":
                        self._sink.event(event)

    def _query(self) -> dict[str, str]:
        return {"labelSelector": self._watched.label_selector} if self._watched.label_selector else {}


class OptionalWatches:
    """All of them as one."""

    def __init__(self, watches: Iterable[OptionalWatch]) -> None:
        self._watches = list(watches)

    def definition_changed(self, name: str) -> None:
        """News of a CustomResourceDefinition."""
        for watch in self._watches:
            if watch.definition == name:
                watch.look_again()

    async def run(self) -> None:
        """Watch for ever."""
        async with asyncio.TaskGroup() as group:
            for watch in self._watches:
                group.create_task(watch.run())
