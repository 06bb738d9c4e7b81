"""All providers on one port, as one thing to start, script and ask."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from tests.emulators.accounts import FORMS, Account, AccountScript
from tests.emulators.anthropic_messages import AnthropicMessages, AnthropicScript
from tests.emulators.cartesia import Cartesia, CartesiaScript
from tests.emulators.control import Control
from tests.emulators.deepgram_flux import DeepgramFlux
from tests.emulators.deepgram_speak import DeepgramSpeak, DeepgramSpeakScript
from tests.emulators.deepgram_v1 import DeepgramV1
from tests.emulators.elevenlabs import ElevenLabs, ElevenLabsScript
from tests.emulators.flux_recogniser import FluxScript
from tests.emulators.gemini import Gemini, GeminiScript
from tests.emulators.http import Exchange, Server
from tests.emulators.journal import Journal
from tests.emulators.openai_chat import CompatibleChat, CompatibleChatScript, OpenAIChat, OpenAIChatScript
from tests.emulators.openai_speech import OpenAISpeech, OpenAISpeechScript
from tests.emulators.openai_transcription import (
    CompatibleTranscription,
    OpenAITranscription,
    TranscriptionScript,
)
from tests.emulators.recogniser import DeepgramScript
from tests.emulators.stripe_meter_events import StripeMeterEvents, StripeMeterEventsScript


class Endpoint(Protocol):
    """One provider's endpoint."""

    def serves(self, exchange: Exchange) -> bool:
        """Whether the request is for this endpoint."""

    async def handle(self, exchange: Exchange) -> None:
        """Answer one request."""


class Emulators:
    """All providers at one address."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self.journal = Journal()
        self.deepgram = DeepgramV1(DeepgramScript(), self.journal)
        self.deepgram_flux = DeepgramFlux(FluxScript(), self.journal)
        self.openai_transcription = OpenAITranscription(TranscriptionScript())
        self.compatible_transcription = CompatibleTranscription(TranscriptionScript())
        self.anthropic = AnthropicMessages(AnthropicScript())
        self.openai_chat = OpenAIChat(OpenAIChatScript())
        self.compatible_chat = CompatibleChat(CompatibleChatScript())
        self.gemini = Gemini(GeminiScript())
        self.openai_speech = OpenAISpeech(OpenAISpeechScript())
        self.deepgram_speak = DeepgramSpeak(DeepgramSpeakScript(), self.journal)
        self.cartesia = Cartesia(CartesiaScript(), self.journal)
        self.elevenlabs = ElevenLabs(ElevenLabsScript(), self.journal)
        self.stripe = StripeMeterEvents(StripeMeterEventsScript())
        self.accounts = {provider: Account(form, AccountScript()) for provider, form in FORMS.items()}
        self._endpoints: tuple[Endpoint, ...] = (
            self.deepgram,
            self.deepgram_flux,
            self.openai_transcription,
            self.compatible_transcription,
            self.anthropic,
            self.openai_chat,
            self.compatible_chat,
            self.gemini,
            self.openai_speech,
            self.deepgram_speak,
            self.cartesia,
            self.elevenlabs,
            self.stripe,
            *self.accounts.values(),
        )
        self._control = Control(self, self.journal)
        self._tls = tls
        self._server = Server(self._handle, self.journal, tls=tls)
        self._address = ("", 0)

    @property
    def open_connections(self) -> int:
        """How many clients are connected."""
        return self._server.open_connections

    @property
    def url(self) -> str:
        """`base_url` for all but OpenAI."""
        host, port = self._address
        return f"{'https' if self._tls else 'http'}://{host}:{port}"

    @property
    def openai_url(self) -> str:
        """`base_url` for OpenAI."""
        return f"{self.url}/v1"

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen."""
        self._address = (host, await self._server.start(host, port))

    def cut(self) -> None:
        """Cut all connections, and go on listening."""
        self._server.cut()

    def hang_up(self) -> None:
        """Close all connections, as a server does with those that were idle for long; others may come."""
        self._server.hang_up()

    async def stop(self) -> None:
        """Cut all connections."""
        await self._server.stop()

    async def _handle(self, exchange: Exchange) -> None:
        if exchange.path.startswith("/control/"):
            await self._control.handle(exchange)
            return
        self.journal.add(exchange.entry)
        endpoint = self._endpoint(exchange)
        if endpoint is None:
            exchange.entry.outcome = "refused"
            await exchange.answer(404, {"error": {"type": "not_found_error", "message": "no such endpoint"}})
        else:
            await endpoint.handle(exchange)
        self.journal.changed()

    def _endpoint(self, exchange: Exchange) -> Endpoint | None:
        return next((endpoint for endpoint in self._endpoints if endpoint.serves(exchange)), None)


@asynccontextmanager
async def running(*, tls: ssl.SSLContext | None = None) -> AsyncIterator[Emulators]:
    """Emulators on a free port of this machine."""
    emulators = Emulators(tls=tls)
    await emulators.start()
    try:
        yield emulators
    finally:
        await emulators.stop()
