"""The voice's provider is in trouble: what the caller hears."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulators.anthropic_messages import AnthropicScript
from tests.emulators.emulators import Emulators
from tests.gateway.resilience.scene import APOLOGY, FAST, NATURAL, Caller, Scene
from tests.gateway.resilience.table import Row, each

SENTENCES = ["Breakfast is served from seven until ten in the garden room.", "Shall I wake you?"]
ANSWER = " ".join(SENTENCES)
SOON = 15
"""Chunks of 100 ms that are spoken before it breaks, of the first sentence's 36."""


@pytest.fixture(autouse=True)
def the_voice(scene: Scene) -> None:
    scene.stage, scene.provider = "tts", "openai_speech"
    scene.emulators.anthropic.set_script(AnthropicScript(replies=[ANSWER]))


def asked(emulators: Emulators) -> list[Any]:
    """What was to be spoken."""
    return [entry.body for entry in emulators.journal.of("/v1/audio/speech")]


@each("the voice")
async def test_g10_with_another_voice_the_caller_hears_the_whole_answer(scene: Scene, row: Row) -> None:
    at = scene.keyed | {"base_url": scene.elsewhere.openai_url}
    scene.another = {"provider": "OpenAI", "model": "tts-1", "voice": "sage", **at}
    scene.speech(NATURAL if row.trouble.in_the_middle else FAST)
    async with scene.calling(row.trouble) as caller:
        scene.begin(row.trouble, after=SOON)
        assert await caller.types("when is breakfast?") == [ANSWER]
    assert f"the whole answer, {by_whom(scene, caller)}" == row.with_another
    assert {(body["model"], body["voice"]) for body in asked(scene.elsewhere)} == {("tts-1", "sage")}


def by_whom(scene: Scene, caller: Caller) -> str:
    """How much of it the other voice was given to say; no part of a second is missing, nor there twice."""
    said, voice = [body["input"] for body in asked(scene.elsewhere)], scene.elsewhere.openai_speech
    if said == SENTENCES:
        assert caller.heard.audio[1] == b"".join(voice.audio_of(text) for text in SENTENCES)
        return "by the other"
    rest, *others = said
    assert others == SENTENCES[1:]
    assert SENTENCES[0].endswith(f" {rest}")
    assert "ten in the garden room." in rest, "1.5 s are about four words"
    assert len(caller.heard.audio[1]) == pytest.approx(len(voice.audio_of(ANSWER)), rel=0.15)
    return "the other goes on within the sentence"


@each("the voice")
async def test_g10_without_another_voice_the_caller_hears_an_apology(scene: Scene, row: Row) -> None:
    async with scene.calling(row.trouble) as caller:
        scene.begin(row.trouble, after=SOON // 3)
        heard = await hears(caller, two=row.trouble.in_the_middle)
        if "the next question" in row.alone:
            scene.end(row.trouble)
            assert await caller.types("I asked when breakfast is") == [ANSWER]
            heard += "; the next question is answered"
    assert heard == row.alone


async def hears(caller: Caller, *, two: bool) -> str:
    said = await caller.types("when is breakfast?", replies=1 + two)
    if said[-1] == APOLOGY:
        assert caller.heard.audio[max(caller.heard.audio)], "spoken in advance"
        return "the beginning, then an apology" if said[:-1] else "an apology"
    assert said == [ANSWER]
    return "the whole answer"
