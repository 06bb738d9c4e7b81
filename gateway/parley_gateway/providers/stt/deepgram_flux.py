"""Deepgram Flux, recognition that knows by what is said when a turn is over, through the official SDK."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from copy import copy
from typing import Any, Self

from deepgram.listen.v2.socket_client import AsyncV2SocketClient

from parley_contract.pipeline import DeadlinesConfig, DeepgramFluxStt
from parley_gateway.conversation.events import Stage
from parley_gateway.ports import SttEvent, SttRequest, VoiceActivity
from parley_gateway.providers.credentials import KeyedClients, Keys
from parley_gateway.providers.deepgram_client import Connection, DeepgramSockets
from parley_gateway.providers.stt.deepgram_stream import RATE, DeepgramStream, Streams, nearest_rate
from parley_gateway.providers.stt.flux_turns import FluxTurns
from parley_gateway.providers.stt.metering import AudioMeter

_STALLED_S = 1.0
"""Without audio for so long, an open turn is over: the button was let go, or the client is gone. Flux would wait
for ever, since it counts time by the audio that it gets."""
_MULTILINGUAL = "flux-general-multi"


class DeepgramFlux:
    """Recognition by Flux; a connection per session, which WebSocket pings keep alive."""

    owns_turns = True

    def __init__(self, config: DeepgramFluxStt, deadlines: DeadlinesConfig, keys: Keys) -> None:
        self.sample_rate = RATE
        self._config = config
        self._deadlines = deadlines
        self._sockets = DeepgramSockets(config.base_url, deadlines, decode=False)
        self._clients = KeyedClients(keys, self._sockets.client)
        self._streams: Streams[AsyncV2SocketClient] = Streams()

    def at(self, rate: int) -> Self:
        """The same provider for audio of that rate."""
        same = copy(self)
        same.sample_rate = nearest_rate(rate)
        return same

    async def warm(self) -> None:
        """Read the key and load what the SDK loads late. Raises ProviderError."""
        _ = self._clients.any().listen.v2

    def open(self, request: SttRequest) -> DeepgramStream[AsyncV2SocketClient]:
        """Begin to recognise one session; connects in the background."""
        meter = AudioMeter(
            request, provider=self._config.provider, model=self._config.model, rate=self.sample_rate
        )
        stream: DeepgramStream[AsyncV2SocketClient] = DeepgramStream(
            lambda: self._connect(request),
            lambda caller_ms: Flux(caller_ms, eot_timeout_ms=self._config.eot_timeout_ms),
            rate=self.sample_rate,
            deadlines=self._deadlines,
            meter=meter,
        )
        return self._streams.add(stream)

    @asynccontextmanager
    async def _connect(self, request: SttRequest) -> AsyncIterator[Connection[AsyncV2SocketClient]]:
        config = self._config
        async with self._clients.lease() as client:
            connecting = client.listen.v2.connect(
                model=config.model,
                encoding="linear16",
                sample_rate=self.sample_rate,
                eager_eot_threshold=config.eager_eot_threshold,
                eot_threshold=config.eot_threshold,
                eot_timeout_ms=config.eot_timeout_ms,
                keyterm=config.keyterms or None,
                # The English model refuses hints.
                language_hint=request.language if config.model == _MULTILINGUAL else None,
            )
            async with self._sockets.open(Stage.STT, connecting) as connection:
                yield connection

    async def aclose(self) -> None:
        """Abort what is open and wait for its end."""
        await self._streams.aclose()
        await self._sockets.aclose()


class Flux:
    """The second version's way to speak."""

    def __init__(self, caller_ms: Callable[[int], int], *, eot_timeout_ms: int) -> None:
        self._turns = FluxTurns(caller_ms)
        self._nothing_new = {"type": "Configure", "thresholds": {"eot_timeout_ms": eot_timeout_ms}}

    @property
    def idle_s(self) -> float | None:
        """When a client has stopped sending in the middle of a turn; a thousand silent ones cost nothing."""
        return _STALLED_S if self._turns.open else None

    def read(self, message: Mapping[str, Any]) -> Iterator[SttEvent]:
        """What a message tells."""
        return self._turns.read(message)

    async def idle(self, sdk: AsyncV2SocketClient) -> None:
        """End the turn of somebody who has stopped sending."""
        if self._turns.open:
            await sdk.send_force_end_turn()

    async def finalize(self, sdk: AsyncV2SocketClient) -> None:
        """End the turn. Where none is open Flux says nothing: a setting that changes nothing is answered."""
        self._turns.ask()
        await sdk.send_force_end_turn()
        await sdk.send_configure(self._nothing_new)


def create(
    config: DeepgramFluxStt,
    deadlines: DeadlinesConfig,
    keys: Keys,
    hearing: VoiceActivity | None = None,
) -> DeepgramFlux:
    """The provider, not connected yet."""
    del hearing
    return DeepgramFlux(config, deadlines, keys)
