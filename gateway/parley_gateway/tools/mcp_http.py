"""What goes over the wire to a server of the Model Context Protocol, and what a failure on it means.

The SDK tells a refused connection, a cut one and every HTTP status above 400 by one and the same error, or ends
the whole connection over it. For calls it matters whether anything was done: here each of them becomes a JSON-RPC
error with a code of its own, which the SDK hands to the very call it befell.
"""

from __future__ import annotations

from typing import Any

import httpx2
import orjson

from parley_gateway.tools.headers import BadHeaderError, SecretHeaders
from parley_gateway.trust import trust

NOT_SENT = -32090
"""The server was not reached, or said no to the request as such: nothing was done."""
LOST = -32091
"""The request was sent, and no answer came of it that says what was done."""
SESSION_GONE = -32092
"""The server has forgotten the session, as after a restart: nothing was done."""

_SESSION = "mcp-session-id"
_LARGEST_ANSWER = 1024 * 1024
_NOT_CONNECTED = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
)


class McpHttp(httpx2.AsyncClient):
    """The HTTP client of one server."""

    def __init__(self, headers: SecretHeaders, *, timeout_s: float) -> None:
        # A stream of events may be silent for long; calls have a deadline of their own.
        timeout = httpx2.Timeout(timeout_s, read=None, connect=timeout_s / 2)
        super().__init__(verify=trust(), timeout=timeout, follow_redirects=False, limits=_LIMITS)
        self._secrets = headers

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """As the SDK's client would, with every failure of a POST as an answer in JSON-RPC."""
        if request.method != "POST":
            request.headers.update(self._secrets.read())
            return await super().send(request, **options)
        try:
            request.headers.update(self._secrets.read())
            return await _told(await super().send(request, **options))
        except BadHeaderError as error:
            return _failure(request, NOT_SENT, str(error))
        except _NOT_CONNECTED:
            return _failure(request, NOT_SENT, "the server could not be reached")
        except httpx2.HTTPError:
            return _failure(request, LOST, "the connection ended before the answer did")


_LIMITS = httpx2.Limits(max_connections=None, max_keepalive_connections=4, keepalive_expiry=2.0)
"""Kept for no longer than servers do, which otherwise close a connection in the moment of the next call."""


async def _told(response: httpx2.Response) -> httpx2.Response:
    """The answer; in JSON it is read here, so that a connection that is cut in it befalls this request alone."""
    is_json = response.headers.get("content-type", "").lower().startswith("application/json")
    if is_json and not await _read(response):
        return _failure(response.request, LOST, "the answer is too long")
    code = _code(response)
    if response.status_code < 400 or (code != SESSION_GONE and is_json and _is_rpc_error(response.content)):
        return response
    await response.aclose()
    return _failure(response.request, code, f"the server answered HTTP {response.status_code}")


async def _read(response: httpx2.Response) -> bool:
    """Whether it fits."""
    length = response.headers.get("content-length", "0")
    if length.isdigit() and int(length) > _LARGEST_ANSWER:
        await response.aclose()
        return False
    await response.aread()
    return True


def _is_rpc_error(body: bytes) -> bool:
    try:
        message = orjson.loads(body)
    except ValueError:
        return False
    return isinstance(message, dict) and isinstance(message.get("error"), dict)


def _code(response: httpx2.Response) -> int:
    if response.status_code == 404 and _SESSION in response.request.headers:
        return SESSION_GONE
    return LOST if response.status_code >= 500 or response.status_code == 408 else NOT_SENT


def _failure(request: httpx2.Request, code: int, message: str) -> httpx2.Response:
    content = orjson.dumps({"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": message}})
    headers = {"content-type": "application/json"}
    return httpx2.Response(502, headers=headers, content=content, request=request)
