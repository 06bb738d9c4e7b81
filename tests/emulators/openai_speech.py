"""OpenAI's `/v1/audio/speech` with `response_format: pcm` (24 kHz s16le), streamed in chunks."""

from __future__ import annotations

from typing import Any

from tests.emulators.faults import FaultyBody
from tests.emulators.http import Exchange
from tests.emulators.openai_errors import error_object
from tests.emulators.scripted import HttpEmulator, RefusalError, Script, bearer
from tests.emulators.speech import speech_like

RATE = 24_000


class OpenAISpeechScript(Script):
    """How the voice speaks."""

    ms_per_character: int = 60
    """Length of the speech in proportion to the text: 60 ms is about 170 words per minute."""
    chunk_bytes: int = 4801
    """Length of one chunk; the default is odd on purpose, as the network's pieces are."""
    content_type: str = "audio/pcm"
    odd_end: bool = False
    """Whether the last sample is cut in half."""


class OpenAISpeech(HttpEmulator[OpenAISpeechScript]):
    """A voice that hums."""

    route = "/v1/audio/speech"

    def key(self, exchange: Exchange) -> str | None:
        return bearer(exchange)

    def check(self, exchange: Exchange, body: Any) -> None:
        if not body.get("model") or not body.get("voice"):
            raise RefusalError(400, "invalid_request_error", "model and voice are required")
        if not 1 <= len(body.get("input") or "") <= 4096:
            raise RefusalError(400, "invalid_request_error", "input: between 1 and 4096 characters")
        if body.get("response_format") != "pcm":
            raise RefusalError(400, "invalid_request_error", "only pcm is emulated")

    async def reply(self, body: FaultyBody, request: Any, number: int) -> None:
        pcm = self.audio_of(request["input"])
        if self.script.odd_end:
            pcm = pcm[:-1]
        await body.start({"content-type": self.script.content_type})
        for at in range(0, len(pcm), self.script.chunk_bytes):
            await body.write(pcm[at : at + self.script.chunk_bytes])
        await body.finish()

    def audio_of(self, text: str) -> bytes:
        """The speech of a text: the same every time, so that a test can compare every byte."""
        return speech_like(self.script.ms_per_character * len(text), rate=RATE)

    def error(self, refusal: RefusalError) -> dict[str, Any]:
        return error_object(refusal)
