"""What the emulators of language models have in common: who says what when, and which tool is called."""

from __future__ import annotations

import json
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

from tests.emulators import sse
from tests.emulators.scripted import HttpEmulator, Script


class ScriptedCall(BaseModel):
    """A call of a tool."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    arguments: dict[str, Any] = {}
    raw: str | None = None
    """Takes the place of the arguments: for what is no JSON, or no object."""

    @property
    def text(self) -> str:
        """The arguments as a model writes them."""
        return json.dumps(self.arguments) if self.raw is None else self.raw

    @property
    def pieces(self) -> list[str]:
        """The same, as it is streamed."""
        return [self.text[start : start + 7] for start in range(0, len(self.text), 7)]


class ModelScript(Script):
    """What the model says."""

    replies: list[str] = []
    """One after the other, from the start again at the end; empty: what the caller said is repeated."""
    calls: dict[str, list[ScriptedCall]] = {}
    """Which tools are called when the caller's last words contain this; their results are then read out."""
    preamble: str = ""
    """What is said before a call."""
    unknown_events: bool = False
    """Whether the stream has parts between the others of which nobody has heard."""


@dataclass(frozen=True)
class Heard:
    """The end of the dialogue that a request brings: what the caller said, or what tools answered."""

    said: str
    results: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What the model is going to write."""

    text: str
    calls: tuple[ScriptedCall, ...] = ()

    @property
    def pieces(self) -> list[str]:
        """The text as it is streamed."""
        return sse.deltas(self.text)

    @property
    def tokens(self) -> int:
        """As this emulator counts them: pieces of text, and of arguments."""
        return len(self.pieces) + sum(len(call.pieces) for call in self.calls)


M = TypeVar("M", bound=ModelScript)


class LanguageModel(HttpEmulator[M]):
    """A model, with a script."""

    @abstractmethod
    def heard(self, request: Any) -> Heard:
        """The end of the dialogue, out of the provider's own format."""

    def answer(self, request: Any, number: int) -> Answer:
        """The answer to the request with this number, counted from 0."""
        heard = self.heard(request)
        if not heard.results:
            for words, calls in self.script.calls.items():
                if words in heard.said:
                    return Answer(self.script.preamble, tuple(calls))
        if self.script.replies:
            return Answer(self.script.replies[number % len(self.script.replies)])
        if heard.results:
            return Answer(f"The tool said: {' '.join(heard.results)}")
        return Answer(f"You said: {heard.said}")


def words(content: object) -> int:
    """How many tokens these emulators count in part of a request."""
    return len(str(content).split())
