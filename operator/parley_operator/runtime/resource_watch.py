"""kopf's watch of the resources, begun again in the same process whenever it ends.

kopf ends itself by an ERROR event other than 410, and once the definition of its resource is removed; and what is
not served when it starts it never asks for again. So it is started when the definition is there, and anew when it
ended or began no watch.

kopf tells handlers of events, not that a watch began anew; but what was deleted in a gap makes no event. All its
requests pass through `Listings.middleware`, which sees each listing: what is not in it is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import aiohttp
import kopf

from parley_operator.api import GROUP, KIND, PLURAL, VERSION
from parley_operator.kube.client import Client, Json
from parley_operator.kube.connection import Connection, Handler, Middleware
from parley_operator.kube.errors import KubeError, NotFoundError
from parley_operator.kube.kind_watch import Setbacks
from parley_operator.runtime.settings import OperatorOptions, kopf_settings
from parley_operator.runtime.watches import News

BEGIN_SECONDS = 30.0
"""How long kopf may take to begin its watch."""
LASTED = 60.0
"""Seconds after which an end of the watch counts as the first."""

_COLLECTION = f"/apis/{GROUP}/{VERSION}/{PLURAL}"
_KOPF = str(Path(kopf.__file__).parent)


class ResourceWatch:
    """All resources, for as long as the process leads."""

    def __init__(
        self,
        connection: Connection,
        client: Client,
        news: News,
        *,
        options: OperatorOptions,
        middlewares: Collection[Middleware],
        took_signals: Callable[[], None],
    ) -> None:
        """`middlewares` see every request of kopf's; `took_signals` is called each time it took the signals."""
        self._connection, self._client, self._news = connection, client, news
        self._options, self._middlewares, self._took_signals = options, middlewares, took_signals
        self.runs = False
        """Whether there is a watch at the moment, or kopf is about to begin one."""

    async def run(self) -> None:
        """Watch for ever."""
        setbacks = Setbacks(KIND)
        while True:
            began = monotonic()
            try:
                await self._until_served()
                self.runs = True
                await self._run_kopf()
            except KubeError as error:
                self.runs = False
                if monotonic() - began > LASTED:
                    setbacks.over()
                await setbacks.wait_out(error)

    async def _until_served(self) -> None:
        """Raise `KubeError` where kopf would find nothing to watch."""
        with contextlib.suppress(NotFoundError):
            version = await self._client.get(f"/apis/{GROUP}/{VERSION}")
            if any(resource["name"] == PLURAL for resource in version["resources"]):
                return
        self._news.without_resources()
        raise KubeError(f"{PLURAL}.{GROUP} is not served: install its CustomResourceDefinition")

    async def _run_kopf(self) -> None:
        """Until it ends, which is told as a `KubeError`, or until cancelled."""
        registry, listings = kopf.OperatorRegistry(), Listings(self._news)

        async def login(**_: object) -> kopf.AiohttpSession:
            session = self._connection.open_session(*self._middlewares, listings.middleware)
            return kopf.AiohttpSession(server=self._connection.server, aiohttp_session=session)

        register(registry, self._news, login=login)
        tasks = await kopf.spawn_tasks(
            registry=registry,
            settings=kopf_settings(),
            standalone=True,
            # kopf would ask for the user's name, which a uid in a container need not have.
            identity=self._options.identity,  # type: ignore[arg-type]  # a NewType that kopf keeps to itself
            clusterwide=not self._options.namespaces,
            namespaces=self._options.namespaces,
        )
        # kopf takes the signals for itself; it is we who stop it, after the workers.
        self._took_signals()
        running = asyncio.create_task(kopf.run_tasks(tasks, ignored=NotKopfs()))
        try:
            await _begun(running, listings)
            await running
        except Exception as error:
            raise KubeError(f"kopf ended: {type(error).__name__}") from error
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await running
        raise KubeError("kopf ended")


async def _begun(running: asyncio.Task[None], listings: Listings) -> None:
    """Until the watch has begun, or kopf has ended; raises TimeoutError where it does neither."""
    asked = asyncio.create_task(listings.asked.wait())
    try:
        await asyncio.wait({running, asked}, timeout=BEGIN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if not listings.asked.is_set() and not running.done():
            raise TimeoutError
    finally:
        asked.cancel()


class NotKopfs(Collection["asyncio.Task[Any]"]):
    """The tasks that kopf did not begin.

    As it ends it cancels every task of the process but those it is told to ignore; ours come and go meanwhile.
    """

    def __contains__(self, task: object) -> bool:
        """Whether the code that it runs is none of kopf's."""
        code = getattr(task.get_coro(), "cr_code", None) if isinstance(task, asyncio.Task) else None
        return code is None or not code.co_filename.startswith(_KOPF)

    def __iter__(self) -> Iterator[asyncio.Task[Any]]:
        """Those there are at the moment."""
        return (task for task in asyncio.all_tasks() if task in self)

    def __len__(self) -> int:
        """How many there are at the moment."""
        return sum(1 for _ in self)


class Listings:
    """Sees the listings among kopf's requests."""

    def __init__(self, news: News) -> None:
        self._news = news
        self._pages: dict[str, list[Json]] = {}
        """What came so far of the listing of a scope."""
        self.asked = asyncio.Event()
        """Set once kopf has asked for a listing."""

    async def middleware(self, request: aiohttp.ClientRequest, handler: Handler) -> aiohttp.ClientResponse:
        """Pass a request on; the body of a listing stays readable for kopf, which comes after."""
        collection, namespace = _collection(request.url.path)
        if collection != _COLLECTION or request.method != "GET" or "watch" in request.url.query:
            return await handler(request)
        self.asked.set()
        response = await handler(request)
        if response.status == 200:
            body = await response.json()
            shared = {"apiVersion": body["apiVersion"], "kind": KIND}
            items = [{**shared, **item} for item in body["items"] or ()]
            self._take(items, body["metadata"], first="continue" not in request.url.query, namespace=namespace)
        return response

    def _take(self, items: list[Json], metadata: Json, *, first: bool, namespace: str) -> None:
        """A page of a listing, which is over with the last."""
        pages = self._pages[namespace] = [] if first else self._pages.get(namespace, [])
        pages += items
        if not metadata.get("continue"):
            self._news.resources(self._pages.pop(namespace), namespace=namespace)


def register(registry: kopf.OperatorRegistry, news: News, *, login: Callable[..., object]) -> None:
    """Tell kopf what to watch, and how to log in."""

    async def on_event(event: Any, **_: Any) -> None:
        news.event({"type": event["type"], "object": event["object"]})

    kopf.on.login(registry=registry, id="login")(login)
    kopf.on.event(GROUP, VERSION, PLURAL, registry=registry, id=f"watch-{PLURAL}")(on_event)


def _collection(path: str) -> tuple[str, str]:
    """A collection's path without its namespace, and the namespace."""
    before, found, after = path.partition("/namespaces/")
    if not found or "/" not in after:
        return path, ""
    namespace, _, plural = after.partition("/")
    return f"{before}/{plural}", namespace
