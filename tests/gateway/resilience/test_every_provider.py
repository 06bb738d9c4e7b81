"""Whichever provider breaks off in the middle, another one saves the answer; the tables have the others."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulators.anthropic_messages import AnthropicScript
from tests.emulators.cartesia import CartesiaScript
from tests.emulators.deepgram_speak import DeepgramSpeakScript
from tests.emulators.elevenlabs import ElevenLabsScript
from tests.emulators.flux_recogniser import FluxScript
from tests.emulators.gemini import GeminiScript
from tests.emulators.openai_chat import OpenAIChatScript
from tests.emulators.openai_transcription import TranscriptionScript
from tests.emulators.recogniser import DeepgramScript
from tests.gateway.calling import QUESTION
from tests.gateway.resilience.scene import NATURAL, Scene
from tests.gateway.resilience.test_llm_trouble import ANSWER, BEGINNING, REST
from tests.gateway.resilience.test_tts_trouble import ANSWER as SPOKEN
from tests.gateway.resilience.test_tts_trouble import SENTENCES, SOON
from tests.gateway.resilience.trouble import CUTS, HOST, STALLS, STALLS_IN_MID_ANSWER, Trouble

SAID = "What time is breakfast?"
IN_THE_SECOND_SENTENCE = 7
"""Words."""
IN_THE_SENTENCE = 1
"""Messages that tell something of it: half of a transcription, Flux's first words."""
MODELS = {
    "openai_chat": ({"provider": "OpenAI", "model": "gpt-4.1-mini"}, OpenAIChatScript(replies=[ANSWER])),
    "gemini": ({"provider": "Gemini", "model": "gemini-2.5-flash"}, GeminiScript(replies=[ANSWER])),
}
VOICES = {
    "deepgram_speak": ({"provider": "Deepgram", "model": "aura-2-thalia-en"}, DeepgramSpeakScript()),
    "cartesia": ({"provider": "Cartesia", "model": "sonic-3", "voice": "v"}, CartesiaScript()),
    "elevenlabs": ({"provider": "ElevenLabs", "model": "eleven_flash_v2_5", "voice": "v"}, ElevenLabsScript()),
}
RECOGNISERS = {
    "deepgram_flux": ({"provider": "DeepgramFlux", "model": "flux-general-en"}, FluxScript(transcripts=[SAID])),
    "openai_transcription": (
        {"provider": "OpenAI", "model": "whisper-1"},
        TranscriptionScript(transcripts=[SAID]),
    ),
}
DEEPGRAM = ({"provider": "Deepgram", "model": "nova-3"}, DeepgramScript(transcripts=[SAID]))
breaks_off = pytest.mark.parametrize("trouble", [CUTS, STALLS_IN_MID_ANSWER], ids=["cut", "stall"])


def first(scene: Scene, stage: str, name: str, settings: dict[str, Any], script: Any) -> None:
    """This provider is the one that is meant, by the name that troubles know."""
    scene.stage, scene.provider = stage, name
    url = scene.emulators.openai_url if settings["provider"] == "OpenAI" else scene.emulators.url
    scene.pipeline[stage] = {**settings, "base_url": url.replace("127.0.0.1", HOST)}
    getattr(scene.emulators, name).set_script(script)


@breaks_off
@pytest.mark.parametrize("name", MODELS)
async def test_g10_another_model_goes_on_after_the_last_sentence(
    scene: Scene, name: str, trouble: Trouble
) -> None:
    first(scene, "llm", name, *MODELS[name])
    scene.another = {"provider": "Anthropic", "model": "claude-haiku-4-5", **scene.keyed}
    scene.elsewhere.anthropic.set_script(AnthropicScript(replies=[REST]))
    async with scene.calling(trouble) as caller:
        scene.begin(trouble, after=IN_THE_SECOND_SENTENCE)
        assert await caller.types("when is breakfast?") == [ANSWER]
    (asked,) = scene.elsewhere.journal.of("/v1/messages")
    assert BEGINNING in str(asked.body["messages"])
    assert REST not in str(asked.body["messages"])


@breaks_off
@pytest.mark.parametrize("name", VOICES)
async def test_g10_another_voice_goes_on_within_the_sentence(scene: Scene, name: str, trouble: Trouble) -> None:
    first(scene, "tts", name, *VOICES[name])
    at = scene.keyed | {"base_url": scene.elsewhere.openai_url}
    scene.another = {"provider": "OpenAI", "model": "tts-1", "voice": "sage", **at}
    scene.speech(NATURAL)
    scene.emulators.anthropic.set_script(AnthropicScript(replies=[SPOKEN]))
    async with scene.calling(trouble) as caller:
        scene.begin(trouble, after=SOON)
        assert await caller.types("when is breakfast?") == [SPOKEN]
    rest, *others = [entry.body["input"] for entry in scene.elsewhere.journal.of("/v1/audio/speech")]
    assert others == SENTENCES[1:]
    assert SENTENCES[0].endswith(f" {rest}")
    natural = len(scene.elsewhere.openai_speech.audio_of(SPOKEN))
    assert len(caller.heard.audio[1]) == pytest.approx(natural, rel=0.15)


@breaks_off
@pytest.mark.parametrize("name", RECOGNISERS)
async def test_g10_another_recogniser_hears_what_was_said(scene: Scene, name: str, trouble: Trouble) -> None:
    first(scene, "stt", name, *RECOGNISERS[name])
    scene.another = {"provider": "Deepgram", "model": "nova-2", **scene.keyed}
    scene.elsewhere.deepgram.set_script(DeepgramScript(transcripts=[SAID]))
    async with scene.gateway(trouble) as gateway:
        scene.begin(trouble, after=IN_THE_SENTENCE)
        async with scene.call(gateway) as caller:
            turn = await caller.says(QUESTION)
    assert (turn.transcript, turn.answer) == (SAID, f"You said: {SAID}")
    assert caller.heard.said == [f"You said: {SAID}"]
    assert ["nova-2"] in [entry.query["model"] for entry in scene.elsewhere.journal.of("/v1/listen")]


PATIENCE = {
    "deepgram": (DEEPGRAM, {"connect": 5.0}),
    "openai_transcription": (RECOGNISERS["openai_transcription"], {"connect": 1.0, "first_byte": 6.0}),
}
"""What is waited for until a recogniser that stalls is given up: a connection by default, or a transcript."""


@pytest.mark.parametrize("name", PATIENCE)
async def test_g10_however_long_a_recogniser_was_waited_for_another_one_hears_what_was_said(
    scene: Scene, name: str
) -> None:
    recogniser, scene.given_up_after = PATIENCE[name]
    first(scene, "stt", name, *recogniser)
    scene.another = {"provider": "Deepgram", "model": "nova-2", **scene.keyed}
    scene.elsewhere.deepgram.set_script(DeepgramScript(transcripts=[SAID]))
    async with scene.gateway(STALLS) as gateway:
        scene.begin(STALLS)
        async with scene.call(gateway) as caller:
            turn = await caller.says(QUESTION)
    assert (turn.transcript, turn.answer) == (SAID, f"You said: {SAID}")
