"""What the Anthropic and the OpenAI SDK share: both speak through `httpx2`, over connections that are kept."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import httpx2

from parley_contract.pipeline import DeadlinesConfig
from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.ports import ProviderError
from parley_gateway.providers.errors import NO_CONNECTION, status_failure
from parley_gateway.trust import trust

_KEPT_IDLE_S = 45.0
"""A caller's turn lasts many seconds, and a TLS handshake costs one round trip or two: idle connections are kept
for longer than the library's 5 s, but not as long as common balancers keep theirs (60 s)."""
_FRESH_S = 40.0
"""From then on the connection may be gone by the time it is needed."""

_TROUBLE_IN_MID_STREAM = {
    "overloaded_error": 529,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "insufficient_quota": 402,
    "billing_error": 402,
    "timeout_error": 504,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "invalid_request_error": 400,
}
"""The providers' own words for what goes wrong after `200 OK`, as the status they answer in other cases."""


def http_client(deadlines: DeadlinesConfig) -> httpx2.AsyncClient:
    """A client for one provider. Redirects are errors: following one could hand the key to another host."""
    silence = max(deadlines.first_byte, deadlines.between_bytes)
    return httpx2.AsyncClient(
        verify=trust(),
        timeout=httpx2.Timeout(silence, connect=deadlines.connect, pool=deadlines.connect),
        limits=httpx2.Limits(max_connections=1000, max_keepalive_connections=100, keepalive_expiry=_KEPT_IDLE_S),
        follow_redirects=False,
    )


async def open_connection(http: httpx2.AsyncClient, base_url: str, stage: Stage) -> None:
    """Connect now and keep the connection: a HEAD without a key, to which any answer will do, and which is free.

    Raises ProviderError where no connection can be had.
    """
    with failures(stage):
        await http.head(base_url)


class Readiness:
    """Whether a request would find an open connection, and the care that it does.

    A conversation keeps connections in use by itself. This is for the first words after a quiet hour.
    """

    def __init__(self, http: httpx2.AsyncClient, base_url: str, stage: Stage) -> None:
        self._http = http
        self._base_url = base_url
        self._stage = stage
        self._used_at: float | None = None
        self._opening: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect now. Raises ProviderError."""
        await open_connection(self._http, self._base_url, self._stage)
        self.used()

    def used(self) -> None:
        """A request has just been answered."""
        self._used_at = asyncio.get_running_loop().time()

    def prepare(self) -> None:
        """A request is about to come: if the kept connection was given up meanwhile, another is opened beside."""
        now = asyncio.get_running_loop().time()
        if self._opening is None and self._used_at is not None and now - self._used_at >= _FRESH_S:
            self._opening = asyncio.create_task(self._prepare(), name="connection ahead of need")

    async def aclose(self) -> None:
        """Give up what is being opened."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait([self._opening])

    async def _prepare(self) -> None:
        try:
            # The request itself will tell what is wrong.
            with suppress(ProviderError):
                await self.open()
        finally:
            self._opening = None


@contextmanager
def failures(stage: Stage) -> Iterator[None]:
    """Turns what the SDKs and `httpx2` raise into ProviderError.

    The cause is left out on purpose: requests, headers and bodies hang on it, and so keys and what was said.
    """
    try:
        yield
    except ProviderError:
        raise
    except Exception as error:
        failure = failure_of(stage, error)
        if failure is None:
            raise
        raise failure from None


def failure_of(stage: Stage, error: BaseException) -> ProviderError | None:
    """The failure that an exception of `httpx2` or of an SDK over it tells of; None for one that is neither's."""
    transport = _transport_error(error)
    if transport is not None:
        return _transport_failure(stage, transport)
    if isinstance(error, ValueError):
        return ProviderError(stage, FailureKind.GARBAGE, "an answer that is not in the provider's format")
    body = getattr(error, "body", None)
    response = getattr(error, "response", None)
    if isinstance(response, httpx2.Response) and response.status_code >= 300:
        return status_failure(stage, response.status_code, response.headers, _error_type(body))
    if hasattr(error, "body"):
        return _mid_stream_failure(stage, _error_type(body))
    return None


def _transport_error(error: BaseException) -> httpx2.TransportError | httpx2.DecodingError | None:
    """The SDKs wrap, and name the cause."""
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, httpx2.TransportError | httpx2.DecodingError):
            return link
        link = link.__cause__
    return None


def _transport_failure(stage: Stage, error: httpx2.TransportError | httpx2.DecodingError) -> ProviderError:
    match error:
        case httpx2.ConnectTimeout() | httpx2.PoolTimeout():
            return ProviderError(stage, FailureKind.TIMEOUT, "no connection in time")
        case httpx2.TimeoutException():
            return ProviderError(stage, FailureKind.TIMEOUT, "the provider fell silent")
        case httpx2.ConnectError() | httpx2.UnsupportedProtocol() | httpx2.ProxyError():
            return ProviderError(stage, FailureKind.UNREACHABLE, NO_CONNECTION)
        case httpx2.RemoteProtocolError() if not _is_cut(error):
            return ProviderError(stage, FailureKind.GARBAGE, "an answer that is not HTTP")
        case httpx2.DecodingError():
            return ProviderError(stage, FailureKind.GARBAGE, "an answer that cannot be decoded")
    return ProviderError(stage, FailureKind.CUT, "the connection ended in the middle")


def _is_cut(error: httpx2.RemoteProtocolError) -> bool:
    """h11 and httpcore use one exception for an early end and for nonsense, and tell them apart in words."""
    words = str(error)
    return "disconnected" in words or "closed connection" in words


def _mid_stream_failure(stage: Stage, error_type: object) -> ProviderError:
    status = _TROUBLE_IN_MID_STREAM.get(error_type if isinstance(error_type, str) else "", 500)
    return status_failure(stage, status, {}, error_type)


def _error_type(body: object) -> object:
    """`{"error": {"type": …}}`, or what is within `error`; OpenAI also has `code`, which says more."""
    if isinstance(body, Mapping):
        inner = body.get("error", body)
        if isinstance(inner, Mapping):
            return inner.get("code") or inner.get("type")
    return None
