"""A telephone's audio keeps its rate from one end to the other, whoever else is served by the same process."""

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


@pytest.mark.parametrize("others", [[], [{"name": "Native"}]], ids=["telephones", "beside others"])
async def test_g11_the_recogniser_hears_a_telephone_at_its_rate(
    site: Site, emulators: Emulators, others: list[dict[str, Any]]
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
    assert stream.query["sample_rate"] == ["8000"]
    (asked,) = emulators.journal.of("/v1/messages")
    assert "What time is breakfast?" in str(asked.body["messages"])


@pytest.mark.parametrize(
    ("line_rate", "made_at"), [(8_000, 8_000), (None, 24_000)], ids=["telephones", "no rate in common"]
)
async def test_g10_phrases_are_made_at_the_best_rate_that_any_client_has(
    site: Site, line_rate: int | None, made_at: int
) -> None:
    pipeline = create_pipeline(_config(site), DeadlinesConfig(), line_rate=line_rate)
    assert pipeline.tts.sample_rate == made_at


@pytest.mark.parametrize("stt", ["Deepgram", "DeepgramFlux"])
@pytest.mark.parametrize(
    ("client", "heard_at", "made_at"),
    [(8_000, 8_000, 8_000), (16_000, 16_000, 16_000), (48_000, 16_000, 48_000), (12_000, 16_000, 24_000)],
)
async def test_g11_a_session_has_its_clients_rate_where_the_provider_has_it(
    site: Site, stt: str, client: int, heard_at: int, made_at: int
) -> None:
    pipeline = create_pipeline(_config(site, stt=stt), DeadlinesConfig())
    of_client = pipeline.at(input_rate=client, output_rate=client)
    assert (of_client.stt.sample_rate, of_client.tts.sample_rate) == (heard_at, made_at)
    assert (pipeline.stt.sample_rate, pipeline.tts.sample_rate) == (16_000, 24_000)


def _config(site: Site, *, stt: str = "Deepgram") -> PipelineConfig:
    keyed: dict[str, Any] = {"api_key_files": [str(site.key)]}
    return PipelineConfig.model_validate(
        {
            "stt": {"provider": stt, **keyed},
            "llm": {"provider": "Embedded"},
            "tts": {"provider": "Cartesia", "voice": "one", **keyed},
        }
    )
