"""ElevenLabs' `/v1/text-to-speech/<voice>/multi-stream-input`: a few contexts, audio with aligned characters."""

from __future__ import annotations

import base64
from functools import partial
from typing import Any

from tests.emulators.faults import Fault
from tests.emulators.http import Exchange
from tests.emulators.journal import Entry
from tests.emulators.voices import Message, Voice, VoiceConnection, VoiceContext, VoiceScript
from tests.emulators.websocket import PeerGoneError, WebSocket


class ElevenLabsScript(VoiceScript):
    """How the voice speaks."""

    contexts: int = 5
    """That one connection may have; one more ends it."""
    normalized: bool = True
    """Whether characters are told as they are spoken, too."""


class ElevenLabs(Voice[ElevenLabsScript]):
    """A voice that hums."""

    route = "/v1/text-to-speech/*/multi-stream-input"
    rate = 24_000

    def serves(self, exchange: Exchange) -> bool:
        before, _, after = self.route.partition("*")
        return exchange.method == "GET" and exchange.path.startswith(before) and exchange.path.endswith(after)

    def key(self, exchange: Exchange) -> str | None:
        return exchange.headers.get("xi-api-key")

    def accepts(self, exchange: Exchange) -> bool:
        query = exchange.entry.query
        return query.get("output_format") == ["pcm_24000"] and "model_id" in query

    def connection(self, websocket: WebSocket, entry: Entry) -> _Connection:
        return _Connection(self, websocket, entry)


class _Connection(VoiceConnection[ElevenLabsScript]):
    def __init__(self, voice: ElevenLabs, websocket: WebSocket, entry: Entry) -> None:
        super().__init__(voice, websocket, entry)
        self._contexts: dict[str, _Context] = {}

    async def told(self, message: Message) -> None:
        name = message.get("context_id")
        if name is None:
            self.entry.messages.append("keep-alive")
            return
        known = self._contexts.get(name)
        if known is None or not known.busy:
            if message.get("close_context"):
                return
            if sum(context.busy for context in self._contexts.values()) >= self.voice.script.contexts:
                await self._refuse("max_active_conversations")
                raise PeerGoneError
            body = {"context": name, "texts": [], "settings": message}
            known = self._contexts[name] = _Context(self, self.begin(body), name)
        known.told(message)

    async def idle(self) -> None:
        await self._refuse("input_timeout_exceeded")

    async def _refuse(self, error: str) -> None:
        await self.websocket.send({"message": "as scripted", "error": error, "code": 1008})
        await self.websocket.close(1008, "as scripted")

    def error(self, context: VoiceContext, fault: Fault) -> Message:
        name = context.entry.body["context"]
        return {"message": "as scripted", "error": fault.error_type, "code": 1008, "contextId": name}


class _Context:
    """One context: text waits until it is flushed, and ends with `isFinal` when it was closed."""

    def __init__(self, connection: _Connection, context: VoiceContext, name: str) -> None:
        self._connection = connection
        self._context = context
        self._name = name
        self._text = ""
        self._closing = False

    @property
    def busy(self) -> bool:
        return self._context.busy

    def told(self, message: Message) -> None:
        """Text, a flush, or the end; what was flushed before the end is still spoken."""
        self._text += message.get("text") or ""
        if message.get("flush") and self._text.strip():
            text, self._text = self._text.strip(), ""
            self._context.entry.body["texts"].append(text)
            self._context.do(partial(self._speak, text))
        if message.get("close_context") and not self._closing:
            self._closing = True
            self._context.do(self._final)

    async def _speak(self, text: str) -> None:
        voice, made = self._connection.voice, 0
        each = voice.script.ms_per_character
        aligned = [(character, at * each) for at, character in enumerate(text)]
        for chunk in voice.chunks_of(text):
            ms = len(chunk) // 2 * 1000 // voice.rate
            here = [(character, start - made) for character, start in aligned if made <= start < made + ms]
            await self._context.emit(self._audio(chunk, here))
            made += ms

    def _audio(self, pcm: bytes, characters: list[tuple[str, int]]) -> Message:
        """Times begin anew with each message."""
        script = self._connection.voice.script
        aligned: dict[str, Any] = {
            "chars": [character for character, _ in characters],
            "charStartTimesMs": [start for _, start in characters],
            "charDurationsMs": [script.ms_per_character] * len(characters),
        }
        told = {"alignment": aligned, "normalizedAlignment": aligned if script.normalized else None}
        return {"audio": base64.b64encode(pcm).decode(), "isFinal": None, "contextId": self._name, **told}

    async def _final(self) -> None:
        await self._context.emit({"isFinal": True, "contextId": self._name})
        self._context.end("completed")
