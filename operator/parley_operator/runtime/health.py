"""Whether the operator does its work: what `/healthz` and `/readyz` say, and why.

A probe that is green while a watch is dead is worse than none. Every watch of the process passes through
`WatchHealth.middleware`, kopf's and our own; each is asked for anew within ten minutes even when nothing happens,
so one that was not is dead.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

import aiohttp
from yarl import URL

from parley_operator.kube.connection import Handler
from parley_operator.kube.kind_watch import SERVER_TIMEOUT

WATCH_GRACE = 120.0
"""Seconds more until a watch that was not asked for anew counts as dead."""
NOT_FOUND = 404
STUCK_AFTER = 300.0
"""Seconds one key may wait in line, or a slow one be worked on, before the process counts as stuck."""


@dataclass
class _Watch:
    began: float
    succeeded: bool = False


class WatchHealth:
    """When each watch was last begun."""

    def __init__(
        self,
        *,
        may_go: Collection[tuple[str, str]] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`may_go` are kinds, by API version and plural, that a cluster may cease to serve."""
        self._may_go, self._clock = may_go, clock
        self._watches: dict[str, _Watch] = {}
        self.last_event = clock()
        """When any watch last said something."""

    async def middleware(self, request: aiohttp.ClientRequest, handler: Handler) -> aiohttp.ClientResponse:
        """Note that a watch was begun, and whether the server agreed."""
        name = _name(request.url)
        if request.url.query.get("watch") != "true":
            response = await handler(request)
            if name in self._watches and request.method == "GET" and response.status >= 400:
                self._refused(name, request.url, response.status)
            return response
        watch = self._watches.setdefault(name, _Watch(self._clock()))
        watch.succeeded = False
        response = await handler(request)
        watch.began, watch.succeeded = self._clock(), response.status == 200
        return response

    def _refused(self, name: str, url: URL, status: int) -> None:
        """The listing before a watch was refused: the kind is gone, or may not be read any more."""
        if status == NOT_FOUND and _kind(url) in self._may_go:
            del self._watches[name]
        else:
            self._watches[name].succeeded = False

    def saw_event(self) -> None:
        """A watch said something."""
        self.last_event = self._clock()

    def dead(self) -> list[str]:
        """The paths of watches that should have been begun anew and were not."""
        limit = self._clock() - SERVER_TIMEOUT - WATCH_GRACE
        return sorted(path for path, watch in self._watches.items() if watch.began < limit)

    def broken(self) -> list[str]:
        """The paths of watches whose last attempt did not succeed."""
        return sorted(path for path, watch in self._watches.items() if not watch.succeeded)


def _name(url: URL) -> str:
    """The collection, and which of its objects where not all are watched."""
    selector = url.query.get("labelSelector")
    return f"{url.path}?labelSelector={selector}" if selector else url.path


def _kind(url: URL) -> tuple[str, str]:
    """API version and plural of a collection."""
    _, _, *version, rest = url.path.split("/", maxsplit=4)
    return "/".join(version), rest.rpartition("/")[2]


@dataclass(frozen=True)
class Health:
    """An answer to a probe."""

    ok: bool
    checks: dict[str, object]


class HealthReport:
    """The operator's health, from what its parts say of themselves."""

    def __init__(
        self,
        watches: WatchHealth,
        *,
        is_leader: Callable[[], bool],
        is_synced: Callable[[], bool],
        oldest_wait: Callable[[], float],
        longest_work: Callable[[], float],
        can_lead: Callable[[], bool] = lambda: True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`can_lead` says whether the API server lets this process ask for the Lease."""
        self._watches, self._clock, self._can_lead = watches, clock, can_lead
        self._is_leader, self._is_synced = is_leader, is_synced
        self._oldest_wait, self._longest_work = oldest_wait, longest_work

    def live(self) -> Health:
        """Whether the process should go on; a restart would help where not."""
        dead = self._watches.dead()
        stuck = max(self._oldest_wait(), self._longest_work()) > STUCK_AFTER
        return Health(not dead and not stuck, self._checks(dead_watches=dead))

    def ready(self) -> Health:
        """Whether a leader sees the cluster and works; a standby is ready to take over."""
        broken = self._watches.broken()
        works = self._is_synced() and not broken if self._is_leader() else self._can_lead()
        return Health(works, self._checks(broken_watches=broken, lease_reachable=self._can_lead()))

    def _checks(self, **more: object) -> dict[str, object]:
        return {
            "leader": self._is_leader(),
            "synced": self._is_synced(),
            "queue_oldest_seconds": round(self._oldest_wait(), 3),
            "work_longest_seconds": round(self._longest_work(), 3),
            "last_watch_event_seconds": round(self._clock() - self._watches.last_event, 3),
            **more,
        }
