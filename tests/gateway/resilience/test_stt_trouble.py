"""The recogniser's provider is in trouble: what the caller hears."""

from __future__ import annotations

import asyncio

import pytest

from parley_client import DisconnectedError
from parley_contract.codes import CloseCode
from tests.emulators.recogniser import DeepgramScript
from tests.gateway.calling import QUESTION
from tests.gateway.resilience.scene import APOLOGY, GOODBYE, Caller, Scene
from tests.gateway.resilience.table import Row, each
from tests.gateway.resilience.trouble import CUTS, Trouble

SAID = "What time is breakfast?"
ANSWER = f"You said: {SAID}"
IN_THE_SENTENCE = 2
"""Messages of Deepgram's: that speech has begun, and the first words of it."""


@pytest.fixture(autouse=True)
def the_recogniser(scene: Scene) -> None:
    scene.stage, scene.provider = "stt", "deepgram"
    scene.emulators.deepgram.set_script(DeepgramScript(transcripts=[SAID]))
    scene.elsewhere.deepgram.set_script(DeepgramScript(transcripts=[SAID]))


@each("the recogniser")
async def test_g10_with_another_recogniser_the_caller_is_heard(scene: Scene, row: Row) -> None:
    scene.another = {"provider": "Deepgram", "model": "nova-2", **scene.keyed}
    async with scene.gateway(row.trouble) as gateway:
        scene.begin(row.trouble, after=IN_THE_SENTENCE)
        async with scene.call(gateway) as caller:
            turn = await caller.says(QUESTION)
    assert (turn.transcript, turn.answer) == (SAID, ANSWER)
    assert caller.heard.said == [ANSWER]
    other = scene.elsewhere.journal.of("/v1/listen")
    assert ["nova-2"] in [entry.query["model"] for entry in other]
    assert row.with_another == "the answer to what was said, heard by the other"


@each("the recogniser")
async def test_g10_without_another_recogniser_the_caller_is_not_left_in_silence(scene: Scene, row: Row) -> None:
    async with scene.gateway(row.trouble) as gateway:
        scene.begin(once(row.trouble) if row.trouble is CUTS else row.trouble, after=1)
        async with scene.call(gateway) as caller:
            heard = await hears(scene, caller, row)
    assert heard == row.alone


def once(trouble: Trouble) -> Trouble:
    """A connection that is cut again and again cannot be told from one that is refused."""
    assert trouble.fault
    return Trouble(trouble.name, trouble.fault.model_copy(update={"times": 1}))


async def hears(scene: Scene, caller: Caller, row: Row) -> str:
    if row.alone.startswith("the answer"):
        await caller.says(QUESTION)
        assert caller.heard.said == [ANSWER]
        return "the answer to what was said"
    if row.alone.startswith("a goodbye"):
        with pytest.raises(DisconnectedError) as ended:
            await caller.conversation.until_over(asyncio.Event().wait())  # type: ignore[arg-type]
        assert ended.value.code == CloseCode.PROVIDERS
        assert caller.heard.said == [GOODBYE]
        return "a goodbye"
    await caller.heard.replies(1)
    assert caller.heard.said == [APOLOGY]
    scene.end(row.trouble)
    await caller.says(QUESTION)
    assert caller.heard.said == [APOLOGY, ANSWER]
    return "an apology; the next question is answered"
