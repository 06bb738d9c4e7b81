"""Pods as a kubelet would tell of them, with an address at which a gateway of the tests answers."""

from __future__ import annotations

import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from aiohttp import web

from parley_operator.kube.errors import NotFoundError
from parley_operator.render.container import PORT
from tests.operator.cluster import Json, Namespace, meanwhile

RAN_SINCE = timedelta(minutes=5)
"""An autoscaler does not believe the CPU of pods that have just begun."""


class GatewayPods:
    """What runs in the pods of a namespace: addresses of this machine, and how many sessions each has."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace
        self._runners: dict[str, web.AppRunner] = {}
        self.addresses: dict[str, str] = {}
        self.sessions: dict[str, int] = {}
        """By pod; one that is not here has none."""
        self.asked: Counter[str] = Counter()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Every pod runs and is ready, for as long as this lasts."""
        try:
            async with meanwhile(self._play()):
                yield
        finally:
            for runner in self._runners.values():
                await runner.cleanup()

    async def stop(self, pod: str) -> None:
        """It answers no longer."""
        await self._runners.pop(pod).cleanup()

    async def _play(self) -> None:
        async for event in self._namespace.events("Pod"):
            name = event["object"]["metadata"]["name"]
            if event["type"] == "DELETED":
                self.addresses.pop(name, None)
                continue
            if name not in self.addresses:
                await self._begin(name)
                with contextlib.suppress(NotFoundError):
                    await self._namespace.patch("Pod", name, {"status": self._status(event["object"])}, "status")

    async def _begin(self, name: str) -> None:
        async def health(_: web.Request) -> web.Response:
            self.asked[name] += 1
            return web.json_response({"sessions": self.sessions.get(name, 0)})

        application = web.Application()
        application.router.add_get("/health", health)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        address = "127." + ".".join(str(random.randint(1, 254)) for _ in range(3))
        await web.TCPSite(runner, address, PORT).start()
        self._runners[name], self.addresses[name] = runner, address

    def _status(self, pod: Json) -> Json:
        since = (datetime.now(UTC) - RAN_SINCE).strftime("%Y-%m-%dT%H:%M:%SZ")
        address, container = self.addresses[pod["metadata"]["name"]], pod["spec"]["containers"][0]
        return {
            "phase": "Running",
            "podIP": address,
            "podIPs": [{"ip": address}],
            "startTime": since,
            "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": since}],
            "containerStatuses": [
                {
                    "name": container["name"],
                    "image": container["image"],
                    "imageID": "",
                    "ready": True,
                    "restartCount": 0,
                    "state": {"running": {"startedAt": since}},
                }
            ],
        }
