"""Scripting and asking emulators that run in another process.

PUT /control/script/<provider> takes a script as JSON; GET /control/journal gives the requests so far; POST
/control/reset forgets scripts and journal. The names of the providers are in SCRIPTS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from tests.emulators.anthropic_messages import AnthropicScript
from tests.emulators.cartesia import CartesiaScript
from tests.emulators.deepgram_speak import DeepgramSpeakScript
from tests.emulators.elevenlabs import ElevenLabsScript
from tests.emulators.flux_recogniser import FluxScript
from tests.emulators.gemini import GeminiScript
from tests.emulators.http import Exchange
from tests.emulators.journal import Journal
from tests.emulators.openai_chat import CompatibleChatScript, OpenAIChatScript
from tests.emulators.openai_speech import OpenAISpeechScript
from tests.emulators.openai_transcription import TranscriptionScript
from tests.emulators.recogniser import DeepgramScript
from tests.emulators.scripted import Script

if TYPE_CHECKING:
    from tests.emulators.emulators import Emulators

SCRIPTS: dict[str, type[Script]] = {
    "deepgram": DeepgramScript,
    "deepgram_flux": FluxScript,
    "openai_transcription": TranscriptionScript,
    "compatible_transcription": TranscriptionScript,
    "anthropic": AnthropicScript,
    "openai_chat": OpenAIChatScript,
    "compatible_chat": CompatibleChatScript,
    "gemini": GeminiScript,
    "openai_speech": OpenAISpeechScript,
    "deepgram_speak": DeepgramSpeakScript,
    "cartesia": CartesiaScript,
    "elevenlabs": ElevenLabsScript,
}


class Control:
    """The control interface."""

    def __init__(self, emulators: Emulators, journal: Journal) -> None:
        self._emulators = emulators
        self._journal = journal

    async def handle(self, exchange: Exchange) -> None:
        """Answer one request."""
        match exchange.method, exchange.path.split("/")[2:]:
            case "PUT", ["script", provider] if provider in SCRIPTS:
                await self._set(exchange, provider)
            case "GET", ["journal"]:
                await exchange.answer(200, [entry.as_json() for entry in self._journal.entries])
            case "GET", ["health"]:
                await exchange.answer(200, {"open_connections": self._emulators.open_connections})
            case "POST", ["reset"]:
                for provider, script in SCRIPTS.items():
                    self._endpoint(provider).set_script(script())
                self._journal.clear()
                await exchange.answer(200, {})
            case _:
                await exchange.answer(404, {"error": f"providers are {', '.join(SCRIPTS)}"})

    async def _set(self, exchange: Exchange, provider: str) -> None:
        try:
            script = SCRIPTS[provider].model_validate_json(exchange.body)
        except ValidationError as error:
            await exchange.answer(400, {"error": error.errors(include_url=False, include_context=False)})
            return
        self._endpoint(provider).set_script(script)
        await exchange.answer(200, {})

    def _endpoint(self, provider: str) -> Any:
        return getattr(self._emulators, provider)
