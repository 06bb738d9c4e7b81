"""The VoiceDeployments under measurement: made all at once, and watched until each is served."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
import orjson

from parley_operator.kube.connection import connect
from tests.operator.cluster import Json, condition, voice_deployment, with_deepgram

PER_NAMESPACE = 100
AT_ONCE = 8
"""Requests that make resources, at the same time."""
_COLLECTION = "/apis/parley.dev/v1alpha1/voicedeployments"


class Crowd:
    """`size` resources with a key for their recogniser, 100 to a namespace, and the moments of each."""

    def __init__(self, session: aiohttp.ClientSession, server: str, *, size: int) -> None:
        self._session, self._server, self.size = session, server, size
        self._began = 0.0
        self.made_s = 0.0
        """When the last had been made."""
        self.reconciled: dict[tuple[str, str], float] = {}
        """When the operator had said of one that it made its children; seconds since the first was made."""
        self.ready: dict[tuple[str, str], float] = {}
        self._changed = asyncio.Event()

    async def make(self) -> None:
        """Make them all."""
        namespaces = [f"bench-{number}" for number in range(-(-self.size // PER_NAMESPACE))]
        for name in namespaces:
            await self._post("/api/v1/namespaces", {"metadata": {"name": name}})
            secret = {"metadata": {"name": "keys"}, "stringData": {"deepgram": "a key"}}
            await self._post(f"/api/v1/namespaces/{name}/secrets", secret)
        numbers = iter(range(self.size))

        async def some() -> None:
            for number in numbers:
                path = (
                    f"/apis/parley.dev/v1alpha1/namespaces/{namespaces[number // PER_NAMESPACE]}/voicedeployments"
                )
                await self._post(path, voice_deployment(f"voice-{number}", pipeline=with_deepgram()))

        self._began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(some())
        self.made_s = self._since()

    async def until_ready(self, *, within: float) -> bool:
        """Whether all were in time."""
        return await self._until(lambda: len(self.ready) == self.size, within=within)

    async def watch(self) -> None:
        """Follow them until cancelled."""
        query = {"watch": "true", "timeoutSeconds": "3600"}
        limit = aiohttp.ClientTimeout(total=None)
        async with self._session.get(self._server + _COLLECTION, params=query, timeout=limit) as answer:
            while line := await answer.content.readline():
                self._see(orjson.loads(line)["object"])

    def _see(self, body: Json) -> None:
        metadata, status = body["metadata"], body.get("status") or {}
        key = (metadata["namespace"], metadata["name"])
        if status.get("observedGeneration") == metadata["generation"]:
            self.reconciled.setdefault(key, self._since())
        found = condition(body, "Ready")
        if found is not None and found["status"] == "True":
            self.ready.setdefault(key, self._since())
        self._changed.set()

    async def _until(self, check: Callable[[], bool], *, within: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while not check():
                    self._changed.clear()
                    await self._changed.wait()
        return check()

    async def count(self, path: str) -> int:
        """How many objects of a kind the operator has made."""
        query = {"labelSelector": "app.kubernetes.io/managed-by=parley"}
        headers = {"Accept": "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"}
        async with self._session.get(self._server + path, params=query, headers=headers) as answer:
            answer.raise_for_status()
            return len(orjson.loads(await answer.read())["items"] or ())

    async def _post(self, path: str, body: Json) -> None:
        async with self._session.post(self._server + path, json=body) as answer:
            answer.raise_for_status()

    def _since(self) -> float:
        return time.monotonic() - self._began


@asynccontextmanager
async def crowd(kubeconfig: str, *, size: int) -> AsyncIterator[Crowd]:
    """A crowd that is watched and not made yet."""
    connection = await connect(kubeconfig)
    async with connection.open_session() as session:
        found = Crowd(session, connection.server, size=size)
        watching = asyncio.create_task(found.watch())
        try:
            yield found
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching
