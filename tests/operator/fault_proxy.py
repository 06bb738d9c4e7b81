"""A proxy in front of the API server that does what networks and busy servers do, on demand.

It speaks plain HTTP to the operator and forwards with the operator's own certificate, so that rights and audit
are the real ones.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import aiohttp
import yaml
from aiohttp import web

from parley_operator.kube.connection import connect

Verb = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True)
class Refuse:
    """Answer with a status of our own; the API server sees nothing."""

    status: int
    reason: str
    retry_after: str = ""


@dataclass(frozen=True)
class LoseAnswer:
    """Let the API server do it, and cut the connection instead of passing on its answer."""


@dataclass(frozen=True)
class Delay:
    """Answer, but late."""

    seconds: float


@dataclass(frozen=True)
class Hold:
    """Let the API server do it, and answer once the event is set."""

    until: asyncio.Event


Fault = Refuse | LoseAnswer | Delay | Hold
Plan = Callable[[str, str], Fault | None]
"""From method and path to what goes wrong with that request; None lets it pass."""

Ending = Literal["close", "expire", "fail"]
_STATUS = {"kind": "Status", "apiVersion": "v1", "status": "Failure"}
LAST_WORDS: dict[Ending, dict[str, object]] = {
    "expire": {**_STATUS, "reason": "Expired", "code": 410},
    "fail": {**_STATUS, "reason": "InternalError", "code": 500, "message": "made to fail"},
}
"""The ERROR event at the end of a watch."""


class FaultProxy:
    """Requests pass until `plan` says otherwise; watches can be ended."""

    def __init__(self, session: aiohttp.ClientSession, server: str) -> None:
        self._session, self._server = session, server
        self.plan: Plan = lambda method, path: None
        self.answered: Callable[[str, str], None] = lambda method, path: None
        """Called after each answer was passed on."""
        self.requests: list[tuple[str, str]] = []
        self._watches: set[asyncio.Task[None]] = set()
        self._open_to_watches = asyncio.Event()
        self._open_to_watches.set()
        self._ending: Ending = "close"

    async def end_watches(self, how: Ending, *, gap: Callable[[], object] | None = None) -> None:
        """End every watch: closed, or with an ERROR event. `gap` is awaited before any comes back."""
        self._open_to_watches.clear()
        self._ending = how
        for task in list(self._watches):
            task.cancel()
        while self._watches:
            await asyncio.wait(self._watches)
        if gap is not None:
            found = gap()
            if asyncio.iscoroutine(found):
                await found
        self._open_to_watches.set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request of the operator."""
        self.requests.append((request.method, request.path_qs))
        if request.query.get("watch") == "true":
            return await self._watch(request)
        fault = self.plan(request.method, request.path)
        if isinstance(fault, Refuse):
            return _refusal(fault)
        if isinstance(fault, Delay):
            await asyncio.sleep(fault.seconds)
        async with self._forward(request) as answer:
            body = await answer.read()
        if isinstance(fault, LoseAnswer):
            assert request.transport is not None
            request.transport.abort()
            raise ConnectionResetError("lost on purpose")
        if isinstance(fault, Hold):
            await fault.until.wait()
        response = web.Response(status=answer.status, body=body, content_type=answer.content_type)
        await response.prepare(request)
        await response.write_eof()
        self.answered(request.method, request.path)
        return response

    @asynccontextmanager
    async def _forward(self, request: web.Request) -> AsyncIterator[aiohttp.ClientResponse]:
        headers = {name: request.headers[name] for name in ("Accept", "Content-Type") if name in request.headers}
        async with self._session.request(
            request.method,
            self._server + request.path_qs,
            data=await request.read() or None,
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=None),
        ) as answer:
            yield answer

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        await self._open_to_watches.wait()
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        async with self._forward(request) as answer:
            response.set_status(answer.status)
            await response.prepare(request)
            task = asyncio.create_task(_copy(answer, response))
            self._watches.add(task)
            await asyncio.wait({task})
            self._watches.discard(task)
        with contextlib.suppress(ConnectionError):
            if task.cancelled() and self._ending in LAST_WORDS:
                event = {"type": "ERROR", "object": LAST_WORDS[self._ending]}
                await response.write(json.dumps(event).encode() + b"\n")
            await response.write_eof()
        return response


async def _copy(answer: aiohttp.ClientResponse, response: web.StreamResponse) -> None:
    """Until either side is gone: an operator that was killed reads no more."""
    with contextlib.suppress(ConnectionError):
        async for chunk in answer.content.iter_any():
            await response.write(chunk)


def _refusal(fault: Refuse) -> web.Response:
    status = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "code": fault.status,
        "reason": fault.reason,
    }
    headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
    return web.json_response({**status, "message": "made to fail"}, status=fault.status, headers=headers)


@asynccontextmanager
async def fault_proxy(kubeconfig: Path, folder: Path) -> AsyncIterator[tuple[FaultProxy, Path]]:
    """The proxy and a kubeconfig that leads to it."""
    connection = await connect(str(kubeconfig))
    async with connection.open_session() as session:
        proxy = FaultProxy(session, connection.server)
        app = web.Application(client_max_size=2**24)
        app.router.add_route("*", "/{path:.*}", proxy.handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield proxy, _kubeconfig(folder / "proxy.kubeconfig", runner.addresses[0][1])
        finally:
            await runner.cleanup()


def _kubeconfig(path: Path, port: int) -> Path:
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "proxy", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "proxy", "user": {}}],
        "contexts": [{"name": "proxy", "context": {"cluster": "proxy", "user": "proxy"}}],
        "current-context": "proxy",
    }
    path.write_text(yaml.safe_dump(content))
    return path
