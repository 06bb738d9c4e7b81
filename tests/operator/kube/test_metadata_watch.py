"""O5: changes of the users' Secrets are noticed, and nothing of them is read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from parley_operator.kube.kind_watch import ObjectName
from parley_operator.kube.metadata_watch import MetadataWatch, Watched
from tests.operator.cluster import Namespace

pytestmark = pytest.mark.controlplane

SELECTOR = "app.kubernetes.io/managed-by!=parley"


class Seen:
    """What a watch told, and a way to wait for it."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._changed = asyncio.Event()

    def __call__(self, kind: str, name: ObjectName) -> None:
        assert kind == "Secret"
        self.names.append(name[1])
        self._changed.set()

    async def until(self, check: Callable[[list[str]], bool]) -> None:
        async with asyncio.timeout(20):
            while not check(self.names):
                self._changed.clear()
                await self._changed.wait()


@asynccontextmanager
async def watching(namespace: Namespace, seen: Seen) -> AsyncIterator[MetadataWatch]:
    watch = MetadataWatch(namespace.client, Watched("Secret", namespace.path("Secret"), SELECTOR), seen)
    task = asyncio.create_task(watch.run())
    async with asyncio.timeout(20):
        await watch.listed.wait()
    yield watch
    task.cancel()


async def test_what_is_there_at_the_start_is_known(namespace: Namespace) -> None:
    made = await namespace.secret("before", key="v")
    async with watching(namespace, Seen()) as watch:
        assert watch.version((namespace.name, "before")) == made["metadata"]["resourceVersion"]
        assert watch.version((namespace.name, "absent")) is None


async def test_creation_change_and_deletion_are_each_told(namespace: Namespace) -> None:
    seen = Seen()
    async with watching(namespace, seen) as watch:
        await namespace.secret("keys", deepgram="1")
        await seen.until(lambda names: names == ["keys"])
        changed = await namespace.patch("Secret", "keys", {"data": {"deepgram": "Mg=="}})
        await seen.until(lambda names: names == ["keys"] * 2)
        assert watch.version((namespace.name, "keys")) == changed["metadata"]["resourceVersion"]
        await namespace.delete("Secret", "keys")
        await seen.until(lambda names: names == ["keys"] * 3)
        assert watch.version((namespace.name, "keys")) is None


async def test_the_operators_own_secrets_are_not_watched(namespace: Namespace) -> None:
    seen = Seen()
    async with watching(namespace, seen):
        labels = {"app.kubernetes.io/managed-by": "parley"}
        await namespace.create("Secret", {"apiVersion": "v1", "metadata": {"name": "ours", "labels": labels}})
        await namespace.secret("theirs", key="v")
        await seen.until(lambda names: "theirs" in names)
        assert "ours" not in seen.names


async def test_a_listing_tells_of_what_was_deleted_in_a_gap_of_the_watch(namespace: Namespace) -> None:
    await namespace.secret("goes", key="v")
    await namespace.secret("stays", key="v")
    seen = Seen()
    async with watching(namespace, seen) as watch:
        seen.names.clear()
        await namespace.delete("Secret", "goes")
        await seen.until(lambda names: names == ["goes"])
        watch._versions[namespace.name, "goes"] = "1"  # as if the watch had missed it
        seen.names.clear()
        await watch._list()
        assert seen.names == ["goes"]
