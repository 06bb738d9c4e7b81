"""Deepgram's `/v1/listen` over a WebSocket, and what it shares with `/v2/listen`."""

from __future__ import annotations

import asyncio
import json
from array import array
from typing import Any, ClassVar, Protocol

from tests.emulators.faults import GARBAGE, Fault, FaultPlan, FaultStruckError
from tests.emulators.http import Exchange
from tests.emulators.journal import Entry, Journal, fingerprint
from tests.emulators.recogniser import RATE, Message, Recogniser
from tests.emulators.websocket import PeerGoneError, WebSocket

_ERROR_CODES = {401: "INVALID_AUTH", 402: "ASR_PAYMENT_REQUIRED", 403: "INSUFFICIENT_PERMISSIONS"}


_SAMPLES = {str(RATE): 1, str(RATE // 2): 2}
"""By the rate that is asked for, how many samples of ours one is."""


class Answering(Protocol):
    """What a stream tells, of whichever version."""

    def feed(self, pcm: bytes) -> list[Message]:
        """Messages that audio gives rise to."""

    def control(self, message: Message) -> list[Message]:
        """Messages that answer a control message."""


class DeepgramListen:
    """A recogniser at the end of a WebSocket; each version has its own."""

    route: ClassVar[str]

    def __init__(self, script: Any, journal: Journal) -> None:
        self._journal = journal
        self.set_script(script)

    def recogniser(self, entry: Entry) -> Answering:
        """What listens to one stream."""
        raise NotImplementedError

    def greeting(self) -> list[Message]:
        """What is said before anything was heard."""
        return []

    def set_script(self, script: Any) -> None:
        """Behave like this from the next stream on."""
        self.script = script
        self._plan = FaultPlan(script.faults)

    def serves(self, exchange: Exchange) -> bool:
        """Whether the request is for this endpoint."""
        return (exchange.method, exchange.path) == ("GET", self.route)

    async def handle(self, exchange: Exchange) -> None:
        """One stream, from the handshake on."""
        scheme, _, key = exchange.headers.get("authorization", "").partition(" ")
        exchange.entry.key = fingerprint(key) if key else None
        fault = self._plan.next()
        status = self._refusal(scheme, key, exchange, fault)
        if status is not None:
            exchange.entry.outcome = "refused"
            headers = {"retry-after": fault.retry_after} if fault and fault.retry_after else {}
            await exchange.answer(status, _error(status, key), headers)
            return
        try:
            await self._before_handshake(exchange, fault)
            stream = _Stream(
                await exchange.upgrade(),
                exchange.entry,
                self._journal,
                self.script,
                recogniser=self.recogniser(exchange.entry),
                fault=fault,
            )
            await stream.serve(self.greeting())
        except FaultStruckError:
            exchange.entry.outcome = "faulted"
        except (PeerGoneError, ConnectionError):
            exchange.entry.outcome = "client_gone"
        self._journal.changed()

    def _refusal(self, scheme: str, key: str, exchange: Exchange, fault: Fault | None) -> int | None:
        if scheme != "Token" or not key or (self.script.keys is not None and key not in self.script.keys):
            return 401
        query = exchange.entry.query
        if (
            query.get("encoding") != ["linear16"]
            or query.get("sample_rate", [""])[0] not in _SAMPLES
            or "model" not in query
        ):
            return 400
        return fault.status if fault is not None and fault.kind == "refuse" else None

    async def _before_handshake(self, exchange: Exchange, fault: Fault | None) -> None:
        if fault is None or fault.after > 0:
            return
        match fault.kind:
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


class _Stream:
    """One open stream."""

    def __init__(
        self,
        websocket: WebSocket,
        entry: Entry,
        journal: Journal,
        script: Any,
        *,
        recogniser: Answering,
        fault: Fault | None,
    ) -> None:
        self._websocket = websocket
        self._entry = entry
        self._journal = journal
        self._script = script
        self._fault = fault
        self._recogniser = recogniser
        self._samples = _SAMPLES[entry.query["sample_rate"][0]]
        websocket.ignores_close = fault is not None and fault.kind == "ignore_close"

    async def serve(self, greeting: list[Message]) -> None:
        """Until one side closes. Raises PeerGoneError, FaultStruckError."""
        for said in greeting:
            await self._websocket.send(said)
        while True:
            try:
                async with asyncio.timeout(self._script.idle_timeout_ms / 1000):
                    message = await self._websocket.receive()
            except TimeoutError:
                reason = (
                    "NET-0001: Deepgram did not receive audio data or a text message within the timeout window."
                )
                await self._websocket.close(1011, reason)
                return
            if not await self._take(message):
                return

    async def _take(self, message: str | bytes) -> bool:
        """Whether the stream goes on."""
        if isinstance(message, bytes):
            self._entry.audio_bytes += len(message)
            self._entry.audio_messages += 1
            await self._tell(self._recogniser.feed(_repeated(message, self._samples)))
            return True
        control = json.loads(message)
        self._entry.messages.append(str(control.get("type")))
        await self._tell(self._recogniser.control(control))
        if control.get("type") == "CloseStream":
            await self._websocket.close(1000, "")
            self._entry.outcome = "completed"
            return False
        self._journal.changed()
        return True

    async def _tell(self, messages: list[Message]) -> None:
        for message in messages:
            if self._fault is not None and self._entry.sent >= self._fault.after:
                await self._strike(self._fault)
            await self._script.pace.wait(self._entry.sent)
            await self._websocket.send(message)
            self._entry.sent += 1
        self._journal.changed()

    async def _strike(self, fault: Fault) -> None:
        match fault.kind:
            case "stall":
                await self._deaf()
            case "cut":
                self._websocket.cut()
            case "end":
                await self._websocket.close(1011, "NET-0000: Deepgram did not transmit within the timeout window.")
            case "garbage":
                await self._websocket.send_text(GARBAGE.decode("latin-1"))
                await self._deaf()
            case "error_event":
                told = {
                    "type": "Error",
                    "description": "as scripted",
                    "variant": fault.error_type,
                    "code": fault.error_type,
                    "message": "",
                }
                await self._websocket.send(told)
            case _:
                return
        raise FaultStruckError

    async def _deaf(self) -> None:
        """Take everything, say nothing."""
        while True:
            await self._websocket.receive()


class DeepgramV1(DeepgramListen):
    """Version 1."""

    route = "/v1/listen"

    def recogniser(self, entry: Entry) -> Answering:
        """What listens to one stream."""
        return Recogniser(
            self.script,
            endpointing_ms=int(entry.query.get("endpointing", ["10"])[0]),
            utterance_end_ms=_optional(entry.query.get("utterance_end_ms")),
        )


def _optional(values: list[str] | None) -> int | None:
    return int(values[0]) if values else None


def _error(status: int, key: str) -> dict[str, Any]:
    code = _ERROR_CODES.get(status, "Bad Request")
    return {"err_code": code, "err_msg": f"as scripted, for the key {key}", "request_id": "emulated"}


def _repeated(pcm: bytes, times: int) -> bytes:
    """Each sample so many times, which is as loud and as long."""
    if times == 1:
        return pcm
    samples = array("h", pcm)
    return array("h", (sample for sample in samples for _ in range(times))).tobytes()
