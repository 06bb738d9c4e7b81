"""Pipecat serving Twilio: one process, its best settings, in an environment of its own.

`python pipecat_server.py PORT SOCKETS_PORT HTTP_PORT flux|vad|openai`. Best settings: uvloop and the
cheapest of uvicorn's WebSockets, 8 kHz throughout so that nothing is resampled, one client of Claude's for all
calls, no log, no metrics, as in Pipecat's own examples otherwise.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import uvicorn
from anthropic import AsyncAnthropic
from fastapi import FastAPI, WebSocket
from loguru import logger
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair, LLMUserAggregatorParams
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.serializers.twilio import TwilioFrameSerializer
from pipecat.services.anthropic.llm import AnthropicLLMService
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.workers.runner import WorkerRunner

RATE = 8_000
PORT, SOCKETS, HTTP, MODE = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
WEBSOCKETS = f"ws://127.0.0.1:{SOCKETS}"

app = FastAPI()
claude = AsyncAnthropic(api_key="bench", base_url=f"http://127.0.0.1:{HTTP}", max_retries=0)


def hearing() -> FrameProcessor:
    """Flux, which knows the ends of turns; or Deepgram's older API, which leaves them to Pipecat."""
    if MODE == "vad":
        from pipecat.services.deepgram.stt import DeepgramSTTService

        return DeepgramSTTService(api_key="bench", base_url=f"http://127.0.0.1:{SOCKETS}")
    from pipecat.services.deepgram.flux.stt import DeepgramFluxSTTService

    return DeepgramFluxSTTService(api_key="bench", url=f"{WEBSOCKETS}/v2/listen")


def voice() -> FrameProcessor:
    """Cartesia, or OpenAI."""
    if MODE == "openai":
        from pipecat.services.openai.tts import OpenAITTSService

        return OpenAITTSService(api_key="bench", base_url=f"http://127.0.0.1:{HTTP}/v1", sample_rate=24_000)
    from pipecat.services.cartesia.tts import CartesiaTTSService

    return CartesiaTTSService(
        api_key="bench", url=f"{WEBSOCKETS}/tts/websocket", settings=CartesiaTTSService.Settings(voice="bench")
    )


def turn_taking() -> LLMUserAggregatorParams:
    """What Flux recommends; or Silero and smart turn, on this machine, a model for each call."""
    if MODE != "vad":
        return LLMUserAggregatorParams()
    from pipecat.audio.vad.silero import SileroVADAnalyzer

    return LLMUserAggregatorParams(vad_analyzer=SileroVADAnalyzer())


@app.get("/ready")
async def ready() -> dict[str, bool]:
    """Whether calls are taken."""
    return {"ready": True}


@app.websocket("/twilio")
async def twilio(websocket: WebSocket) -> None:
    """One call."""
    await websocket.accept()
    await websocket.receive_text()
    start: dict[str, Any] = json.loads(await websocket.receive_text())["start"]
    serializer = TwilioFrameSerializer(
        start["streamSid"], params=TwilioFrameSerializer.InputParams(auto_hang_up=False)
    )
    transport = FastAPIWebsocketTransport(
        websocket, FastAPIWebsocketParams(audio_in_enabled=True, audio_out_enabled=True, serializer=serializer)
    )
    llm = AnthropicLLMService(
        api_key="bench",
        client=claude,
        settings=AnthropicLLMService.Settings(model="claude-haiku-4-5", system_instruction="Answer briefly."),
    )
    context = LLMContext()
    user, assistant = LLMContextAggregatorPair(context, user_params=turn_taking())
    pipeline = Pipeline([transport.input(), hearing(), user, llm, voice(), transport.output(), assistant])
    worker = PipelineWorker(pipeline, params=PipelineParams(audio_in_sample_rate=RATE, audio_out_sample_rate=RATE))

    @transport.event_handler("on_client_disconnected")
    async def on_client_disconnected(*_: object) -> None:
        await worker.cancel()

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await runner.run()


if __name__ == "__main__":
    logger.remove()
    uvicorn.run(app, host="127.0.0.1", port=PORT, loop="uvloop", ws="websockets-sansio", log_level="warning")
