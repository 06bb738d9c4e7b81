"""What gateways' pods have logged: the structured lines of all pods of a resource, in the order of their time."""

from __future__ import annotations

import asyncio
import heapq
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from parley_cli.cluster import Cluster
from parley_cli.family import pods
from parley_operator.kube.errors import ApiError, ForbiddenError, KubeError
from parley_operator.kube.objects import Json
from parley_operator.render.container import CONTAINER

_QUEUE = 1_000
"""Lines that wait to be shown; a pod that logs faster waits."""
_LOOK_S = 5.0
"""How often new pods are looked for while somebody follows."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines are asked for."""

    session: str | None = None
    since_s: int | None = None
    tail: int | None = None
    """Of each pod, before they are chosen from."""
    previous: bool = False
    """Of containers that have ended."""

    @property
    def query(self) -> dict[str, str]:
        """As the API server takes it."""
        said = {"container": CONTAINER, "sinceSeconds": self.since_s, "tailLines": self.tail}
        flags = {"previous": "true"} if self.previous else {}
        return {name: str(value) for name, value in said.items() if value is not None} | flags

    def takes(self, fields: dict[str, Any]) -> bool:
        """Whether a line is one of those."""
        return self.session is None or fields.get("session") == self.session


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """One line of a pod."""

    time: str
    """RFC 3339 in UTC, so that its order is that of time; empty for a line that is none of the gateway's own."""
    pod: str
    text: str
    """As the pod has written it."""

    @property
    def fields(self) -> dict[str, Any]:
        """What it says; a line that is no JSON is a message without more."""
        return _fields(self.text)


def _fields(text: str) -> dict[str, Any]:
    try:
        fields = json.loads(text)
    except ValueError:
        fields = None
    return fields if isinstance(fields, dict) else {"message": text}


@dataclass(frozen=True, slots=True)
class Written:
    """What there is now."""

    lines: tuple[Line, ...]
    """Of all pods, in the order of time."""
    untold: tuple[str, ...]
    """The pods that could tell nothing, each with why: their container has not begun, or has none before it."""


async def written(cluster: Cluster, name: str, wanted: Wanted) -> Written:
    """One pod that cannot tell hides no other. Raises ForbiddenError where logs may not be read."""
    found = await asyncio.gather(*(_written_by(cluster, pod, wanted) for pod in await pods(cluster, name)))
    lines = heapq.merge(*(lines for lines, _ in found))
    return Written(tuple(lines), tuple(why for _, why in found if why))


async def _written_by(cluster: Cluster, pod: Json, wanted: Wanted) -> tuple[list[Line], str]:
    name = pod["metadata"]["name"]
    try:
        return [line async for line in _lines(cluster, name, wanted.query, wanted)], ""
    except ForbiddenError:
        raise
    except ApiError as error:
        return [], f"{name}: {error.message}"


async def follow(cluster: Cluster, name: str, wanted: Wanted, show: Callable[[Line], None]) -> None:
    """Show lines as they come, of pods that come later as well, until cancelled."""
    queue: asyncio.Queue[Line] = asyncio.Queue(_QUEUE)
    followed: dict[str, asyncio.Task[None]] = {}
    latest: dict[str, str] = {}
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_shown(queue, show))
        while True:
            for pod in await pods(cluster, name):
                uid = pod["metadata"]["uid"]
                # A log that has ended may go on: its container was started again, or the connection was cut.
                if _has_begun(pod) and (uid not in followed or followed[uid].done()):
                    followed[uid] = tasks.create_task(_follow_one(cluster, pod, wanted, queue, latest))
            await asyncio.sleep(_LOOK_S)


def _has_begun(pod: Json) -> bool:
    states = (pod.get("status") or {}).get("containerStatuses") or ()
    return any(one["name"] == CONTAINER and "running" in (one.get("state") or {}) for one in states)


async def _follow_one(
    cluster: Cluster, pod: Json, wanted: Wanted, queue: asyncio.Queue[Line], latest: dict[str, str]
) -> None:
    """Until its log ends; `latest` has the time of the last line that was shown of each pod."""
    name = pod["metadata"]["name"]
    begin = latest.get(name, "")
    try:
        async for line in _lines(cluster, name, {**wanted.query, "follow": "true"}, wanted):
            if line.time > begin or not begin:
                latest[name] = max(line.time, latest.get(name, ""))
                await queue.put(line)
    except KubeError:
        # It may be gone, or not there yet: the next look tells.
        return


async def _shown(queue: asyncio.Queue[Line], show: Callable[[Line], None]) -> None:
    while True:
        show(await queue.get())


async def _lines(cluster: Cluster, pod: str, query: dict[str, str], wanted: Wanted) -> AsyncIterator[Line]:
    collection = await cluster.collection("Pod", "v1")
    async for text in cluster.client.lines(f"{collection}/{pod}/log", query):
        fields = _fields(text)
        if wanted.takes(fields):
            yield Line(str(fields.get("time", "")), pod, text)
