"""Deepgram's streaming recognition, version 1, through the official SDK."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import httpx
import orjson
from deepgram import AsyncDeepgramClient
from deepgram.environment import DeepgramClientEnvironment
from deepgram.listen.v1.socket_client import AsyncV1SocketClient

from parley_contract.pipeline import DeadlinesConfig, DeepgramStt
from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.ports import ProviderError, SttEvent, SttRequest
from parley_gateway.providers.audio_buffer import AudioBuffer
from parley_gateway.providers.credentials import KeyedClients, Keys
from parley_gateway.providers.stt.deepgram_turns import DeepgramTurns
from parley_gateway.providers.websocket import AbortableWebSocket, websocket_failure

_ENDPOINT = "wss://api.deepgram.com"
_RATE = 16_000
_SEND_MS = 80
"""A send costs 34 µs whatever its length: frames of 20 ms are put together to this, longer ones go as they are."""
_LARGEST_SEND_MS = 250
"""Deepgram's advice for the length of one message."""
_KEEP_ALIVE_S = 4.0
"""Deepgram closes after 10 s without audio or KeepAlive (NET-0001) and advises 3 to 5 s."""
_BACKLOG_MS = 5_000
"""Audio kept while the connection is being made or is slow; the oldest is dropped beyond."""


@dataclass(frozen=True, slots=True)
class _Connection:
    """An open stream: the SDK's face of it, and the socket that it is on."""

    listen: AsyncV1SocketClient
    socket: AbortableWebSocket


Connect = Callable[[], AbstractAsyncContextManager[_Connection]]
OpenSocket = Callable[[str, Mapping[str, str]], AbortableWebSocket]

_open_socket: ContextVar[OpenSocket] = ContextVar("open_socket")


def _transport(url: str, headers: Mapping[str, str]) -> AbortableWebSocket:
    """The SDK takes one transport factory for the whole process: whose socket it is, the context knows."""
    return _open_socket.get()(url, headers)


class DeepgramListen:
    """Recognition by Deepgram; a connection per session."""

    def __init__(self, config: DeepgramStt, deadlines: DeadlinesConfig, keys: Keys) -> None:
        self._config = config
        self._deadlines = deadlines
        self._base_url = _websocket_url(config.base_url or _ENDPOINT)
        self._tls = httpx.create_ssl_context()
        self._http = httpx.AsyncClient(verify=self._tls)
        self._clients = KeyedClients(keys, self._build)
        self._streams: set[DeepgramStream] = set()

    def _build(self, key: str) -> AsyncDeepgramClient:
        url = self._base_url
        return AsyncDeepgramClient(
            api_key=key,
            environment=DeepgramClientEnvironment(base=url, production=url, agent=url, agent_rest=url),
            httpx_client=self._http,
            transport_factory=_transport,
        )

    @property
    def sample_rate(self) -> int:
        """Hz that `send` wants."""
        return _RATE

    @property
    def owns_turns(self) -> bool:
        """Deepgram's endpointing says when a turn ends."""
        return True

    async def warm(self) -> None:
        """Read the key and load what the SDK loads late. Raises ProviderError."""
        _ = self._clients.any().listen.v1

    def open(self, request: SttRequest) -> DeepgramStream:
        """Begin to recognise one session; connects in the background."""
        stream = DeepgramStream(lambda: self._connect(request), self._deadlines, self._streams.discard)
        self._streams.add(stream)
        return stream

    @asynccontextmanager
    async def _connect(self, request: SttRequest) -> AsyncIterator[_Connection]:
        sockets: list[AbortableWebSocket] = []
        _open_socket.set(lambda url, headers: _remembered(sockets, self._socket(url, headers)))
        async with (
            self._clients.lease() as client,
            client.listen.v1.connect(
                model=self._config.model,
                language=request.language,
                encoding="linear16",
                sample_rate=_RATE,
                channels=1,
                interim_results="true",
                # Not smart_format: it holds finals back until an entity is complete.
                punctuate="true",
                vad_events="true",
                endpointing=self._config.endpointing_ms,
                utterance_end_ms=self._config.utterance_end_ms,
                keyterm=self._config.keyterms or None,
            ) as listen,
        ):
            await self._open(sockets[0])
            yield _Connection(listen, sockets[0])

    async def _open(self, socket: AbortableWebSocket) -> None:
        """Translates here: the SDK would take a refusal's headers, and with them Retry-After, away."""
        try:
            await socket.open()
        except Exception as error:
            failure = websocket_failure(Stage.STT, error)
            if failure is None:
                raise
            raise failure from None

    def _socket(self, url: str, headers: Mapping[str, str]) -> AbortableWebSocket:
        return AbortableWebSocket(url, headers, tls=self._tls, open_timeout=self._deadlines.connect)

    async def aclose(self) -> None:
        """Abort what is open and wait for its end."""
        streams = list(self._streams)
        for stream in streams:
            stream.abort()
        await asyncio.gather(*(stream.ended() for stream in streams))
        await self._http.aclose()


def _remembered(sockets: list[AbortableWebSocket], socket: AbortableWebSocket) -> AbortableWebSocket:
    sockets.append(socket)
    return socket


def _websocket_url(url: str) -> str:
    """`http` and `https` are taken as what they become after the upgrade."""
    scheme, separator, rest = url.rstrip("/").partition("://")
    return {"http": "ws", "https": "wss"}.get(scheme, scheme) + separator + rest


class DeepgramStream:
    """One session's recognition. One task connects and sends; whoever iterates `events` receives."""

    owns_turns = True

    def __init__(
        self, connect: Connect, deadlines: DeadlinesConfig, on_end: Callable[[DeepgramStream], None]
    ) -> None:
        self._connect = connect
        self._deadlines = deadlines
        self._audio = AudioBuffer(rate=_RATE, capacity_ms=_BACKLOG_MS)
        self._turns = DeepgramTurns(self._audio.caller_ms)
        self._finalize = False
        self._wake = asyncio.Event()
        self._settled = asyncio.Event()
        self._connection: _Connection | None = None
        self._failure: ProviderError | None = None
        self._aborted = False
        self._unanswered_since: float | None = None
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(lambda _: on_end(self))

    def send(self, pcm: bytes) -> int:
        """Hand over audio; returns the ms dropped to stay bounded."""
        if self._aborted or self._failure is not None:
            return 0
        dropped_ms = self._audio.push(pcm)
        if self._audio.pending_ms >= _SEND_MS:
            self._wake.set()
        return dropped_ms

    def finalize(self) -> None:
        """Ask for a final transcript of what was sent so far, now."""
        self._finalize = True
        self._wake.set()

    async def events(self) -> AsyncGenerator[SttEvent, None]:
        """What is heard. Raises ProviderError when recognition cannot go on."""
        await self._settled.wait()
        try:
            while True:
                for event in self._turns.read(_parsed(await self._receive())):
                    yield event
        except ProviderError as failure:
            if not self._aborted:
                raise self._cause_of(failure) from None
        finally:
            self.abort()

    def abort(self) -> None:
        """Let go at once, waiting for nobody."""
        self._aborted = True
        self._settled.set()
        if self._connection is not None:
            self._connection.socket.abort()
        self._task.cancel()

    async def ended(self) -> None:
        """Returns when nothing of an aborted stream is left."""
        await asyncio.wait([self._task])

    def _cause_of(self, failure: ProviderError) -> ProviderError:
        """The sender aborts the socket when it gives up, which the receiver sees as a cut."""
        if self._failure is not None and failure.kind is FailureKind.CUT:
            return self._failure
        return failure

    async def _receive(self) -> str | bytes:
        if self._connection is None:
            raise self._failure or ProviderError(Stage.STT, FailureKind.CUT, "let go before it was connected")
        try:
            message = await self._connection.socket.recv()
        except Exception as error:
            failure = websocket_failure(Stage.STT, error)
            if failure is None:
                raise
            raise failure from None
        self._unanswered_since = None
        return message

    async def _run(self) -> None:
        try:
            async with self._connect() as connection:
                self._connection = connection
                self._settled.set()
                await self._write(connection.listen)
        except Exception as error:
            self._failure = websocket_failure(Stage.STT, error)
            if self._failure is None:
                raise
        finally:
            self._settled.set()

    async def _write(self, listen: AsyncV1SocketClient) -> None:
        while True:
            if not await self._work_within(_KEEP_ALIVE_S) and not self._audio.pending_ms:
                await listen.send_keep_alive()
            asked = self._finalize
            while pcm := self._audio.take(_LARGEST_SEND_MS):
                await self._send(listen, pcm)
            if asked:
                self._finalize = False
                await listen.send_finalize()

    async def _work_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return False
        self._wake.clear()
        return True

    async def _send(self, listen: AsyncV1SocketClient, pcm: bytes) -> None:
        """Deepgram answers audio, silence too, every few seconds: one that stays silent is lost."""
        now = asyncio.get_running_loop().time()
        if self._unanswered_since is None:
            self._unanswered_since = now
        elif now - self._unanswered_since > self._deadlines.first_byte:
            detail = f"heard nothing of {self._deadlines.first_byte:g} s of audio"
            raise ProviderError(Stage.STT, FailureKind.TIMEOUT, detail)
        await listen.send_media(pcm)


def _parsed(raw: str | bytes) -> Mapping[str, object]:
    """The SDK's parser skips what it cannot read; this one is asked to say so, and costs a twentieth."""
    try:
        message = orjson.loads(raw)
    except ValueError:
        message = None
    if not isinstance(message, dict):
        raise ProviderError(Stage.STT, FailureKind.GARBAGE, "a message that is not a JSON object")
    return message


def create(config: DeepgramStt, deadlines: DeadlinesConfig, keys: Keys) -> DeepgramListen:
    """The provider, not connected yet."""
    return DeepgramListen(config, deadlines, keys)
