"""Where all clients are telephones, audio keeps their rate from one end to the other."""

from __future__ import annotations

from typing import Any

import pytest

from parley_contract.pipeline import DeadlinesConfig, PipelineConfig
from parley_gateway.audio import mulaw
from parley_gateway.providers.registry import create_pipeline
from tests.emulators.emulators import Emulators
from tests.emulators.recogniser import DeepgramScript
from tests.emulators.speech import silence, speech_like
from tests.emulators.twilio_phone import calling
from tests.gateway.running import TOKEN, Site, served

PATH = "/v1/twilio"
QUESTION = mulaw.encode(speech_like(900, rate=8_000) + silence(200, rate=8_000))


@pytest.mark.parametrize(
    ("others", "rate"), [([], "8000"), ([{"name": "Native"}], "16000")], ids=["telephones", "beside others"]
)
async def test_g11_the_recogniser_hears_telephones_at_the_rate_of_all_clients(
    site: Site, emulators: Emulators, others: list[dict[str, Any]], rate: str
) -> None:
    site.settings["protocols"] = [{"name": "Twilio", "paths": [PATH]}, *others]
    emulators.deepgram.set_script(DeepgramScript(transcripts=["What time is breakfast?"]))
    async with (
        served(site.config()) as gateway,
        calling(f"ws://127.0.0.1:{gateway.port}{PATH}", token=TOKEN) as call,
    ):
        call.speak(QUESTION)
        await call.until(lambda: len(call.playback.heard) > 0)
    (stream,) = emulators.journal.of("/v1/listen")
    assert stream.query["sample_rate"] == [rate]
    (asked,) = emulators.journal.of("/v1/messages")
    assert "What time is breakfast?" in str(asked.body["messages"])


@pytest.mark.parametrize(
    ("line_rate", "made_at"), [(8_000, 8_000), (None, 24_000)], ids=["telephones", "no rate in common"]
)
async def test_a_voice_that_can_speaks_at_the_rate_of_all_clients(
    site: Site, line_rate: int | None, made_at: int
) -> None:
    keyed: dict[str, Any] = {"api_key_files": [str(site.key)]}
    config = PipelineConfig.model_validate(
        {
            "stt": {"provider": "Deepgram", **keyed},
            "llm": {"provider": "Embedded"},
            "tts": {"provider": "Cartesia", "voice": "one", **keyed},
        }
    )
    pipeline = create_pipeline(config, DeadlinesConfig(), line_rate=line_rate)
    assert pipeline.tts.sample_rate == made_at
