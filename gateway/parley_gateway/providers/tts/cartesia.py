"""Cartesia's speech over its WebSocket: a context per reply, many contexts on one connection, words with times.

Without Cartesia's SDK: its WebSocket wants websockets < 16, builds a model for each message, and waits for the
closing handshake. The tests have it speak to the same emulator, so that the two agree on the wire.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from copy import copy
from typing import Any, Self

from parley_contract.pipeline import CartesiaTts, DeadlinesConfig
from parley_gateway.ports import TtsAudio, TtsRequest, TtsSegment
from parley_gateway.providers.credentials import Keys
from parley_gateway.providers.tts.cartesia_context import CartesiaContext, cartesia_failure
from parley_gateway.providers.tts.line import Wire
from parley_gateway.providers.tts.lines import Lines
from parley_gateway.providers.tts.socket import opened, parsed
from parley_gateway.providers.tts.speaking import context_name, spoken, tell_characters
from parley_gateway.providers.websocket import AbortableWebSocket, websocket_url

_ENDPOINT = "wss://api.cartesia.ai"
_PATH = "/tts/websocket"
_VERSION = "2026-03-01"
"""Of the API; decides the shape of its messages."""
_RATE = 24_000
"""Hz, unless a client has another of these."""
_RATES = frozenset({8_000, 16_000, 22_050, _RATE, 44_100, 48_000})
_CONTEXTS = 24
"""On one connection, which takes "dozens of concurrent generations" by Cartesia's documentation."""


class CartesiaSpeech:
    """A voice at Cartesia, over connections that all sessions share."""

    def __init__(self, config: CartesiaTts, deadlines: DeadlinesConfig, keys: Keys) -> None:
        self.sample_rate = _RATE
        self._config = config
        self._deadlines = deadlines
        self._keys = keys
        self._url = websocket_url(config.base_url or _ENDPOINT) + _PATH
        self._lines = Lines(Wire(connect=self._connect, read=_read, contexts=_CONTEXTS))

    def at(self, rate: int) -> Self:
        """The same voice at that rate, over the same connections."""
        same = copy(self)
        same.sample_rate = rate if rate in _RATES else _RATE
        return same

    async def warm(self) -> None:
        """Read the keys and open a connection for each. Raises ProviderError."""
        await self._lines.warm(self._keys.usable() or [self._keys.check()])

    def speak(self, request: TtsRequest, segments: AsyncIterator[TtsSegment]) -> AsyncGenerator[TtsAudio, None]:
        """Speech for the segments in their order. Raises ProviderError. Closing the iterator cancels the rest."""
        return spoken(self._keys, segments, lambda key: _Reply(self, request, key))

    async def aclose(self) -> None:
        """Abort all connections."""
        await self._lines.aclose()

    def _connect(self, key: str) -> AbstractAsyncContextManager[AbortableWebSocket]:
        headers = {"Authorization": f"Bearer {key}", "Cartesia-Version": _VERSION}
        return opened(self._url, headers, deadlines=self._deadlines)

    def context(self, request: TtsRequest, key: str) -> CartesiaContext:
        """A new context of the reply."""
        context = CartesiaContext(context_name(request), rate=self.sample_rate, deadlines=self._deadlines)
        context.on(self._lines.join(key, context.name, context))
        return context

    def settings(self, language: str) -> Mapping[str, Any]:
        """What all messages of a context have in common."""
        return {
            "model_id": self._config.model,
            "voice": {"mode": "id", "id": self._config.voice},
            "language": language.partition("-")[0].lower(),
            "output_format": {"container": "raw", "encoding": "pcm_s16le", "sample_rate": self.sample_rate},
            "add_timestamps": True,
            # Whole sentences are sent: to wait for more text would only cost time.
            "max_buffer_delay_ms": 0,
        }

    def meter(self, request: TtsRequest, segment: TtsSegment) -> None:
        """Tell what a segment costs, once it has been sent."""
        tell_characters(request, segment, provider=self._config.provider, model=self._config.model)


class _Reply:
    """One reply: one context, or a new one after each pause in which the last may have expired."""

    def __init__(self, voice: CartesiaSpeech, request: TtsRequest, key: str) -> None:
        self._voice = voice
        self._request = request
        self._key = key
        self._settings = voice.settings(request.language)
        self._context: CartesiaContext | None = None

    def say(self, segment: TtsSegment) -> AsyncGenerator[TtsAudio, None]:
        """Send a segment now, and hand on its speech."""
        if self._context is None or not self._context.fresh:
            self.finish()
            self._context = self._voice.context(self._request, self._key)
        speech = self._context.say(segment, self._settings, lambda: self._voice.meter(self._request, segment))
        return speech.pieces()

    def finish(self) -> None:
        """All that was sent has been heard."""
        if self._context is not None:
            self._context.finish(self._settings)
            self._context = None

    def cancel(self) -> None:
        """Have no more made."""
        if self._context is not None:
            self._context.cancel()
            self._context = None

    def distrust(self) -> None:
        """Speak to nobody else over the same line."""
        if self._context is not None:
            self._context.distrust()


def _read(raw: str | bytes) -> tuple[str, Mapping[str, Any]] | None:
    message = parsed(raw)
    context = message.get("context_id")
    if isinstance(context, str):
        return context, message
    if message.get("type") == "error":
        raise cartesia_failure(message)
    return None


def create(config: CartesiaTts, deadlines: DeadlinesConfig, keys: Keys) -> CartesiaSpeech:
    """The provider, not connected yet."""
    return CartesiaSpeech(config, deadlines, keys)
