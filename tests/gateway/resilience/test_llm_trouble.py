"""The model's provider is in trouble: what the caller hears."""

from __future__ import annotations

import pytest

from tests.emulators.anthropic_messages import AnthropicScript
from tests.emulators.emulators import Emulators
from tests.emulators.openai_chat import OpenAIChatScript
from tests.gateway.resilience.scene import APOLOGY, Caller, Scene
from tests.gateway.resilience.table import Row, each

ANSWER = "The pool opens at six. Breakfast is at seven. Checkout is at noon."
BEGINNING = "The pool opens at six."
REST = "Breakfast is at seven. Checkout is at noon."
IN_THE_SECOND_SENTENCE = 2 + 7
"""Events of Anthropic's stream: two of the beginning, then one per word."""


@pytest.fixture(autouse=True)
def the_model(scene: Scene) -> None:
    scene.stage, scene.provider = "llm", "anthropic"
    answers(scene.emulators, ANSWER)


def answers(emulators: Emulators, text: str) -> None:
    emulators.anthropic.set_script(AnthropicScript(replies=[text]))
    emulators.openai_chat.set_script(OpenAIChatScript(replies=[text]))


@each("the model")
async def test_g10_with_another_model_the_caller_notices_nothing(scene: Scene, row: Row) -> None:
    at = scene.keyed | {"base_url": scene.elsewhere.openai_url}
    scene.another = {"provider": "OpenAI", "model": "gpt-4.1-mini", **at}
    answers(scene.elsewhere, REST if row.trouble.in_the_middle else ANSWER)
    async with scene.calling(row.trouble) as caller:
        scene.begin(row.trouble, after=IN_THE_SECOND_SENTENCE)
        assert await caller.types("when is breakfast?") == [ANSWER]
    assert f"the whole answer, {by_whom(scene)}" == row.with_another


def by_whom(scene: Scene) -> str:
    """What the other model was asked for."""
    (asked,) = scene.elsewhere.journal.of("/v1/chat/completions")
    instructions, *said = [message["content"] for message in asked.body["messages"]]
    assert "Be brief." in str(instructions)
    if said == ["when is breakfast?"]:
        return "by the other"
    question, spoken, go_on = said
    assert (question, spoken) == ("when is breakfast?", BEGINNING)
    assert "Repeat nothing" in go_on
    return "the other goes on after the last sentence"


@each("the model")
async def test_g10_without_another_model_the_caller_hears_an_apology(scene: Scene, row: Row) -> None:
    async with scene.calling(row.trouble) as caller:
        scene.begin(row.trouble, after=IN_THE_SECOND_SENTENCE)
        heard = await hears(caller, two=row.trouble.in_the_middle)
        if "the next question" in row.alone:
            scene.end(row.trouble)
            assert await caller.types("I asked when breakfast is") == [ANSWER]
            heard += "; the next question is answered"
    assert heard == row.alone


async def hears(caller: Caller, *, two: bool) -> str:
    said = await caller.types("when is breakfast?", replies=1 + two)
    return {
        (ANSWER,): "the whole answer",
        (APOLOGY,): "an apology",
        (BEGINNING, APOLOGY): "the first sentence, then an apology",
    }[tuple(BEGINNING if text.startswith(BEGINNING) and text != ANSWER else text for text in said)]
