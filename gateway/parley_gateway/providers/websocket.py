"""A WebSocket that can be let go of at once, in the shape that the Deepgram SDK takes as its transport."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidMessage,
    InvalidProxy,
    InvalidStatus,
    InvalidURI,
    ProxyError,
    WebSocketException,
)
from websockets.protocol import State

from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.frames import BINARY, TEXT, masked_frame
from parley_gateway.ports import ProviderError
from parley_gateway.providers.errors import NO_CONNECTION, status_failure
from parley_gateway.trust import trust

_PING_S = 20.0
_LARGEST_MESSAGE = 1024 * 1024
_FILLED = 16 * 1024
"""Bytes that wait to be sent: from then on the library takes over, whose sending waits until they have gone."""
_PROTOCOL_BROKEN = (1002, 1003, 1007, 1009)
"""Close codes of RFC 6455 that our side sends when it gets what is not WebSocket, not text, or too large."""


class AbortableWebSocket:
    """One connection. Closing it is aborting it: no close handshake, which a silent peer could draw out."""

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        *,
        open_timeout: float,
        largest_message: int = _LARGEST_MESSAGE,
        decode: bool = True,
    ) -> None:
        """`decode`: whether text comes as `str`; a parser of bytes is spared the work."""
        self._url = url
        self._headers = headers
        self._open_timeout = open_timeout
        self._largest_message = largest_message
        self._decode = None if decode else False
        self._connection: ClientConnection | None = None

    async def open(self) -> None:
        """Connect. Raises what `websocket_failure` translates."""
        # Audio does not deflate, and a context per message would cost 300 KB and more per session.
        self._connection = await connect(
            self._url,
            additional_headers=dict(self._headers),
            user_agent_header=None,
            compression=None,
            ssl=trust() if self._url.startswith("wss:") else None,
            open_timeout=self._open_timeout,
            ping_interval=_PING_S,
            ping_timeout=_PING_S,
            max_size=self._largest_message,
        )

    async def send(self, data: str | bytes) -> None:
        """Send one message, waiting while the network is slower than its sender."""
        connection = self._opened()
        transport = connection.transport
        if connection.state is not State.OPEN or transport.get_write_buffer_size() > _FILLED:
            # Which waits, or says what is wrong.
            await connection.send(data)
        elif isinstance(data, str):
            transport.write(masked_frame(TEXT, data.encode()))
        else:
            transport.write(masked_frame(BINARY, data))

    async def recv(self) -> str | bytes:
        """The next message. Raises ConnectionClosed at the end, also at an orderly one."""
        return await self._opened().recv(decode=self._decode)

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        while True:
            yield await self.recv()

    async def close(self) -> None:
        """The same as `abort`."""
        self.abort()

    def abort(self) -> None:
        """Drop the connection now. May be called at any time, and twice."""
        if self._connection is not None:
            self._connection.transport.abort()

    def _opened(self) -> ClientConnection:
        if self._connection is None:
            raise RuntimeError("open() comes first")
        return self._connection


def websocket_url(url: str) -> str:
    """`http` and `https` are taken as what they become after the upgrade."""
    scheme, separator, rest = url.rstrip("/").partition("://")
    return {"http": "ws", "https": "wss"}.get(scheme, scheme) + separator + rest


def websocket_failure(stage: Stage, error: Exception) -> ProviderError | None:
    """The failure that an exception of a WebSocket tells of; None for one that is not of its kind."""
    match error:
        case ProviderError():
            return error
        case InvalidStatus():
            return status_failure(stage, error.response.status_code, error.response.headers)
        case ConnectionClosed():
            return _closed(stage, error)
        case InvalidMessage() if isinstance(error.__cause__, EOFError):
            return ProviderError(stage, FailureKind.CUT, "the connection ended during the handshake")
        case asyncio.TimeoutError():
            return ProviderError(stage, FailureKind.TIMEOUT, "no connection in time")
        case OSError() | ProxyError() | InvalidProxy() | InvalidURI():
            return ProviderError(stage, FailureKind.UNREACHABLE, NO_CONNECTION)
        case WebSocketException():
            return ProviderError(stage, FailureKind.GARBAGE, "an answer that is not WebSocket: check baseURL")
    return None


def _closed(stage: Stage, error: ConnectionClosed) -> ProviderError:
    if error.sent is not None and error.sent.code in _PROTOCOL_BROKEN and not error.rcvd_then_sent:
        return ProviderError(stage, FailureKind.GARBAGE, "messages that are not in the provider's format")
    code = error.rcvd.code if error.rcvd is not None else None
    match code:
        case None:
            return ProviderError(stage, FailureKind.CUT, "the connection ended without a word")
        case 1008:
            return ProviderError(stage, FailureKind.REFUSED, "closed with 1008: the request is not accepted")
        case 1013:
            return ProviderError(stage, FailureKind.OVERLOADED, "closed with 1013: to be tried again later")
    return ProviderError(stage, FailureKind.CUT, f"closed by the provider with {code}")
