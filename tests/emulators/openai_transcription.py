"""OpenAI's `/v1/audio/transcriptions`: a WAV file in, its scripted transcript out."""

from __future__ import annotations

import io
import json
import wave
from email import message_from_bytes
from email.policy import HTTP
from typing import Any

from tests.emulators.faults import FaultyBody
from tests.emulators.http import Exchange
from tests.emulators.openai_errors import error_object
from tests.emulators.scripted import HttpEmulator, RefusalError, Script, bearer


class TranscriptionScript(Script):
    """What is understood."""

    transcripts: list[str] = ["hello there"]
    """One for each request, from the start again at the end."""


class OpenAITranscription(HttpEmulator[TranscriptionScript]):
    """A model that understands what its script says."""

    route = "/v1/audio/transcriptions"

    def key(self, exchange: Exchange) -> str | None:
        return bearer(exchange)

    def _json(self, exchange: Exchange) -> Any:
        """The form's fields, and what the file is like."""
        head = f"content-type: {exchange.headers.get('content-type', '')}\r\n\r\n".encode()
        form = message_from_bytes(head + exchange.body, policy=HTTP)
        fields: dict[str, Any] = {}
        for part in form.iter_parts() if form.is_multipart() else ():
            name = str(part.get_param("name", header="content-disposition"))
            content: Any = part.get_payload(decode=True)
            if name == "file":
                fields["audio"] = _described(content)
            elif name.endswith("[]"):
                fields.setdefault(name, []).append(content.decode())
            else:
                fields[name] = content.decode()
        return fields

    def check(self, exchange: Exchange, body: Any) -> None:
        if not body.get("model") or not body.get("audio"):
            raise RefusalError(400, "invalid_request_error", "model and file are required")
        if body["audio"]["ms"] < 100:
            raise RefusalError(400, "audio_too_short", "Audio file is too short. Minimum is 0.1 seconds.")

    async def reply(self, body: FaultyBody, request: Any, number: int) -> None:
        text = self.script.transcripts[number % len(self.script.transcripts)]
        await body.start({"content-type": "application/json"})
        for piece in _pieces({"text": text}):
            await body.write(piece)
        await body.finish()

    def error(self, refusal: RefusalError) -> dict[str, Any]:
        return error_object(refusal)


class CompatibleTranscription(OpenAITranscription):
    """A Whisper server of one's own: it wants no key."""

    route = "/compatible/v1/audio/transcriptions"
    needs_key = False


def _described(content: Any) -> dict[str, Any]:
    try:
        with wave.open(io.BytesIO(content)) as file:
            frames = file.getnframes()
            if (file.getnchannels(), file.getsampwidth()) != (1, 2):
                raise RefusalError(400, "invalid_request_error", "only s16le mono is emulated")
            return {"rate": file.getframerate(), "ms": frames * 1000 // file.getframerate()}
    except (wave.Error, EOFError):
        raise RefusalError(400, "invalid_request_error", "Invalid file format.") from None


def _pieces(content: dict[str, Any]) -> list[bytes]:
    """The answer in two, so that a fault can strike between them."""
    whole = json.dumps(content).encode()
    return [whole[: len(whole) // 2], whole[len(whole) // 2 :]]
