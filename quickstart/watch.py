"""Waits for objects of the cluster to become what is expected, by watching them: no polling, no missed change."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from quickstart.commands import Commands, StepError

Object = dict[str, Any]
Objects = Mapping[str, Object]
"""Objects of one kind and namespace, by name."""
LARGEST_OBJECT = 4 * 2**20
"""Bytes of one line of a watch; etcd holds no object greater than 1.5 MB."""


async def wait_until(
    commands: Commands,
    path: str,
    until: Callable[[Objects], bool],
    *,
    within: float,
    seen: Callable[[Objects], None] = lambda _: None,
) -> Objects:
    """The objects at `path`, such as `/api/v1/namespaces/x/pods`, as soon as `until` holds of them.

    `path` may carry a query, such as `?labelSelector=a=b`. `seen` is called with every state on the way.

    Raises:
        StepError: when it does not hold within so many seconds, with the objects as they were.
    """
    objects: dict[str, Object] = {}
    try:
        async with asyncio.timeout(within):
            while True:
                async with _changes(commands, path, objects) as changes:
                    async for _ in changes:
                        seen(objects)
                        if until(objects):
                            return objects
    except TimeoutError:
        last = tuple(json.dumps(item.get("status", {}), sort_keys=True)[:2000] for item in objects.values())
        raise StepError(
            f"{path} is not as expected after {within:.0f} s", "see the objects' status", last
        ) from None


@asynccontextmanager
async def _changes(
    commands: Commands, path: str, objects: dict[str, Object]
) -> AsyncIterator[AsyncIterator[None]]:
    """Fills `objects` and then follows them; the iterator moves once for the list and once for each change."""
    listed = json.loads(await asyncio.to_thread(commands.read, "kubectl", "get", "--raw", path))
    objects.clear()
    objects.update({item["metadata"]["name"]: item for item in listed["items"]})
    joint = "&" if "?" in path else "?"
    watched = f"{path}{joint}watch=true&resourceVersion={listed['metadata']['resourceVersion']}"
    process = await asyncio.create_subprocess_exec(
        *(commands.path("kubectl"), "get", "--raw", watched),
        env=commands.all(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=LARGEST_OBJECT,
    )
    try:
        yield _follow(process.stdout, objects)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _follow(output: asyncio.StreamReader | None, objects: dict[str, Object]) -> AsyncIterator[None]:
    """Ends when the server ends the watch, which it does whenever it likes: the caller begins anew."""
    yield
    async for line in output or asyncio.StreamReader():
        event = json.loads(line)
        if event["type"] == "ERROR":
            return
        name = event["object"]["metadata"]["name"]
        if event["type"] == "DELETED":
            objects.pop(name, None)
        else:
            objects[name] = event["object"]
        yield
