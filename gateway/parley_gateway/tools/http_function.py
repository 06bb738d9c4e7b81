"""A function that is called over HTTP: arguments as a JSON body, or as the query of a GET or DELETE."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import httpx2
import orjson

from parley_contract.agent import HttpTool
from parley_gateway.ports import ToolSpec
from parley_gateway.tools.arguments import Arguments
from parley_gateway.tools.headers import BadHeaderError, SecretHeaders
from parley_gateway.tools.outcome import Outcome, answered, in_doubt, refused
from parley_gateway.trust import trust

logger = logging.getLogger(__name__)

NOT_REACHED = "It could not be reached; nothing was done."
NOT_SET_UP = "It is not set up rightly; nothing was done."
_LARGEST_ANSWER = 64 * 1024
_IN_THE_QUERY = ("GET", "DELETE")
_NOT_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
)
_READABLE = ("text/", "application/json", "application/xml", "+json", "+xml")


def http_client() -> httpx2.AsyncClient:
    """For the functions of a process. Redirects are not followed: that could hand a secret to another host.

    No connection is kept: a server may close it in the moment of the next call, and then nobody would know
    whether that was done.
    """
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
    return httpx2.AsyncClient(verify=trust(), limits=limits, follow_redirects=False)


class HttpFunction:
    """Implements `Function`."""

    def __init__(self, config: HttpTool, http: httpx2.AsyncClient) -> None:
        """Raises ValueError for a URL that cannot be called, or parameters that are no schema."""
        try:
            self._url = httpx2.URL(config.url)
        except httpx2.InvalidURL:
            raise ValueError(f"the tool {config.name} has no valid URL") from None
        if self._url.scheme not in ("http", "https") or not self._url.host:
            raise ValueError(f"the tool {config.name} needs a URL with http or https")
        self.spec = ToolSpec(config.name, config.description, config.parameters)
        self.parse = Arguments(config.parameters).parse
        self.idempotent = config.idempotent or config.method == "GET"
        self._method = config.method
        self._headers = SecretHeaders(config.header_files)
        self._timeout_s = config.timeout
        self._http = http

    async def call(self, arguments: dict[str, Any], *, key: str) -> Outcome:
        """Call it once. Never raises but when cancelled."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._ask(arguments, key)
        except TimeoutError:
            return in_doubt(f"It did not answer within {self._timeout_s:g} s.")
        except BadHeaderError as error:
            logger.error("a tool lacks a header", extra={"tool": self.spec.name, "problem": str(error)})  # noqa: TRY400
            return refused(NOT_SET_UP)
        except _NOT_SENT:
            return refused(NOT_REACHED)
        except httpx2.HTTPError:
            return in_doubt("The connection ended before its answer did.")

    async def _ask(self, arguments: dict[str, Any], key: str) -> Outcome:
        request = self._request(arguments, key)
        response = await self._http.send(request, stream=True)
        try:
            return _outcome(response, await _text(response))
        finally:
            await response.aclose()

    def _request(self, arguments: dict[str, Any], key: str) -> httpx2.Request:
        headers = {"Accept": "application/json, text/plain;q=0.9, */*;q=0.1", "Idempotency-Key": key}
        # Half of the time is for connecting: when it is over, it is sure that nothing was done.
        timeout = httpx2.Timeout(self._timeout_s, connect=self._timeout_s / 2)
        if self._method in _IN_THE_QUERY:
            url = self._url.copy_merge_params({name: _in_query(value) for name, value in arguments.items()})
            return self._http.build_request(
                self._method, url, headers=headers | self._headers.read(), timeout=timeout
            )
        headers |= {"Content-Type": "application/json"} | self._headers.read()
        return self._http.build_request(
            self._method, self._url, headers=headers, content=orjson.dumps(arguments), timeout=timeout
        )


class HttpFunctions:
    """All functions over HTTP of a process. Implements `Source`."""

    name = "http"

    def __init__(self, configs: Sequence[HttpTool]) -> None:
        """Raises ValueError for one that cannot be called."""
        self._http = http_client()
        self.functions = [HttpFunction(config, self._http) for config in configs]

    async def ready(self) -> None:
        """At once: each call has a connection of its own."""

    async def run(self) -> None:
        """Nothing changes."""

    async def aclose(self) -> None:
        """Let go of the client."""
        await self._http.aclose()

    def report(self) -> dict[str, Any]:
        """What there is."""
        return {"source": self.name, "connected": True, "tools": len(self.functions)}


def _in_query(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


async def _text(response: httpx2.Response) -> str:
    """The body, as far as a model can read it, and no more than a bound."""
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) > _LARGEST_ANSWER:
            break
    kind = response.headers.get("content-type", "text/plain").partition(";")[0].strip().lower()
    if body and not any(part in kind for part in _READABLE):
        return f"[{kind}, which cannot be read out]"
    return bytes(body[:_LARGEST_ANSWER]).decode(response.encoding or "utf-8", errors="replace")


def _outcome(response: httpx2.Response, text: str) -> Outcome:
    """By status: 4xx is a no, and 5xx says nothing about what was done before it."""
    status = response.status_code
    if 200 <= status < 300:
        return answered(text)
    if status == 408 or (status >= 500 and status != 501):
        return in_doubt(f"It answered HTTP {status}.")
    if status < 400:
        return refused(f"It answered HTTP {status}, a redirect, which is not followed; nothing was done.")
    return refused(f"It answered HTTP {status}: {text}" if text else f"It answered HTTP {status}.")
