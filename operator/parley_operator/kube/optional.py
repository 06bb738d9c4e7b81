"""A watch of a kind that the cluster may not serve: its CRD may be absent, come later, or go.

Where it is absent nothing is asked until the CRD is heard of, or until a while has passed: an operator of one
namespace does not hear of CRDs. What may not be read counts as absent too, but not what could be read before: a
right that is taken away says nothing of the objects, and nothing is to be changed for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from parley_operator.kube.client import Client
from parley_operator.kube.errors import ForbiddenError, KubeError, NotFoundError
from parley_operator.kube.kind_watch import Kind, KindWatch, Sink

logger = logging.getLogger(__name__)

RECHECK_REFUSED = 60.0
"""Seconds after which to look again, at the latest, for a kind that may not be read."""
SETTLING = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds to wait before looking again for a kind whose CRD has just changed: its storage is made after it."""


@dataclass(frozen=True, kw_only=True)
class OptionalKind(Kind):
    """What to watch."""

    definition: str
    """The name of its CustomResourceDefinition."""


class OptionalSink(Sink, Protocol):
    """Who is told."""

    def absent(self, kind: str, *, namespace: str) -> None:
        """The kind is not served, or may not be read. Told again and again."""


class OptionalWatch(KindWatch):
    """All objects of one kind, for as long as it is served."""

    def __init__(self, client: Client, watched: OptionalKind, sink: OptionalSink, *, recheck: float) -> None:
        """`recheck` is the seconds after which to look again for a kind that is absent."""
        super().__init__(client, watched, sink)
        self._definition, self._absence, self._recheck = watched.definition, sink, recheck
        self._news = asyncio.Event()
        self._settling: list[float] = []
        self._refused = self._is_served = False

    @property
    def definition(self) -> str:
        """The CRD whose changes matter here."""
        return self._definition

    def look_again(self) -> None:
        """The CRD was made, changed or removed."""
        self._news.set()

    async def _list(self) -> str:
        self._news.clear()
        version = await super()._list()
        self._settling, self._refused, self._is_served = [], False, True
        return version

    async def _failed(self, error: KubeError) -> None:
        refused = isinstance(error, ForbiddenError)
        if not isinstance(error, (NotFoundError, ForbiddenError)) or (refused and self._is_served):
            await super()._failed(error)
            return
        if refused and not self._refused:
            logger.warning("kind may not be read", extra={"kind": self._watched.kind, "error": str(error)})
        self._refused, self._is_served = refused, False
        self._absence.absent(self._watched.kind, namespace=self._watched.namespace)
        await self._until_news()

    async def _until_news(self) -> None:
        recheck = min(self._recheck, RECHECK_REFUSED) if self._refused else self._recheck
        delay = self._settling.pop(0) if self._settling else recheck
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(delay * random.uniform(0.8, 1.2)):  # noqa: S311 - jitter
                await self._news.wait()
                self._settling = list(SETTLING)


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
