"""Events (events.k8s.io/v1) that a person sees in `kubectl describe`: one object for each thing that happened.

A repetition within ten minutes is counted on the event that is there. A first occurrence gets a name derived from
what it says and from the state it ended, so that a process killed between the event and the status that records
it cannot say it twice.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from parley_operator.kube.client import Client, Json
from parley_operator.kube.errors import AlreadyExistsError, KubeError, NotFoundError
from parley_operator.kube.ownership import digest

logger = logging.getLogger(__name__)

SERIES_WINDOW = timedelta(minutes=10)
REMEMBERED = 4096
"""Events whose repetition is still counted; beyond it the oldest start a new object."""
NOTE_LIMIT = 1024
"""Bytes the API server accepts in a note."""


@dataclass(frozen=True)
class Happening:
    """Something to tell about an object."""

    type: Literal["Normal", "Warning"]
    reason: str
    note: str
    action: str
    since: str
    """Identifies the state that this ends; the same thing said of the same state is one event."""


@dataclass
class _Posted:
    name: str
    count: int
    at: datetime


class EventRecorder:
    """Posts events, best effort: the status is the record, events are its history."""

    def __init__(self, client: Client, *, controller: str, instance: str) -> None:
        """`instance` identifies this process, as in `controller-pod-name`."""
        self._client, self._controller, self._instance = client, controller, instance
        self._posted: OrderedDict[str, _Posted] = OrderedDict()

    async def post(self, regarding: Json, happening: Happening, *, now: datetime) -> None:
        """Tell it; a failure is logged and nothing else."""
        same = digest([regarding["uid"], happening.type, happening.reason, happening.note])
        try:
            posted = self._posted.get(same)
            if posted is not None and now - posted.at < SERIES_WINDOW:
                await self._count(regarding["namespace"], posted, now=now)
            else:
                self._remember(same, await self._create(regarding, happening, now=now), now=now)
        except KubeError as error:
            logger.warning("event not posted", extra={"reason": happening.reason, "error": str(error)})

    async def _create(self, regarding: Json, happening: Happening, *, now: datetime) -> str:
        identity = digest([regarding["uid"], happening.type, happening.reason, happening.note, happening.since])
        name = f"{regarding['name'][:200]}.{identity}"
        body = {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": regarding["namespace"]},
            "eventTime": _micro(now),
            "reportingController": self._controller,
            "reportingInstance": self._instance[:128],
            "regarding": regarding,
            "type": happening.type,
            "reason": happening.reason,
            "note": happening.note.encode()[:NOTE_LIMIT].decode(errors="ignore"),
            "action": happening.action,
        }
        try:
            await self._client.create(_collection(regarding["namespace"]), body, field_manager="parley")
        except AlreadyExistsError:
            logger.debug("event was posted before", extra={"reason": happening.reason})
        return name

    async def _count(self, namespace: str, posted: _Posted, *, now: datetime) -> None:
        posted.count, posted.at = posted.count + 1, now
        series = {"count": posted.count, "lastObservedTime": _micro(now)}
        try:
            await self._client.merge(f"{_collection(namespace)}/{posted.name}", {"series": series})
        except NotFoundError:
            logger.debug("event expired", extra={"event": posted.name})

    def _remember(self, same: str, name: str, *, now: datetime) -> None:
        self._posted[same] = _Posted(name, 1, now)
        self._posted.move_to_end(same)
        if len(self._posted) > REMEMBERED:
            self._posted.popitem(last=False)


def _collection(namespace: str) -> str:
    return f"/apis/events.k8s.io/v1/namespaces/{namespace}/events"


def _micro(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
