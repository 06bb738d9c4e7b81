"""Deepgram's SDK as recognition and speech both use it: its addresses and its auth, on sockets of our own.

The SDK closes a socket by a handshake, which took 21 s with a peer that ignored it; ours are aborted.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Generic, TypeVar

import httpx
from deepgram import AsyncDeepgramClient
from deepgram.environment import DeepgramClientEnvironment

from parley_contract.pipeline import DeadlinesConfig
from parley_gateway.conversation.events import Stage
from parley_gateway.providers.websocket import AbortableWebSocket, websocket_failure, websocket_url
from parley_gateway.trust import trust

_ENDPOINT = "wss://api.deepgram.com"
_AGENTS = ("deepgram.agent.v1.raw_client", "deepgram.agent.v1.client")
"""The SDK's modules of an API that nobody here uses."""

S = TypeVar("S")
OpenSocket = Callable[[str, Mapping[str, str]], AbortableWebSocket]

_open_socket: ContextVar[OpenSocket] = ContextVar("open_socket")


def _transport(url: str, headers: Mapping[str, str]) -> AbortableWebSocket:
    """The SDK takes one transport factory for the whole process: whose socket it is, the context knows."""
    return _open_socket.get()(url, headers)


@dataclass(frozen=True, slots=True)
class Connection(Generic[S]):
    """An open connection: the SDK's face of it, and the socket that it is on."""

    sdk: S
    socket: AbortableWebSocket


class DeepgramSockets:
    """What the connections of one provider share."""

    def __init__(self, base_url: str | None, deadlines: DeadlinesConfig, *, decode: bool = True) -> None:
        """`decode`: whether text comes as `str`; a parser of bytes is spared the work."""
        self._base_url = websocket_url(base_url or _ENDPOINT)
        self._deadlines = deadlines
        self._decode = decode
        self._http = httpx.AsyncClient(verify=trust())

    def client(self, key: str) -> AsyncDeepgramClient:
        """The SDK's client, with this key."""
        url = self._base_url
        with _without_agents():
            return AsyncDeepgramClient(
                api_key=key,
                environment=DeepgramClientEnvironment(base=url, production=url, agent=url, agent_rest=url),
                httpx_client=self._http,
                transport_factory=_transport,
            )

    @asynccontextmanager
    async def open(self, stage: Stage, connecting: AbstractAsyncContextManager[S]) -> AsyncIterator[Connection[S]]:
        """What `client(…).listen.v1.connect(…)` and its like give, connected. Raises ProviderError."""
        sockets: list[AbortableWebSocket] = []

        def socket(url: str, headers: Mapping[str, str]) -> AbortableWebSocket:
            sockets.append(
                AbortableWebSocket(url, headers, open_timeout=self._deadlines.connect, decode=self._decode)
            )
            return sockets[0]

        _open_socket.set(socket)
        async with connecting as sdk:
            await _connect(stage, sockets[0])
            yield Connection(sdk, sockets[0])

    async def aclose(self) -> None:
        """Let go of what is shared; connections end with their `open`."""
        await self._http.aclose()


@contextmanager
def _without_agents() -> Iterator[None]:
    """The SDK brings a transport to each of its APIs that can be imported: these take 3 MB."""
    absent: dict[str, None] = {name: None for name in _AGENTS if name not in sys.modules}
    sys.modules.update(absent)  # type: ignore[arg-type]  # None: an import raises ModuleNotFoundError
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


async def _connect(stage: Stage, socket: AbortableWebSocket) -> None:
    """Translates here: the SDK would take a refusal's headers, and with them Retry-After, away."""
    try:
        await socket.open()
    except Exception as error:
        failure = websocket_failure(stage, error)
        if failure is None:
            raise
        raise failure from None
