"""Cartesia's `/tts/websocket`: contexts with flushes, word timestamps, and their expiry."""

from __future__ import annotations

import asyncio
import base64
from array import array
from functools import partial
from typing import Any

from tests.emulators.faults import Fault
from tests.emulators.http import Exchange
from tests.emulators.journal import Entry
from tests.emulators.scripted import bearer
from tests.emulators.voices import Message, Voice, VoiceConnection, VoiceContext, VoiceScript
from tests.emulators.websocket import WebSocket

_THINNED = {24_000: 1, 8_000: 3}
"""By the rate that is asked for, how many samples of ours one is."""


class CartesiaScript(VoiceScript):
    """How the voice speaks."""

    own_flushes: bool = True
    """Whether each text is flushed by itself as well, which numbers a flush without audio for each asked for."""
    words_first: bool = True
    """Whether words come before the audio that they lie in."""
    words_of_flush: bool = False
    """Whether the words' times begin anew with each flush, not with the context."""
    expiry_ms: int = 1000
    """A context ends so long after its last audio."""
    concurrency: int | None = None
    """Contexts at a time; more are refused."""


class Cartesia(Voice[CartesiaScript]):
    """A voice that hums."""

    route = "/tts/websocket"
    rate = 24_000

    def key(self, exchange: Exchange) -> str | None:
        return exchange.headers.get("x-api-key") or bearer(exchange)

    def accepts(self, exchange: Exchange) -> bool:
        return "cartesia-version" in exchange.headers

    def connection(self, websocket: WebSocket, entry: Entry) -> _Connection:
        return _Connection(self, websocket, entry)


class _Connection(VoiceConnection[CartesiaScript]):
    def __init__(self, voice: Cartesia, websocket: WebSocket, entry: Entry) -> None:
        super().__init__(voice, websocket, entry)
        self._contexts: dict[str, _Context] = {}

    async def told(self, message: Message) -> None:
        name = message.get("context_id")
        known = self._contexts.get(name or "")
        if message.get("cancel"):
            if known is not None:
                await known.cancel()
            return
        problem = self._problem(message, known)
        if problem is not None:
            status, code = problem
            await self.websocket.send(_error(name, status, code))
            return
        if known is None:
            body: Message = {"context": name, "texts": [], "settings": {**message, "transcript": ""}}
            context = self.begin(body)
            known = self._contexts[str(name)] = _Context(self, context, str(name), _THINNED[_rate_of(message)])
        known.told(message)

    def _problem(self, message: Message, known: _Context | None) -> tuple[int, str] | None:
        if not message.get("context_id") or not message.get("model_id") or _rate_of(message) not in _THINNED:
            return 400, "invalid_request"
        if known is not None and not known.busy:
            return 400, "context_expired"
        speaking = sum(context.busy for context in self._contexts.values())
        limit = self.voice.script.concurrency
        if known is None and limit is not None and speaking >= limit:
            return 429, "concurrency_limited"
        return None

    def error(self, context: VoiceContext, fault: Fault) -> Message:
        return _error(context.entry.body["context"], fault.status, fault.error_type)


def _rate_of(message: Message) -> int:
    """Of the audio that is asked for; 0 where it is asked for in another form."""
    match message.get("output_format"):
        case {"container": "raw", "encoding": "pcm_s16le", "sample_rate": int(rate), **rest} if not rest:
            return rate
    return 0


def _error(context: str | None, status: int, code: str) -> Message:
    told = {"type": "error", "done": True, "status_code": status, "error_code": code, "title": "As scripted"}
    return {**told, "message": "as scripted", "request_id": "emulated", "context_id": context}


class _Context:
    """One context."""

    def __init__(self, connection: _Connection, context: VoiceContext, name: str, every: int) -> None:
        """`every`: of so many samples of the voice, one is sent."""
        self._connection = connection
        self._context = context
        self._name = name
        self._every = every
        self._text = ""
        self._flush = 1
        self._made_ms = 0
        self._flush_from_ms = 0
        self._expiry: asyncio.TimerHandle | None = None

    @property
    def busy(self) -> bool:
        return self._context.busy

    def told(self, message: Message) -> None:
        """Text, a flush, or the end."""
        self._wait_for_expiry(None)
        text = message["transcript"]
        if text.strip():
            self._context.entry.body["texts"].append(text)
            self._context.do(partial(self._speak, text))
        if message.get("flush"):
            self._context.do(self._flushed)
        if not message.get("continue"):
            self._context.do(self._done)

    async def cancel(self) -> None:
        """Stop; what is on its way still arrives."""
        late = self._connection.voice.script.late_chunks
        self._context.end("client_gone")
        for _ in range(late):
            await self._context.push(self._chunk(b"\x11\x11" * 2400))

    async def _speak(self, text: str) -> None:
        self._wait_for_expiry(None)
        voice, script = self._connection.voice, self._connection.voice.script
        since = self._made_ms - (self._flush_from_ms if script.words_of_flush else 0)
        words = [(word, since + start, since + end) for word, start, end in voice.words_of(text.rstrip())]
        for chunk in voice.chunks_of(text.rstrip()):
            since += script.chunk_ms
            here = [word for word in words if word[1] < since]
            words = words[len(here) :]
            if here and script.words_first:
                await self._context.emit(self._timestamps(here))
            await self._context.emit(self._chunk(chunk))
            if here and not script.words_first:
                await self._context.emit(self._timestamps(here))
            self._made_ms += len(chunk) // 2 * 1000 // voice.rate
        if script.own_flushes:
            await self._flushed()
        self._wait_for_expiry(script.expiry_ms)

    async def _flushed(self) -> None:
        await self._context.emit({**self._about("flush_done"), "flush_done": True, "flush_id": self._flush})
        self._flush += 1
        self._flush_from_ms = self._made_ms

    async def _done(self) -> None:
        await self._context.emit({**self._about("done"), "done": True})
        self._context.end("completed")

    def _wait_for_expiry(self, ms: int | None) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
        self._expiry = None
        if ms is not None:
            self._expiry = asyncio.get_running_loop().call_later(ms / 1000, self._context.do, self._done)

    def _about(self, kind: str) -> Message:
        return {"type": kind, "context_id": self._name, "status_code": 206, "done": False}

    def _chunk(self, pcm: bytes) -> Message:
        thinned = array("h", pcm)[:: self._every].tobytes()
        audio = {"data": base64.b64encode(thinned).decode(), "step_time": 12.5, "flush_id": self._flush}
        return {**self._about("chunk"), **audio}

    def _timestamps(self, words: list[tuple[str, int, int]]) -> Message:
        told: dict[str, Any] = {
            "words": [word for word, _, _ in words],
            "start": [start / 1000 for _, start, _ in words],
            "end": [end / 1000 for _, _, end in words],
        }
        return {**self._about("timestamps"), "flush_id": self._flush, "word_timestamps": told}
