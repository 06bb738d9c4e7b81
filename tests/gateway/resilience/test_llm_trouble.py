"""The model's provider is in trouble: what the caller hears."""

from __future__ import annotations

import pytest

from tests.emulators.anthropic_messages import AnthropicScript
from tests.emulators.emulators import Emulators
from tests.emulators.openai_chat import OpenAIChatScript
from tests.gateway.resilience.scene import APOLOGY, Scene
from tests.gateway.resilience.trouble import ALL, AT_ONCE, IN_MID_ANSWER, RATE_LIMITED, Trouble, each

ANSWER = "The pool opens at six. Breakfast is at seven. Checkout is at noon."
BEGINNING = "The pool opens at six."
REST = "Breakfast is at seven. Checkout is at noon."
IN_THE_SECOND_SENTENCE = 2 + 7
"""Events of Anthropic's stream: two of the beginning, then one per word."""


@pytest.fixture(autouse=True)
def the_model(scene: Scene) -> None:
    scene.in_trouble("llm")


def answers(emulators: Emulators, text: str) -> None:
    emulators.anthropic.set_script(AnthropicScript(replies=[text]))
    emulators.openai_chat.set_script(OpenAIChatScript(replies=[text]))


def stands_in(scene: Scene) -> None:
    at = scene.keyed | {"base_url": scene.elsewhere.openai_url}
    scene.fall_back(llm={"provider": "OpenAI", "model": "gpt-4.1-mini", **at})


@each(AT_ONCE)
async def test_g10_another_model_answers_and_the_caller_notices_nothing(scene: Scene, trouble: Trouble) -> None:
    stands_in(scene)
    answers(scene.elsewhere, ANSWER)
    async with scene.calling() as caller:
        trouble.begin(scene.emulators, "anthropic", scene.names)
        assert await caller.types("when is breakfast?") == [ANSWER]
    (asked,) = scene.elsewhere.journal.of("/v1/chat/completions")
    assert asked.body["messages"][-1]["content"] == "when is breakfast?"
    assert "Be brief." in str(asked.body["messages"][0]["content"])


@each(IN_MID_ANSWER)
async def test_g10_another_model_goes_on_from_the_last_sentence(scene: Scene, trouble: Trouble) -> None:
    stands_in(scene)
    answers(scene.emulators, ANSWER)
    answers(scene.elsewhere, REST)
    async with scene.calling() as caller:
        trouble.begin(scene.emulators, "anthropic", scene.names, after=IN_THE_SECOND_SENTENCE)
        assert await caller.types("when is breakfast?") == [ANSWER]
    (asked,) = scene.elsewhere.journal.of("/v1/chat/completions")
    spoken, go_on = asked.body["messages"][-2:]
    assert spoken == {"role": "assistant", "content": BEGINNING}
    assert "Repeat nothing" in go_on["content"]


@each(ALL)
async def test_g10_without_another_model_the_agent_apologises_and_the_call_goes_on(
    scene: Scene, trouble: Trouble
) -> None:
    answers(scene.emulators, ANSWER)
    async with scene.calling() as caller:
        trouble.begin(scene.emulators, "anthropic", scene.names, after=IN_THE_SECOND_SENTENCE)
        began = [BEGINNING] if trouble in IN_MID_ANSWER else []
        heard = await caller.types("when is breakfast?", replies=len(began) + 1)
        assert heard[-1] == APOLOGY
        assert all(text.startswith(BEGINNING) for text in heard[:-1])
        if trouble is RATE_LIMITED:
            return  # the key rests for as long as the provider asked
        answers(scene.emulators, ANSWER)
        scene.names.away = False
        assert await caller.types("I asked when breakfast is") == [ANSWER]
