"""The API server's verbs on plain dicts.

Plain dicts rather than the typed models of the kubernetes package: its models reject partial objects and drop
fields they do not know, and server-side apply must send exactly what was rendered. There are no retries here;
whoever asked knows whether and when to ask again.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import aiohttp

from parley_operator.kube import errors
from parley_operator.kube.objects import Json

__all__ = ["Client", "Json"]

REQUEST_TIMEOUT = 30.0
"""Seconds for a whole request that is not a watch."""
WATCH_INACTIVITY = 130.0
"""Seconds without a byte after which a watch is dead; the server sends a bookmark every minute."""

_APPLY = "application/apply-patch+yaml"
_MERGE = "application/merge-patch+json"
_PARSED_ONCE = {"fieldValidation": "Ignore"}
"""So the server does not parse the text again to warn of keys said twice; unknown ones an apply refuses anyway."""
_METADATA_ONLY = "application/json;as=PartialObjectMetadata{};g=meta.k8s.io;v=v1"


class Client:
    """Requests to one API server."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        server: str,
        *,
        timeout: float = REQUEST_TIMEOUT,
        may_write: Callable[[], bool] = lambda: True,
    ) -> None:
        """`may_write` is asked before each write: a process that lost its Lease must not write any more."""
        self._session, self._server, self._timeout, self._may_write = session, server, timeout, may_write

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> Json:
        """Read one object."""
        return await self._call("GET", path, query=query)

    async def list(
        self, path: str, query: Mapping[str, str] | None = None, *, metadata_only: bool = False
    ) -> Json:
        """Read a collection: `{"metadata": {"resourceVersion": …}, "items": […]}`."""
        accept = _METADATA_ONLY.format("List") if metadata_only else "application/json"
        return await self._call("GET", path, query=query, headers={"Accept": accept})

    async def create(self, path: str, body: Json, *, field_manager: str, dry_run: bool = False) -> Json:
        """POST to a collection; raises `AlreadyExistsError`."""
        return await self._call("POST", path, body=body, query={"fieldManager": field_manager, **_dry(dry_run)})

    async def replace(self, path: str, body: Json, *, within: float | None = None, dry_run: bool = False) -> Json:
        """PUT; raises `ConflictError` when `metadata.resourceVersion` is no longer the latest."""
        return await self._call("PUT", path, body=body, query=_dry(dry_run), within=within)

    async def merge(self, path: str, body: Json) -> Json:
        """JSON merge patch."""
        return await self._call("PATCH", path, body=body, content_type=_MERGE)

    async def apply(
        self, path: str, body: Json, *, field_manager: str, force: bool, dry_run: bool = False
    ) -> Json:
        """Server-side apply; raises `ConflictError` when not forced and another manager owns a field."""
        query = {"fieldManager": field_manager, "force": "true" if force else "false", **_dry(dry_run)}
        query |= _PARSED_ONCE
        return await self._call("PATCH", path, body=body, query=query, content_type=_APPLY)

    async def delete(self, path: str, *, uid: str) -> None:
        """Delete the object of this UID, and its children in the background; absent is fine."""
        body = {"preconditions": {"uid": uid}, "propagationPolicy": "Background"}
        try:
            await self._call("DELETE", path, body=body)
        except errors.NotFoundError:
            return

    async def watch(
        self, path: str, query: Mapping[str, str], *, metadata_only: bool = False
    ) -> AsyncGenerator[Json]:
        """Events as `{"type", "object"}` until the server ends the stream; raises like any request."""
        accept = _METADATA_ONLY.format("") if metadata_only else "application/json"
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=self._timeout, sock_read=WATCH_INACTIVITY)
        query = {**query, "watch": "true", "allowWatchBookmarks": "true"}
        async with self._open("GET", path, query=query, headers={"Accept": accept}, limit=timeout) as response:
            async for line in _lines(response.content):
                event = _decoded(line, f"GET {path}")
                if event["type"] == "ERROR":
                    status = event["object"]
                    raise errors.from_status(int(status.get("code") or 500), status)
                yield event

    async def lines(self, path: str, query: Mapping[str, str]) -> AsyncGenerator[str]:
        """A text as it comes, such as a pod's log, until the server ends it; raises like any request."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=self._timeout)
        async with self._open("GET", path, query=query, headers={}, limit=timeout) as response:
            async for line in _lines(response.content):
                yield line.decode(errors="replace")

    async def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Json | None = None,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
        within: float | None = None,
    ) -> Json:
        if method != "GET" and not self._may_write():
            raise errors.LeadershipLostError("the Lease is no longer held")
        data = None if body is None else json.dumps(body).encode()
        limit = aiohttp.ClientTimeout(total=within or self._timeout)
        headers = {**(headers or {}), "Content-Type": content_type}
        async with self._open(method, path, query=query, headers=headers, limit=limit, data=data) as response:
            return _decoded(await response.read(), f"{method} {path}")

    @asynccontextmanager
    async def _open(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None,
        headers: Mapping[str, str],
        limit: aiohttp.ClientTimeout,
        data: bytes | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        try:
            async with self._session.request(
                method, self._server + path, params=query, headers=headers, timeout=limit, data=data
            ) as response:
                if response.status >= 400:
                    raise await _failure(response, secret="/secrets" in path)
                yield response
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise errors.UnreachableError(f"{method} {path}: {type(error).__name__}") from error


def _decoded(data: bytes, request: str) -> Json:
    """What stands between may cut an answer short, or give one of its own."""
    try:
        answer: Json = json.loads(data)
    except ValueError as error:
        raise errors.UnreachableError(f"{request}: the answer is not JSON") from error
    return answer


def _dry(dry_run: bool) -> dict[str, str]:
    """The server does everything but store the result."""
    return {"dryRun": "All"} if dry_run else {}


async def _failure(response: aiohttp.ClientResponse, *, secret: bool) -> errors.ApiError:
    try:
        body = json.loads(await response.read())
    except ValueError:
        body = {}
    wait = response.headers.get("Retry-After", "")
    return errors.from_status(
        response.status,
        body if isinstance(body, dict) else {},
        secret=secret,
        retry_after=float(wait) if wait.isdigit() else None,
    )


async def _lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Complete lines of any length; aiohttp's own iteration refuses lines longer than its buffer."""
    rest = b""
    async for chunk in content.iter_any():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line:
                yield line
    if rest:
        yield rest
