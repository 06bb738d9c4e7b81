"""An answer over several models: wherever each of them fails, no sentence is missing and none is said twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.conversation.history import Speaker, ToolCall, Utterance
from parley_gateway.conversation.sentences import Segmenter
from parley_gateway.ports import LlmEvent, LlmRequest, LlmRewind, LlmText, LlmToolCall, ProviderError
from parley_gateway.providers.resilience.llm import GO_ON, ResilientLlm
from tests.unit.resilience.lineups import Provider, lineup
from tests.unit.session.virtual_time import run

ANSWER = "The pool opens at six. Breakfast is at 7.30 a.m. in the garden. Checkout is at noon, dear guest."
QUESTION = Utterance(Speaker.CALLER, "when?")
REQUEST = LlmRequest("s", 1, "Be brief.", (QUESTION,), "en-US")


@dataclass(frozen=True)
class Failure:
    """After so many words."""

    words: int
    kind: FailureKind | None
    """None: silence, for ever."""


FAILURES = st.builds(Failure, words=st.integers(0, 12), kind=st.none() | st.sampled_from(FailureKind))


class Model(Provider):
    """Writes the answer, or what is left of it, word by word, failing as scripted."""

    def __init__(self, failures: list[Failure], *, calls: bool = False) -> None:
        self.failures = list(failures)
        self.asked: list[LlmRequest] = []
        self._calls = calls

    async def reply(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        self.asked.append(request)
        left, failure = _left(request), self.failures.pop(0) if self.failures else None
        for number, word in enumerate(left.split(" ")):
            if failure is not None and number == failure.words:
                await self._fail(failure)
            if self._calls and number == 3:
                yield LlmToolCall(ToolCall("c", "book", "{}"))
            yield LlmText(word if number == 0 else f" {word}")
        if failure is not None:
            await self._fail(failure)

    async def _fail(self, failure: Failure) -> None:
        if failure.kind is None:
            await asyncio.Event().wait()
        raise ProviderError(Stage.LLM, failure.kind or FailureKind.CUT, "by script")


def _left(request: LlmRequest) -> str:
    """What a model writes that is asked to go on: models begin with a word, not with a space."""
    *_, last = request.history
    if last != Utterance(Speaker.CALLER, GO_ON):
        return ANSWER
    said = request.history[-2]
    assert isinstance(said, Utterance)
    assert ANSWER.startswith(said.text)
    return ANSWER[len(said.text) :].strip()


async def spoken(models: list[Model]) -> tuple[str, ProviderError | None]:
    """What a session would speak of it."""
    sentences, text = Segmenter(), ""
    error = None
    try:
        async for event in ResilientLlm(lineup(Stage.LLM, models), between_s=5).reply(REQUEST):
            if isinstance(event, LlmText):
                text += "".join(sentences.feed(event.delta))
            elif isinstance(event, LlmRewind):
                sentences.rewind()
        text += "".join(sentences.flush())
    except ProviderError as failed:
        error = failed
    return text, error


@given(st.lists(st.lists(FAILURES, max_size=3), min_size=1, max_size=3))
def test_g10_no_sentence_is_missing_and_none_is_said_twice(scripts: list[list[Failure]]) -> None:
    models = [Model(failures) for failures in scripts]
    text, error = run(spoken(models))
    if error is None:
        assert text == ANSWER
    else:
        assert ANSWER.startswith(text)
        assert all(model.asked for model in models), "nobody is left who was not asked"


@given(st.lists(st.lists(FAILURES, min_size=20, max_size=20), min_size=1, max_size=3))
def test_g10_an_answer_that_nobody_can_write_comes_to_an_end(scripts: list[list[Failure]]) -> None:
    models = [Model(failures) for failures in scripts]

    async def scene() -> float:
        await spoken(models)
        return asyncio.get_running_loop().time()

    assert run(scene()) < 60 * len(models)


@given(st.integers(4, 12))
def test_g12_an_answer_that_has_called_a_tool_is_not_asked_for_again(words: int) -> None:
    models = [Model([Failure(words, FailureKind.CUT)], calls=True), Model([])]
    _, error = run(spoken(models))
    assert error is not None
    assert models[1].asked == []
