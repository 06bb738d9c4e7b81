"""OpenAI's `/v1/audio/speech` with `response_format: pcm`, streamed in chunks; and worker pools that speak it."""

from __future__ import annotations

from typing import Any

from tests.emulators.faults import FaultyBody
from tests.emulators.http import Exchange
from tests.emulators.openai_errors import error_object
from tests.emulators.scripted import HttpEmulator, RefusalError, Script, bearer
from tests.emulators.speech import voiced, wav_header

OPENAI_RATE = 24_000


class OpenAISpeechScript(Script):
    """How the voice speaks."""

    ms_per_character: int = 60
    """Length of the speech in proportion to the text: 60 ms is about 170 words per minute."""
    chunk_bytes: int = 4801
    """Length of one chunk; the default is odd on purpose, as the network's pieces are."""
    content_type: str = "audio/pcm"
    odd_end: bool = False
    """Whether the last sample is cut in half."""
    rate: int = OPENAI_RATE
    """Hz; a worker pool has its own."""
    wav: bool = False
    """Whether the PCM comes with a WAV header, as some servers answer whatever they are asked for."""


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
        if self.script.wav:
            pcm = wav_header(self.script.rate) + pcm
        await body.start({"content-type": self.script.content_type})
        for at in range(0, len(pcm), self.script.chunk_bytes):
            await body.write(pcm[at : at + self.script.chunk_bytes])
        await body.finish()

    def audio_of(self, text: str) -> bytes:
        """The speech of a text: the same every time, so that a test can compare every byte."""
        return voiced(text, self.script.ms_per_character * len(text), rate=self.script.rate)

    def error(self, refusal: RefusalError) -> dict[str, Any]:
        return error_object(refusal)
