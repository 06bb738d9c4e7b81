"""OpenAI's speech API in little, by the gateway's embedded speech: for workers made of the gateway's own image."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from parley_contract.pipeline import DeadlinesConfig, EmbeddedTts
from parley_gateway.ports import TtsRequest, TtsSegment
from parley_gateway.providers.embedded.recogniser import Recogniser
from parley_gateway.providers.tts import embedded

VOICE = embedded.create(EmbeddedTts(), DeadlinesConfig())
RECOGNISER = Recogniser()
WAV_HEADER = 44


async def speech(request: Request) -> Response:
    """22,050 Hz, s16le mono."""
    text = (await request.json())["input"]

    async def segments() -> AsyncIterator[TtsSegment]:
        yield TtsSegment(0, text)

    async def pcm() -> AsyncIterator[bytes]:
        async for audio in VOICE.speak(TtsRequest("worker:0", "en-US"), segments()):
            yield audio.pcm

    return StreamingResponse(pcm(), media_type="audio/pcm")


async def transcriptions(request: Request) -> Response:
    """The file of a form, whose other fields nobody needs."""
    body = await request.body()
    boundary = b"\r\n--" + request.headers["content-type"].partition("boundary=")[2].encode()
    wav = body[body.index(b"RIFF") :].partition(boundary)[0]
    heard = await asyncio.to_thread(RECOGNISER.recognise, wav[WAV_HEADER:])
    return JSONResponse({"text": " ".join(word.text for word in heard.words)})


async def health(_: Request) -> Response:
    """200 once the voice is loaded."""
    await VOICE.warm()
    return Response()


ROUTES = [
    Route("/v1/audio/speech", speech, methods=["POST"]),
    Route("/v1/audio/transcriptions", transcriptions, methods=["POST"]),
    Route("/health", health),
]
if __name__ == "__main__":
    # What the cache is for: it is there, and may be written to.
    Path(os.environ["PARLEY_MODEL_CACHE"], "model").touch()
    uvicorn.run(Starlette(routes=ROUTES), host="0.0.0.0", port=int(os.environ["PARLEY_PORT"]))
