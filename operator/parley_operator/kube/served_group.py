"""Whether the API server serves an API group that a server beside it brings, and that may come and go.

Such a group is registered by an APIService. Once one was made or removed, the API server takes a moment to know;
and whoever sees no APIServices (an operator of some namespaces) asks now and then. A server that is only out of
order keeps its registration: its group still counts as served.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable

from parley_operator.kube.client import Client
from parley_operator.kube.errors import ForbiddenError, KubeError, NotFoundError
from parley_operator.kube.kind_watch import BACKOFF_MAX
from parley_operator.kube.optional import SETTLING

logger = logging.getLogger(__name__)

API_SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"
REGISTERED_BY_OTHERS = "!kube-aggregator.kubernetes.io/automanaged"
"""Selects the APIServices that the API server has not made itself for what it serves."""


async def is_served(client: Client, group: str) -> bool:
    """Whether any version of a group is registered. What may not be read counts as absent."""
    try:
        await client.get(f"/apis/{group}")
    except (NotFoundError, ForbiddenError):
        return False
    return True


class ServedGroup:
    """One group, asked for when there is news of it."""

    def __init__(self, client: Client, group: str, *, recheck: float, changed: Callable[[], None]) -> None:
        """`recheck` is the seconds after which to ask without news; `changed` is called with each new answer."""
        self._client, self._group, self._recheck, self._changed = client, group, recheck, changed
        self._news = asyncio.Event()
        self._settling: list[float] = []
        self.served = False
        self.known = asyncio.Event()
        """Set once the API server has answered."""

    def look_again(self, api_service: str) -> None:
        """An APIService was made, changed or removed; its name is version.group."""
        if api_service.partition(".")[2] == self._group:
            self._settling = list(SETTLING)
            self._news.set()

    async def run(self) -> None:
        """Ask for ever."""
        while True:
            self._news.clear()
            try:
                self._take(await is_served(self._client, self._group))
            except KubeError as error:
                logger.warning("group not known", extra={"group": self._group, "error": str(error)})
                self._settling = self._settling or [BACKOFF_MAX]
            delay = self._settling.pop(0) if self._settling else self._recheck
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay * random.uniform(0.8, 1.2)):  # noqa: S311 - jitter
                    await self._news.wait()

    def _take(self, served: bool) -> None:
        was, self.served = self.served, served
        if was != served or not self.known.is_set():
            logger.info("API group", extra={"group": self._group, "served": served})
            self.known.set()
            self._changed()
