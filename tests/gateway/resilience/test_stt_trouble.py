"""The recogniser's provider is in trouble: what the caller hears."""

from __future__ import annotations

import asyncio

import pytest

from parley_client import DisconnectedError
from parley_contract.agent import Phrases
from parley_contract.native import CloseCode
from tests.emulators.recogniser import DeepgramScript
from tests.gateway.calling import QUESTION
from tests.gateway.resilience.scene import Scene
from tests.gateway.resilience.trouble import AT_ONCE, CUTS, KEY_EXPIRED, Trouble, each

SAID = "What time is breakfast?"


@pytest.fixture(autouse=True)
def the_recogniser(scene: Scene) -> None:
    scene.in_trouble("stt")
    scene.emulators.deepgram.set_script(DeepgramScript(transcripts=[SAID]))
    scene.elsewhere.deepgram.set_script(DeepgramScript(transcripts=[SAID]))


@each([*AT_ONCE, CUTS])
async def test_g10_another_recogniser_hears_what_was_said(scene: Scene, trouble: Trouble) -> None:
    scene.fall_back(stt={"provider": "Deepgram", "model": "nova-2", **scene.keyed})
    async with scene.gateway() as gateway:
        trouble.begin(scene.emulators, "deepgram", scene.names, after=1)
        async with scene.call(gateway) as caller:
            turn = await caller.says(QUESTION)
    assert turn.transcript == SAID
    assert turn.answer == f"You said: {SAID}"


@each([trouble for trouble in AT_ONCE if trouble is not KEY_EXPIRED])
async def test_g10_without_another_recogniser_the_call_goes_on_once_it_is_back(
    scene: Scene, trouble: Trouble
) -> None:
    async with scene.gateway() as gateway:
        trouble.begin(scene.emulators, "deepgram", scene.names)
        async with scene.call(gateway) as caller:
            await caller.interrupted()
            scene.emulators.deepgram.set_script(DeepgramScript(transcripts=[SAID]))
            scene.names.away = False
            turn = await caller.says(QUESTION)
    assert turn.answer == f"You said: {SAID}"


async def test_g10_a_recogniser_cut_in_mid_sentence_hears_the_sentence_again(scene: Scene) -> None:
    async with scene.gateway() as gateway:
        CUTS.begin(scene.emulators, "deepgram", scene.names, after=1, times=1)
        async with scene.call(gateway) as caller:
            turn = await caller.says(QUESTION)
    assert turn.answer == f"You said: {SAID}"


async def test_g10_without_another_recogniser_an_expired_key_ends_the_call_with_a_word(scene: Scene) -> None:
    async with scene.gateway() as gateway:
        KEY_EXPIRED.begin(scene.emulators, "deepgram", scene.names)
        async with scene.call(gateway) as caller:
            with pytest.raises(DisconnectedError) as ended:
                await caller.conversation.until_over(_for_ever())
    assert caller.heard.said == [Phrases().goodbye]
    assert ended.value.code == CloseCode.PROVIDERS


async def _for_ever() -> None:
    await asyncio.Event().wait()
