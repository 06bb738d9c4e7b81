"""Deepgram's Aura over its WebSocket, through the official SDK: each reply that speaks has a connection to itself.

The SDK connects; what is sent and read are a few fixed messages, for which its models would only cost time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from parley_contract.pipeline import DeadlinesConfig, DeepgramTts
from parley_gateway.conversation.events import Stage
from parley_gateway.ports import ProviderError, TtsAudio, TtsRequest, TtsSegment
from parley_gateway.providers.credentials import Keys
from parley_gateway.providers.deepgram_client import DeepgramSockets
from parley_gateway.providers.errors import status_failure
from parley_gateway.providers.tts.line import Line, Wire
from parley_gateway.providers.tts.lines import Lines
from parley_gateway.providers.tts.socket import packed, parsed
from parley_gateway.providers.tts.speaking import spoken, tell_characters
from parley_gateway.providers.tts.speech import SegmentSpeech
from parley_gateway.providers.websocket import AbortableWebSocket

_RATE = 24_000
_ONLY = ""
"""The name of the one context that a connection has."""
_FLUSHES_PER_MINUTE = 20
"""On one connection; Deepgram does not speak what is flushed beyond."""
_CLEARED_S = 5.0
"""In which `Clear` should be confirmed."""
_FLUSH = packed({"type": "Flush"})
_CLEAR = packed({"type": "Clear"})


class DeepgramSpeech:
    """A voice of Aura, over connections that one reply at a time has for itself."""

    def __init__(self, config: DeepgramTts, deadlines: DeadlinesConfig, keys: Keys) -> None:
        self._config = config
        self._deadlines = deadlines
        self._keys = keys
        self._sockets = DeepgramSockets(config.base_url, deadlines)
        wire = Wire(connect=self._connect, read=_read, contexts=1, per_minute=_FLUSHES_PER_MINUTE)
        self._lines = Lines(wire)

    @property
    def sample_rate(self) -> int:
        """Hz of the audio."""
        return _RATE

    async def warm(self) -> None:
        """Read the keys and open a connection for each. Raises ProviderError."""
        await self._lines.warm(self._keys.usable() or [self._keys.check()])

    def speak(self, request: TtsRequest, segments: AsyncIterator[TtsSegment]) -> AsyncGenerator[TtsAudio, None]:
        """Speech for the segments in their order. Raises ProviderError. Closing the iterator clears the rest."""
        return spoken(self._keys, segments, lambda key: _Reply(self, request, key))

    async def aclose(self) -> None:
        """Abort all connections."""
        await self._lines.aclose()
        await self._sockets.aclose()

    @asynccontextmanager
    async def _connect(self, key: str) -> AsyncIterator[AbortableWebSocket]:
        connecting = self._sockets.client(key).speak.v1.connect(
            model=self._config.model, encoding="linear16", sample_rate=_RATE
        )
        async with self._sockets.open(Stage.TTS, connecting) as connection:
            yield connection.socket

    def turn(self, key: str) -> _Turn:
        """A connection for a reply."""
        turn = _Turn(self._deadlines)
        turn.on(self._lines.join(key, _ONLY, turn))
        return turn

    def meter(self, request: TtsRequest, segment: TtsSegment) -> None:
        """Tell what a segment costs, once it has been sent."""
        tell_characters(request, segment, provider=self._config.provider, model=self._config.model)


class _Reply:
    """One reply: it stays on its connection, until that may be asked for nothing more."""

    def __init__(self, voice: DeepgramSpeech, request: TtsRequest, key: str) -> None:
        self._voice = voice
        self._request = request
        self._key = key
        self._turns: list[_Turn] = []

    def say(self, segment: TtsSegment) -> AsyncGenerator[TtsAudio, None]:
        """Send a segment now, and hand on its speech."""
        if not self._turns or self._turns[-1].spent:
            self._move()
        return self._turns[-1].say(segment, lambda: self._voice.meter(self._request, segment)).pieces()

    def _move(self) -> None:
        for turn in self._turns:
            turn.finish()
        self._turns = [turn for turn in self._turns if not turn.over]
        self._turns.append(self._voice.turn(self._key))

    def finish(self) -> None:
        """All that was sent has been heard."""
        for turn in self._turns:
            turn.finish()
        self._turns.clear()

    def cancel(self) -> None:
        """Have no more made."""
        for turn in self._turns:
            turn.cancel()
        self._turns.clear()

    def distrust(self) -> None:
        """Speak to nobody else over the same connections."""
        for turn in self._turns:
            turn.distrust()


class _Turn:
    """A reply's stay on a connection: each segment is flushed, and ends with `Flushed`."""

    def __init__(self, deadlines: DeadlinesConfig) -> None:
        self.over = False
        self._deadlines = deadlines
        self._parts: deque[SegmentSpeech] = deque()
        self._leaving = False
        self._line: Line | None = None
        self._clearing: asyncio.TimerHandle | None = None

    def on(self, line: Line) -> None:
        """Speak over this line."""
        self._line = line

    @property
    def spent(self) -> bool:
        """Whether no other segment may follow."""
        return self.over or self._line is None or self._line.spent

    def say(self, segment: TtsSegment, on_sent: Callable[[], None]) -> SegmentSpeech:
        """Send a segment; gives the speech that it is about to become."""
        speech = SegmentSpeech(segment, rate=_RATE, deadlines=self._deadlines)
        self._parts.append(speech)
        if self._line is not None:
            self._line.count_request()
            self._line.post(packed({"type": "Speak", "text": f"{segment.text} "}), on_sent)
            self._line.post(_FLUSH)
        return speech

    def finish(self) -> None:
        """Leave the connection to others, when all that was sent is there."""
        self._leaving = True
        if not self._parts:
            self._leave()

    def cancel(self) -> None:
        """Have no more made; nobody else speaks over the connection before it is clear."""
        if not self._parts:
            self._leave()
        elif not self.over and self._line is not None and self._clearing is None:
            self._parts.clear()
            self._line.post(_CLEAR)
            self._clearing = asyncio.get_running_loop().call_later(_CLEARED_S, self._line.abort)

    def distrust(self) -> None:
        """Let the connection end with this turn."""
        if self._line is not None:
            self._line.retire()

    def _leave(self) -> None:
        self.over = True
        if self._clearing is not None:
            self._clearing.cancel()
        if self._line is not None:
            self._line.leave(_ONLY)

    # --- from the line ---

    def take(self, message: bytes | Mapping[str, Any]) -> None:
        """Audio, or word of what was done."""
        if isinstance(message, bytes):
            if self._parts:
                self._parts[0].add(message)
            return
        match message.get("type"):
            case "Flushed":
                self._flushed()
            case "Cleared":
                if self._clearing is not None:
                    self._leave()
            case "Warning":
                self.distrust()
            case "Error":
                self.fail(status_failure(Stage.TTS, 500, {}, message.get("code")))
                self.distrust()

    def fail(self, failure: ProviderError) -> None:
        """Nothing more comes."""
        self.over = True
        for part in self._parts:
            part.fail(failure)
        self._parts.clear()
        if self._clearing is not None:
            self._clearing.cancel()

    def _flushed(self) -> None:
        if self._clearing is not None or not self._parts:
            return
        self._parts.popleft().end()
        for part in self._parts:
            part.alive()
        if self._leaving and not self._parts:
            self._leave()


def _read(raw: str | bytes) -> tuple[str, bytes | Mapping[str, Any]]:
    return _ONLY, raw if isinstance(raw, bytes) else parsed(raw)


def create(config: DeepgramTts, deadlines: DeadlinesConfig, keys: Keys) -> DeepgramSpeech:
    """The provider, not connected yet."""
    return DeepgramSpeech(config, deadlines, keys)
