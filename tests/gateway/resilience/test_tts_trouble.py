"""The voice's provider is in trouble: what the caller hears."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulators.anthropic_messages import AnthropicScript
from tests.emulators.emulators import Emulators
from tests.gateway.resilience.scene import APOLOGY, Scene
from tests.gateway.resilience.trouble import ALL, AT_ONCE, IN_MID_ANSWER, Trouble, each

SENTENCES = ["Breakfast is served from seven until ten in the garden room.", "Shall I wake you?"]
ANSWER = " ".join(SENTENCES)
SOON = 15
"""Chunks of 100 ms that are spoken before it breaks."""


@pytest.fixture(autouse=True)
def the_voice(scene: Scene) -> None:
    scene.in_trouble("tts")
    scene.emulators.anthropic.set_script(AnthropicScript(replies=[ANSWER]))


def stands_in(scene: Scene) -> None:
    at = scene.keyed | {"base_url": scene.elsewhere.openai_url}
    scene.fall_back(tts={"provider": "OpenAI", "model": "tts-1", "voice": "sage", **at})


def asked(emulators: Emulators) -> list[Any]:
    """What was to be spoken since the agent's phrases were."""
    return [entry.body for entry in emulators.journal.of("/v1/audio/speech")]


@each(AT_ONCE)
async def test_g10_another_voice_speaks_with_its_own_settings(scene: Scene, trouble: Trouble) -> None:
    stands_in(scene)
    async with scene.calling() as caller:
        trouble.begin(scene.emulators, "openai_speech", scene.names)
        assert await caller.types("when is breakfast?") == [ANSWER]
    assert caller.heard.audio[1] == b"".join(scene.elsewhere.openai_speech.audio_of(text) for text in SENTENCES)
    assert [body["input"] for body in asked(scene.elsewhere)] == SENTENCES
    assert {(body["model"], body["voice"]) for body in asked(scene.elsewhere)} == {("tts-1", "sage")}


@each(IN_MID_ANSWER)
async def test_g10_another_voice_goes_on_where_the_first_broke_off(scene: Scene, trouble: Trouble) -> None:
    stands_in(scene)
    async with scene.calling() as caller:
        trouble.begin(scene.emulators, "openai_speech", scene.names, after=SOON)
        assert await caller.types("when is breakfast?") == [ANSWER]
    rest, *others = [body["input"] for body in asked(scene.elsewhere)]
    assert SENTENCES[0].endswith(f" {rest}")
    assert "ten in the garden room." in rest, "1.5 s are about four words"
    assert others == SENTENCES[1:]
    whole = len(scene.elsewhere.openai_speech.audio_of(ANSWER))
    assert len(caller.heard.audio[1]) == pytest.approx(whole, rel=0.15)


@each(ALL)
async def test_g10_without_another_voice_the_agent_apologises_and_the_call_goes_on(
    scene: Scene, trouble: Trouble
) -> None:
    async with scene.calling() as caller:
        trouble.begin(scene.emulators, "openai_speech", scene.names, after=SOON)
        in_the_middle = trouble in IN_MID_ANSWER
        heard = await caller.types("when is breakfast?", replies=1 + in_the_middle)
        assert heard[-1] == APOLOGY
        assert caller.heard.audio[max(caller.heard.audio)], "spoken in advance"
