"""What the voices over a WebSocket have in common: handshakes, contexts that are made side by side, and faults.

A fault of the script's `faults` befalls one context: it strikes after so many messages of that context, though it
may take the connection with it. `handshake_faults` befall connections.
"""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, Generic, TypeVar

from tests.emulators.faults import GARBAGE, Fault, FaultPlan, FaultStruckError, stall
from tests.emulators.http import Exchange
from tests.emulators.journal import Entry, Journal, fingerprint
from tests.emulators.scripted import Script
from tests.emulators.speech import voiced
from tests.emulators.websocket import PeerGoneError, WebSocket

Message = dict[str, Any]


class VoiceScript(Script):
    """How a voice speaks, and how its connections go."""

    handshake_faults: list[Fault] = []
    ms_per_character: int = 60
    """Length of the speech in proportion to the text: 60 ms is about 170 words per minute."""
    chunk_ms: int = 100
    idle_timeout_ms: int = 300_000
    """After so long without a message the connection is closed."""
    late_chunks: int = 0
    """Audio that is still on its way when a context is cancelled."""


S = TypeVar("S", bound=VoiceScript)


class Voice(ABC, Generic[S]):
    """One provider's endpoint. Requests in the journal are contexts, with the method `SPEAK`."""

    route: ClassVar[str]
    rate: ClassVar[int]

    def __init__(self, script: S, journal: Journal) -> None:
        self.journal = journal
        self.set_script(script)

    def set_script(self, script: S) -> None:
        """Behave like this from now on."""
        self.script = script
        self._handshakes = FaultPlan(script.handshake_faults)
        self.contexts = FaultPlan(script.faults)

    def serves(self, exchange: Exchange) -> bool:
        """Whether the request is for this endpoint."""
        return (exchange.method, exchange.path) == ("GET", self.route)

    @property
    def spoken(self) -> list[Entry]:
        """The contexts so far."""
        return [entry for entry in self.journal.of(self.route) if entry.method == "SPEAK"]

    def audio_of(self, text: str) -> bytes:
        """The speech of a text: the same every time, and another for another text."""
        return voiced(text, self.script.ms_per_character * len(text), rate=self.rate)

    def words_of(self, text: str) -> list[tuple[str, int, int]]:
        """The words of a text, and the ms of its speech in which each is said."""
        words, at = [], 0
        for word in text.split():
            at = text.index(word, at)
            end = at + len(word)
            words.append((word, at * self.script.ms_per_character, end * self.script.ms_per_character))
            at = end
        return words

    def chunks_of(self, text: str) -> list[bytes]:
        """The speech of a text, in the pieces that it is sent in."""
        pcm, size = self.audio_of(text), self.script.chunk_ms * self.rate // 1000 * 2
        return [pcm[at : at + size] for at in range(0, len(pcm), size)]

    @abstractmethod
    def key(self, exchange: Exchange) -> str | None:
        """The API key of a handshake."""

    @abstractmethod
    def accepts(self, exchange: Exchange) -> bool:
        """Whether the real provider would take what the address says."""

    @abstractmethod
    def connection(self, websocket: WebSocket, entry: Entry) -> VoiceConnection[Any]:
        """A connection, from the handshake on."""

    async def handle(self, exchange: Exchange) -> None:
        """One connection."""
        key = self.key(exchange)
        exchange.entry.key = fingerprint(key) if key else None
        fault = self._handshakes.next()
        status = self._refusal(key, exchange, fault)
        if status is not None:
            exchange.entry.outcome = "refused"
            headers = {"retry-after": fault.retry_after} if fault and fault.retry_after else {}
            await exchange.answer(status, {"detail": {"status": "refused", "message": f"not with {key}"}}, headers)
            return
        try:
            await _before_handshake(exchange, fault)
            websocket = await exchange.upgrade()
            websocket.ignores_close = fault is not None and fault.kind == "ignore_close"
            await self.connection(websocket, exchange.entry).serve()
        except FaultStruckError:
            exchange.entry.outcome = "faulted"
        except (PeerGoneError, ConnectionError):
            exchange.entry.outcome = "client_gone"
        self.journal.changed()

    def _refusal(self, key: str | None, exchange: Exchange, fault: Fault | None) -> int | None:
        if not key or (self.script.keys is not None and key not in self.script.keys):
            return 401
        if not self.accepts(exchange):
            return 400
        return fault.status if fault is not None and fault.kind == "refuse" else None


async def _before_handshake(exchange: Exchange, fault: Fault | None) -> None:
    match fault.kind if fault is not None else "none":
        case "stall":
            await exchange.gone()
            raise PeerGoneError
        case "cut":
            exchange.cut()
        case "garbage":
            await exchange.raw(GARBAGE)
            exchange.cut_softly()
        case "end":
            exchange.cut_softly()
        case _:
            return
    raise FaultStruckError


class VoiceConnection(ABC, Generic[S]):
    """One open connection."""

    def __init__(self, voice: Voice[S], websocket: WebSocket, entry: Entry) -> None:
        self.voice = voice
        self.websocket = websocket
        self.entry = entry
        self._open: set[VoiceContext] = set()

    async def serve(self) -> None:
        """Until one side closes. Raises PeerGoneError."""
        try:
            while True:
                try:
                    async with asyncio.timeout(self.voice.script.idle_timeout_ms / 1000):
                        message = await self.websocket.receive()
                except TimeoutError:
                    await self.idle()
                    return
                await self.told(json.loads(message))
                self.voice.journal.changed()
        finally:
            for context in list(self._open):
                context.end("client_gone")

    @abstractmethod
    async def told(self, message: Message) -> None:
        """A message of the client."""

    async def idle(self) -> None:
        """Nothing was said for too long."""
        await self.websocket.close(1000, "connection idle timeout")

    def begin(self, body: Message) -> VoiceContext:
        """A new context."""
        context = VoiceContext(self, body)
        self._open.add(context)
        return context

    def ended(self, context: VoiceContext) -> None:
        """It is over."""
        self._open.discard(context)
        self.voice.journal.changed()

    @abstractmethod
    def error(self, context: VoiceContext, fault: Fault) -> Message:
        """The provider's own error message about a context."""


class VoiceContext:
    """What is said in one context: its jobs are done one after the other, beside those of other contexts."""

    def __init__(self, connection: VoiceConnection[Any], body: Message) -> None:
        voice = connection.voice
        self.entry = Entry(
            voice.route, "SPEAK", key=connection.entry.key, connection=connection.entry.connection, body=body
        )
        voice.journal.add(self.entry)
        self._connection = connection
        self._fault = voice.contexts.next()
        self._jobs: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue()
        self._task = asyncio.create_task(self._run())

    @property
    def busy(self) -> bool:
        """Whether it has something to do."""
        return self.entry.outcome == "open"

    @property
    def is_done(self) -> bool:
        """Whether the job that is being done is the last for now."""
        return self._jobs.empty()

    def do(self, job: Callable[[], Awaitable[None]]) -> None:
        """Do this when all before it is done."""
        self._jobs.put_nowait(job)

    async def emit(self, message: Message | bytes) -> None:
        """Send a message when its time has come, unless the fault strikes. Raises FaultStruckError."""
        if self._fault is not None and self.entry.sent >= self._fault.after:
            await self._strike(self._fault)
        await self._connection.voice.script.pace.wait(self.entry.sent)
        await self.push(message)
        self.entry.sent += 1
        self._connection.voice.journal.changed()

    async def push(self, message: Message | bytes) -> None:
        """Send a message, come what may."""
        if isinstance(message, bytes):
            await self._connection.websocket.send_bytes(message)
        else:
            await self._connection.websocket.send(message)

    def end(self, outcome: Any) -> None:
        """Stop: nothing more is made."""
        if self.entry.outcome == "open":
            self.entry.outcome = outcome
        if asyncio.current_task() is not self._task:
            self._task.cancel()
        self._connection.ended(self)

    async def _run(self) -> None:
        try:
            while self.busy:
                await (await self._jobs.get())()
        except FaultStruckError:
            self.end("faulted")
        except (ConnectionError, PeerGoneError):
            self.end("client_gone")

    async def _strike(self, fault: Fault) -> None:
        match fault.kind:
            case "stall":
                await stall()
            case "cut":
                self._connection.websocket.cut()
            case "end":
                await self._connection.websocket.close(1011, "as scripted")
            case "garbage":
                await self._connection.websocket.send_text(GARBAGE.decode("latin-1"))
            case "error_event":
                await self.push(self._connection.error(self, fault))
            case _:
                return
        raise FaultStruckError
