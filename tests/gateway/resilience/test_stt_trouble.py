"""The recogniser's provider is in trouble: what the caller hears."""

from __future__ import annotations

import pytest

from tests.emulators.recogniser import DeepgramScript
from tests.gateway.calling import QUESTION
from tests.gateway.resilience.scene import Scene
from tests.gateway.resilience.trouble import AT_ONCE, CUTS, Trouble, each

SAID = "What time is breakfast?"


@pytest.fixture(autouse=True)
def the_recogniser(scene: Scene) -> None:
    scene.in_trouble("stt")
    scene.emulators.deepgram.set_script(DeepgramScript(transcripts=[SAID]))
    scene.elsewhere.deepgram.set_script(DeepgramScript(transcripts=[SAID]))


def stands_in(scene: Scene) -> None:
    scene.fall_back(stt={"provider": "Deepgram", "model": "nova-2", **scene.keyed})


@each([*AT_ONCE, CUTS])
async def test_g10_another_recogniser_hears_what_was_said(scene: Scene, trouble: Trouble) -> None:
    stands_in(scene)
    async with scene.gateway() as gateway:
        trouble.begin(scene.emulators, "deepgram", scene.names, after=1)
        async with scene.call(gateway) as caller:
            turn = await caller.conversation.say(QUESTION)
    assert turn.transcript == SAID
    assert turn.answer == f"You said: {SAID}"
    assert turn.pcm
