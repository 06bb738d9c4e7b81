"""Deepgram's streaming recognition, version 1, through the official SDK."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from copy import copy
from typing import Any, Self

from deepgram.listen.v1.socket_client import AsyncV1SocketClient

from parley_contract.pipeline import DeadlinesConfig, DeepgramStt
from parley_gateway.conversation.events import Stage
from parley_gateway.ports import SttEvent, SttRequest, VoiceActivity
from parley_gateway.providers.credentials import KeyedClients, Keys
from parley_gateway.providers.deepgram_client import Connection, DeepgramSockets
from parley_gateway.providers.stt.deepgram_stream import RATE, DeepgramStream, Streams, nearest_rate
from parley_gateway.providers.stt.deepgram_turns import DeepgramTurns
from parley_gateway.providers.stt.metering import AudioMeter

_KEEP_ALIVE_S = 4.0
"""Deepgram closes after 10 s without audio or KeepAlive (NET-0001) and advises 3 to 5 s."""


class DeepgramListen:
    """Recognition by Deepgram; a connection per session."""

    owns_turns = True

    def __init__(self, config: DeepgramStt, deadlines: DeadlinesConfig, keys: Keys) -> None:
        self.sample_rate = RATE
        self._config = config
        self._deadlines = deadlines
        self._sockets = DeepgramSockets(config.base_url, deadlines, decode=False)
        self._clients = KeyedClients(keys, self._sockets.client)
        self._streams: Streams[AsyncV1SocketClient] = Streams()

    def at(self, rate: int) -> Self:
        """The same provider for audio of that rate."""
        same = copy(self)
        same.sample_rate = nearest_rate(rate)
        return same

    async def warm(self) -> None:
        """Read the key and load what the SDK loads late. Raises ProviderError."""
        _ = self._clients.any().listen.v1

    def open(self, request: SttRequest) -> DeepgramStream[AsyncV1SocketClient]:
        """Begin to recognise one session; connects in the background."""
        meter = AudioMeter(
            request, provider=self._config.provider, model=self._config.model, rate=self.sample_rate
        )
        stream: DeepgramStream[AsyncV1SocketClient] = DeepgramStream(
            lambda: self._connect(request), V1, rate=self.sample_rate, deadlines=self._deadlines, meter=meter
        )
        return self._streams.add(stream)

    @asynccontextmanager
    async def _connect(self, request: SttRequest) -> AsyncIterator[Connection[AsyncV1SocketClient]]:
        async with self._clients.lease() as client:
            connecting = client.listen.v1.connect(
                model=self._config.model,
                language=request.language,
                encoding="linear16",
                sample_rate=self.sample_rate,
                channels=1,
                interim_results="true",
                # Not smart_format: it holds finals back until an entity is complete.
                punctuate="true",
                vad_events="true",
                endpointing=self._config.endpointing_ms,
                utterance_end_ms=self._config.utterance_end_ms,
                keyterm=self._config.keyterms or None,
            )
            async with self._sockets.open(Stage.STT, connecting) as connection:
                yield connection

    async def aclose(self) -> None:
        """Abort what is open and wait for its end."""
        await self._streams.aclose()
        await self._sockets.aclose()


class V1:
    """The first version's way to speak."""

    def __init__(self, caller_ms: Callable[[int], int]) -> None:
        self._turns = DeepgramTurns(caller_ms)

    @property
    def idle_s(self) -> float:
        """When a KeepAlive is due."""
        return _KEEP_ALIVE_S

    def read(self, message: Mapping[str, Any]) -> Iterator[SttEvent]:
        """What a message tells."""
        return self._turns.read(message)

    async def idle(self, sdk: AsyncV1SocketClient) -> None:
        """Keep the connection alive."""
        await sdk.send_keep_alive()

    async def finalize(self, sdk: AsyncV1SocketClient) -> None:
        """Ask for what there is."""
        await sdk.send_finalize()


def create(
    config: DeepgramStt,
    deadlines: DeadlinesConfig,
    keys: Keys,
    hearing: VoiceActivity | None = None,
) -> DeepgramListen:
    """The provider, not connected yet."""
    del hearing
    return DeepgramListen(config, deadlines, keys)
