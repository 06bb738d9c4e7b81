"""Deepgram's `/v1/speak` over a WebSocket (Aura): one flow of text, flushed and cleared."""

from __future__ import annotations

from collections import deque
from functools import partial
from time import monotonic

from tests.emulators.faults import Fault
from tests.emulators.http import Exchange
from tests.emulators.journal import Entry
from tests.emulators.voices import Message, Voice, VoiceConnection, VoiceContext, VoiceScript
from tests.emulators.websocket import WebSocket


class DeepgramSpeakScript(VoiceScript):
    """How the voice speaks."""

    flushes_per_minute: int = 20
    """On one connection; what is flushed beyond is not spoken, and a warning says so."""
    clears: bool = True
    """Whether `Clear` is obeyed."""


class DeepgramSpeak(Voice[DeepgramSpeakScript]):
    """A voice that hums."""

    route = "/v1/speak"
    rate = 24_000

    def key(self, exchange: Exchange) -> str | None:
        scheme, _, key = exchange.headers.get("authorization", "").partition(" ")
        return key if scheme == "Token" else None

    def accepts(self, exchange: Exchange) -> bool:
        query = exchange.entry.query
        return (
            "model" in query
            and query.get("encoding") == ["linear16"]
            and query.get("sample_rate") == [str(self.rate)]
        )

    def connection(self, websocket: WebSocket, entry: Entry) -> _Connection:
        return _Connection(self, websocket, entry)


class _Connection(VoiceConnection[DeepgramSpeakScript]):
    def __init__(self, voice: DeepgramSpeak, websocket: WebSocket, entry: Entry) -> None:
        super().__init__(voice, websocket, entry)
        self._texts: list[str] = []
        self._context: VoiceContext | None = None
        self._flushed: deque[float] = deque()
        self._sequence = 0

    async def told(self, message: Message) -> None:
        """Speak, Flush, Clear or Close."""
        match message.get("type"):
            case "Speak":
                self._texts.append(message["text"])
            case "Flush":
                await self._flush()
            case "Clear":
                await self._clear()
            case "Close":
                await self.websocket.close(1000, "")
        self.entry.messages.append(str(message.get("type")))

    async def _flush(self) -> None:
        now = monotonic()
        while self._flushed and now - self._flushed[0] >= 60:
            self._flushed.popleft()
        if len(self._flushed) >= self.voice.script.flushes_per_minute:
            await self.websocket.send(
                {"type": "Warning", "code": "EXCEEDED_FLUSHES", "description": "as scripted"}
            )
            return
        self._flushed.append(now)
        text, self._texts = "".join(self._texts).strip(), []
        if self._context is None or not self._context.busy:
            self._context = self.begin({"texts": []})
        self._context.entry.body["texts"].append(text)
        self._context.do(partial(self._speak, self._context, text))

    async def _speak(self, context: VoiceContext, text: str) -> None:
        for chunk in self.voice.chunks_of(text):
            await context.emit(chunk)
        await context.emit({"type": "Flushed", "sequence_id": self._sequence})
        self._sequence += 1
        if context.is_done:
            context.end("completed")

    async def _clear(self) -> None:
        """Stop; what is on its way still arrives before the confirmation."""
        if not self.voice.script.clears:
            return
        self._texts = []
        if self._context is not None:
            self._context.end("client_gone")
            for _ in range(self.voice.script.late_chunks):
                await self.websocket.send_bytes(b"\x11\x11" * 2400)
        await self.websocket.send({"type": "Cleared", "sequence_id": self._sequence})

    def error(self, context: VoiceContext, fault: Fault) -> Message:
        return {"type": "Error", "code": fault.error_type, "description": "as scripted"}
