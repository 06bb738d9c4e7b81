"""What every provider tells of its use has a price: a conversation through each, and nothing in it unknown."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulators.emulators import Emulators
from tests.gateway.calling import QUESTION, calling
from tests.gateway.running import Served, Site, served

DEEPGRAM, FLUX = {"provider": "Deepgram"}, {"provider": "DeepgramFlux"}
WHISPER = {"provider": "OpenAI", "model": "whisper-1"}
HAIKU, GPT = (
    {"provider": "Anthropic", "model": "claude-haiku-4-5"},
    {"provider": "OpenAI", "model": "gpt-4.1-mini"},
)
GEMINI = {"provider": "Gemini", "model": "gemini-2.5-flash"}


async def spent(gateway: Served, stage: str) -> float:
    return await gateway.metric(f'voice_cost_dollars_total{{stage="{stage}"}}')


@pytest.mark.parametrize(
    ("stt", "llm", "tts"),
    [
        (DEEPGRAM, HAIKU, {"provider": "OpenAI", "model": "tts-1"}),
        (FLUX, GPT, {"provider": "Cartesia", "voice": "v"}),
        (WHISPER, GEMINI, {"provider": "ElevenLabs", "voice": "v"}),
        (DEEPGRAM, HAIKU, {"provider": "Deepgram"}),
        (DEEPGRAM, HAIKU, {"provider": "OpenAI", "model": "gpt-4o-mini-tts"}),
    ],
    ids=lambda stage: f"{stage['provider']}-{stage.get('model', '')}".rstrip("-"),
)
async def test_g07_each_stage_of_a_spoken_turn_costs_something_that_is_known(
    site: Site, emulators: Emulators, stt: dict[str, Any], llm: dict[str, Any], tts: dict[str, Any]
) -> None:
    def keyed(stage: dict[str, Any]) -> dict[str, Any]:
        url = emulators.openai_url if stage["provider"] == "OpenAI" else emulators.url
        return {**stage, "api_key_files": [str(site.key)], "base_url": url}

    site.settings["pipeline"] = {"stt": keyed(stt), "llm": keyed(llm), "tts": keyed(tts)}
    async with served(site.config()) as gateway:
        async with calling(gateway) as (_, conversation):
            turn = await conversation.say(QUESTION)
            assert turn.answer
        await gateway.until_metric("voice_sessions_active", 0)
        assert all([await spent(gateway, stage) > 0 for stage in ("stt", "llm", "tts")])
        exposition = (await gateway.get("/metrics")).text
        prices = (await gateway.get("/health")).json()["dependencies"]["prices"]
    assert prices["status"] == "ok", prices
    assert "voice_prices_unknown{" not in exposition
