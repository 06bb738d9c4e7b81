"""One session's stream at Deepgram, of whichever version: audio on its way, messages on theirs, letting go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Generic, Protocol, TypeVar

import orjson

from parley_contract.pipeline import DeadlinesConfig
from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.ports import ProviderError, SttEvent
from parley_gateway.providers.alarm import Alarm
from parley_gateway.providers.audio_buffer import AudioBuffer
from parley_gateway.providers.deepgram_client import Connection
from parley_gateway.providers.stt.metering import AudioMeter
from parley_gateway.providers.websocket import websocket_failure

RATE = 16_000
"""Hz of the audio that it is sent: more brings recognition nothing."""
_TELEPHONE_RATE = 8_000
"""Hz of a caller on the telephone, whose audio goes on as it came."""
_SEND_MS = 80
"""A send costs 34 µs whatever its length: frames of 20 ms are put together to this, longer ones go as they are."""
_LARGEST_SEND_MS = 250
"""Deepgram's advice for the length of one message."""
_BACKLOG_MS = 20_000
"""Audio kept while the connection is being made or is slow; the oldest is dropped beyond.

It begins with up to ten seconds that a recogniser before it left, and five that came while there was none; a
connection takes up to five more.
"""

S = TypeVar("S")
SC = TypeVar("SC", contravariant=True)


def nearest_rate(rate: int) -> int:
    """What to send of a client's audio of that rate, in Hz."""
    return rate if rate == _TELEPHONE_RATE else RATE


class Media(Protocol):
    """The SDK's face of a connection, as far as the versions agree."""

    async def send_media(self, message: bytes) -> None:
        """Send audio."""
        ...


M = TypeVar("M", bound=Media)


class Dialect(Protocol[SC]):
    """How a version of the API speaks. One for each stream."""

    @property
    def idle_s(self) -> float | None:
        """Seconds without audio after which `idle` is called, again and again; None while nothing is due then.

        Only `read` changes it.
        """
        ...

    def read(self, message: Mapping[str, Any]) -> Iterator[SttEvent]:
        """What a message tells. Raises ProviderError."""
        ...

    async def idle(self, sdk: SC) -> None:
        """Do what is due where no audio comes."""
        ...

    async def finalize(self, sdk: SC) -> None:
        """Ask for a final transcript of what was sent so far."""
        ...


class DeepgramStream(Generic[M]):
    """One task connects and sends; whoever iterates `events` receives. Implements `ports.SttStream`."""

    owns_turns = True

    def __init__(
        self,
        connect: Callable[[], AbstractAsyncContextManager[Connection[M]]],
        dialect: Callable[[Callable[[int], int]], Dialect[M]],
        *,
        rate: int,
        deadlines: DeadlinesConfig,
        meter: AudioMeter,
    ) -> None:
        """`dialect` is made with what translates ms of the audio sent to ms of the caller's audio."""
        self._connect = connect
        self._deadlines = deadlines
        self._meter = meter
        self._audio = AudioBuffer(rate=rate, capacity_ms=_BACKLOG_MS)
        self._dialect = dialect(self._audio.caller_ms)
        self._finalize = False
        self._wake = asyncio.Event()
        self._settled = asyncio.Event()
        self._connection: Connection[M] | None = None
        self._failure: ProviderError | None = None
        self._aborted = False
        self._unanswered_since: float | None = None
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._run())

    def on_end(self, callback: Callable[[DeepgramStream[M]], None]) -> None:
        """Call back when nothing of the stream is left."""
        self._task.add_done_callback(lambda _: callback(self))

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
                message, idle_s = _parsed(await self._receive()), self._dialect.idle_s
                for event in self._dialect.read(message):
                    yield event
                if self._dialect.idle_s != idle_s:
                    self._wake.set()
        except ProviderError as failure:
            if not self._aborted:
                raise self._cause_of(failure) from None
        finally:
            self.abort()

    def abort(self) -> None:
        """Let go at once, waiting for nobody."""
        self._aborted = True
        self._meter.settle()
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
                await self._write(connection.sdk)
        except Exception as error:
            self._failure = websocket_failure(Stage.STT, error)
            if self._failure is None:
                raise
        finally:
            self._settled.set()

    async def _write(self, sdk: M) -> None:
        with Alarm() as alarm:
            while True:
                if not await self._work_within(alarm, self._dialect.idle_s) and not self._audio.pending_ms:
                    await self._dialect.idle(sdk)
                asked = self._finalize
                while pcm := self._audio.take(_LARGEST_SEND_MS):
                    await self._send(sdk, pcm)
                if asked:
                    self._finalize = False
                    await self._dialect.finalize(sdk)

    async def _work_within(self, alarm: Alarm, seconds: float | None) -> bool:
        try:
            await alarm.until(None if seconds is None else alarm.now + seconds, self._wake.wait())
        except TimeoutError:
            return False
        self._wake.clear()
        return True

    async def _send(self, sdk: M, pcm: bytes) -> None:
        """Deepgram answers audio, silence too, every few seconds: one that stays silent is lost."""
        now = self._loop.time()
        if self._unanswered_since is None:
            self._unanswered_since = now
        elif now - self._unanswered_since > self._deadlines.first_byte:
            detail = f"heard nothing of {self._deadlines.first_byte:g} s of audio"
            raise ProviderError(Stage.STT, FailureKind.TIMEOUT, detail)
        await sdk.send_media(pcm)
        self._meter.sent(pcm)


def _parsed(raw: str | bytes) -> Mapping[str, Any]:
    """The SDK's parser skips what it cannot read; this one is asked to say so, and costs a twentieth."""
    try:
        message = orjson.loads(raw)
    except ValueError:
        message = None
    if not isinstance(message, dict):
        raise ProviderError(Stage.STT, FailureKind.GARBAGE, "a message that is not a JSON object")
    return message


class Streams(Generic[M]):
    """The open streams of a provider, which end with it."""

    def __init__(self) -> None:
        self._streams: set[DeepgramStream[M]] = set()

    def add(self, stream: DeepgramStream[M]) -> DeepgramStream[M]:
        """Remember it until it ends."""
        self._streams.add(stream)
        stream.on_end(self._streams.discard)
        return stream

    async def aclose(self) -> None:
        """Abort what is open and wait for its end."""
        streams = list(self._streams)
        for stream in streams:
            stream.abort()
        await asyncio.gather(*(stream.ended() for stream in streams))
