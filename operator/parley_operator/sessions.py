"""Who talks where: a slow round over the pods of autoscaled gateways, so that idle pods are the first to go.

A ReplicaSet that has to lose a pod takes the one whose deletion costs least, and knows no calls. So each pod is
asked how many sessions it has, and is marked when it becomes busy or idle, at no other time.

Only gateways under an autoscaler are asked: nobody else takes pods away unasked. They are asked directly, over
HTTP as the kubelet asks their probes, since a way through the API server would need the right to reach every pod
of the cluster. The pace is bounded for all together, so that a round of many pods takes longer and never costs
more: a pod that goes is chosen once in two minutes at most, after load has been low for half an hour.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Awaitable, Callable, Iterator

import aiohttp

from parley_operator.kube.client import Client, Json
from parley_operator.kube.errors import KubeError, LeadershipLostError
from parley_operator.kube.inventory import Inventory, Key, Live
from parley_operator.kube.ownership import SCALE_MANAGER
from parley_operator.render.container import PORT
from parley_operator.resources import Resources
from parley_operator.views import DELETION_COST

logger = logging.getLogger(__name__)

PERIOD = 10.0
"""Seconds between the beginnings of two rounds, where the pace allows it."""
PERIOD_UNREACHABLE = 600.0
"""Seconds at most between two rounds that reach no pod: the operator runs where pods cannot be reached."""
AT_ONCE = 8
"""Resources whose pods are asked at the same time."""
PER_SECOND = 50.0
"""Pods to ask in a second, all together: 3,000 pods are a round of a minute."""
ANSWER_SECONDS = 2.0
ANSWER_BYTES = 65_536
BUSY, IDLE = "1", "0"
"""What deletion costs; a pod that was never marked costs nothing, like an idle one."""

Ask = Callable[[str], Awaitable[int | None]]
"""How many sessions the pod at an address has; None where it does not answer."""


class Sessions:
    """How many callers talk to each autoscaled resource, as of the last round."""

    def __init__(
        self,
        client: Client,
        inventory: Inventory,
        resources: Resources,
        *,
        wake: Callable[[Key], None],
        period: float = PERIOD,
    ) -> None:
        """`wake` is called with a resource whose number has changed."""
        self._client, self._inventory, self._resources = client, inventory, resources
        self._wake, self._period = wake, period
        self._active: dict[Key, int | None] = {}
        """Of what was asked; None where not all told."""
        self._asked = self._answered = 0

    def active(self, key: Key) -> int | None:
        """How many talk; None where that is not known. Until this process has asked, what its predecessor said."""
        if key in self._active:
            return self._active[key]
        body = self._resources.get(key)
        if body is None or not _is_autoscaled(body):
            return None
        said: int | None = ((body.get("status") or {}).get("sessions") or {}).get("active")
        return said

    async def run(self) -> None:
        """Go round for ever."""
        pause = self._period
        loop = asyncio.get_running_loop()
        async with open_session() as http:
            while True:
                begun = loop.time()
                await self._round(lambda address: sessions_at(http, address))
                unreachable = self._asked > 0 and self._answered == 0
                pause = min(pause * 2, PERIOD_UNREACHABLE) if unreachable else self._period
                if unreachable:
                    logger.warning("no pod tells its sessions", extra={"pods": self._asked})
                rest = max(0.0, pause - (loop.time() - begun))
                await asyncio.sleep(rest * random.uniform(0.9, 1.1))  # noqa: S311 - jitter

    async def _round(self, ask: Ask) -> None:
        self._asked = self._answered = 0
        keys = [key for key in self._resources if _is_autoscaled(self._resources.get(key))]
        for gone in self._active.keys() - set(keys):
            del self._active[gone]
        remaining = iter(keys)
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._some(remaining, ask))

    async def _some(self, keys: Iterator[Key], ask: Ask) -> None:
        for key in keys:
            total: int | None = 0
            for pod in self._pods(key):
                sessions = await ask(pod.view["address"])
                self._asked += 1
                self._answered += sessions is not None
                total = _sum(total, sessions, pod)
                if sessions is not None:
                    await self._mark(pod, BUSY if sessions else IDLE)
                await asyncio.sleep(AT_ONCE / PER_SECOND)
            self._take(key, total)

    def _pods(self, key: Key) -> list[Live]:
        """The gateway's pods that run, those that drain included."""
        children = self._inventory.of(self._resources.children_of(key))
        pods = (
            live for live in children if live.ref.kind == "Pod" and live.view["component"].startswith("gateway")
        )
        return [pod for pod in pods if pod.view["phase"] == "Running" and pod.view["address"]]

    def _take(self, key: Key, total: int | None) -> None:
        before, self._active[key] = self.active(key), total
        if total != before:
            self._wake(key)

    async def _mark(self, pod: Live, cost: str) -> None:
        if pod.view["leaving"] or (pod.view["deletion_cost"] or IDLE) == cost:
            return
        metadata = {"name": pod.ref.name, "namespace": pod.ref.namespace, "uid": pod.uid}
        body: Json = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {**metadata, "annotations": {DELETION_COST: cost}},
        }
        path = f"/api/v1/namespaces/{pod.ref.namespace}/pods/{pod.ref.name}"
        try:
            await self._client.apply(path, body, field_manager=SCALE_MANAGER, force=True)
        except LeadershipLostError:
            raise
        except KubeError as error:
            # The next round does it again, if the pod is still there.
            logger.info("pod not marked", extra={"namespace": pod.ref.namespace, "error": str(error)})


def _is_autoscaled(body: Json | None) -> bool:
    spec = (body or {"spec": {}})["spec"]
    return (spec.get("scaling") or {}).get("type", "Fixed") != "Fixed" and not spec.get("suspend")


def _sum(total: int | None, sessions: int | None, pod: Live) -> int | None:
    """A pod that is not ready may not answer: either it has no session yet, or its last one just ended."""
    if sessions is None and all(container["ready"] for container in pod.view["containers"]):
        return None
    return None if total is None else total + (sessions or 0)


def open_session() -> aiohttp.ClientSession:
    """Without credentials, and without a memory: what runs in a pod is somebody else's."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=AT_ONCE, force_close=True),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS),
    )


async def sessions_at(http: aiohttp.ClientSession, address: str) -> int | None:
    """How many sessions the pod at an address has; None where it does not say so, quickly and in few words."""
    host = f"[{address}]" if ":" in address else address
    try:
        async with http.get(f"http://{host}:{PORT}/health", allow_redirects=False) as answer:
            return int(json.loads(await _beginning(answer.content))["sessions"])
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError, TypeError):
        return None


async def _beginning(content: aiohttp.StreamReader) -> bytes:
    """All of an answer, or as much of it as may be."""
    try:
        return await content.readexactly(ANSWER_BYTES)
    except asyncio.IncompleteReadError as whole:
        return whole.partial
