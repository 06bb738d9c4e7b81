"""A watch of the users' Secrets and ConfigMaps that sees their metadata only, never what is in them.

They carry no label of ours, so every one in scope is watched; of each, the resource version is kept. After any
gap in the watch the kind is listed again and compared, so that no change is missed, deletions included.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from parley_operator.kube.client import Client, Json
from parley_operator.kube.errors import KubeError
from parley_operator.kube.kind_watch import SERVER_TIMEOUT, ObjectName, Setbacks


@dataclass(frozen=True)
class Watched:
    """One kind to watch."""

    kind: str
    path: str
    """Of the collection, in one namespace or everywhere."""
    label_selector: str
    field_selector: str = ""

    @property
    def query(self) -> dict[str, str]:
        """What to ask the API server for."""
        query = {"labelSelector": self.label_selector}
        return {**query, "fieldSelector": self.field_selector} if self.field_selector else query


class MetadataWatch:
    """The resource versions of all objects of a kind, and a call for each that changes."""

    def __init__(self, client: Client, watched: Watched, on_change: Callable[[str, ObjectName], None]) -> None:
        """`on_change` is called with the kind and the object's name when it appeared, changed or went."""
        self._client, self._watched, self._on_change = client, watched, on_change
        self._versions: dict[ObjectName, str] = {}
        self.listed = asyncio.Event()
        """Set once the kind was listed: before, an absent object may only be not yet known."""

    def version(self, name: ObjectName) -> str | None:
        """The resource version last seen; None for an object that is not there."""
        return self._versions.get(name)

    async def run(self) -> None:
        """Watch for ever."""
        setbacks = Setbacks(self._watched.kind)
        while True:
            try:
                version = await self._list()
                setbacks.over()
                await self._follow(version)
            except KubeError as error:
                await setbacks.wait_out(error)

    async def _list(self) -> str:
        answer = await self._client.list(self._watched.path, self._watched.query, metadata_only=True)
        items = answer["items"] or ()  # null where there are none
        found = {_name(item): str(item["metadata"]["resourceVersion"]) for item in items}
        changed = {name for name in found.keys() | self._versions.keys() if found.get(name) != self.version(name)}
        self._versions = found
        self.listed.set()
        for name in changed:
            self._on_change(self._watched.kind, name)
        return str(answer["metadata"]["resourceVersion"])

    async def _follow(self, version: str) -> None:
        """Watch from a resource version on, again and again, until one attempt fails."""
        while True:
            query = {**self._watched.query, "resourceVersion": version, "timeoutSeconds": str(SERVER_TIMEOUT)}
            async with contextlib.aclosing(
                self._client.watch(self._watched.path, query, metadata_only=True)
            ) as events:
                async for event in events:
                    version = event["object"]["metadata"]["resourceVersion"]
                    self._take(event)

    def _take(self, event: Json) -> None:
        if event["type"] == "BOOKMARK":
            return
        name = _name(event["object"])
        if event["type"] == "DELETED":
            self._versions.pop(name, None)
        else:
            self._versions[name] = event["object"]["metadata"]["resourceVersion"]
        self._on_change(self._watched.kind, name)


class MetadataWatches:
    """Watches of several kinds and namespaces as one."""

    def __init__(
        self, client: Client, watched: Iterable[Watched], on_change: Callable[[str, ObjectName], None]
    ) -> None:
        self._watches = [(kind.kind, MetadataWatch(client, kind, on_change)) for kind in watched]

    def version(self, kind: str, name: ObjectName) -> str | None:
        """The resource version last seen of an object; None for one that is not there."""
        found = (watch.version(name) for at, watch in self._watches if at == kind)
        return next((version for version in found if version is not None), None)

    async def listed(self) -> None:
        """Wait until everything was listed once."""
        for _, watch in self._watches:
            await watch.listed.wait()

    async def run(self) -> None:
        """Watch for ever."""
        async with asyncio.TaskGroup() as group:
            for _, watch in self._watches:
                group.create_task(watch.run())


def _name(body: Json) -> ObjectName:
    return body["metadata"].get("namespace", ""), body["metadata"]["name"]
