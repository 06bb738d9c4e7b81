"""Answers that come although a model's provider fails: tried again, asked of another, gone on with."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace

from parley_gateway.conversation.events import Stage
from parley_gateway.conversation.history import Speaker, Utterance
from parley_gateway.conversation.sentences import Segmenter
from parley_gateway.ports import (
    Llm,
    LlmEvent,
    LlmRequest,
    LlmRewind,
    LlmText,
    LlmToolCall,
    ProviderError,
)
from parley_gateway.providers.deadlines import closing, in_time
from parley_gateway.providers.resilience.lineup import Lineup

GO_ON = (
    "[A technical fault cut off your answer there. Go on with it exactly where it stops. "
    "Repeat nothing of it, and do not mention the fault.]"
)
"""In the caller's place, for models want a message to answer; in brackets, as all that the caller did not say."""


class ResilientLlm:
    """The model of a stage, whoever provides it. Implements `ports.Llm`."""

    def __init__(self, lineup: Lineup[Llm], *, between_s: float) -> None:
        """`between_s`: how long an answer may pause."""
        self.lineup = lineup
        self._between_s = between_s

    async def warm(self) -> None:
        """Make ready whoever serves first. Raises ProviderError."""
        await self.lineup.warm()

    async def reply(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        """The answer as it is written. Raises ProviderError when nobody can write it.

        Before any text a failure goes unnoticed. After it, text behind the last whole sentence is withdrawn and
        another provider goes on from there. An answer that has asked for a tool is not asked for again.
        """
        answer = _Answer(request)
        course = self.lineup.course()
        while True:
            try:
                with course.attempt() as llm:
                    source = llm.reply(answer.request)
                    timed = in_time(Stage.LLM, source, first_s=course.left_s, between_s=self._between_s)
                    async with closing(timed):
                        async for event in timed:
                            answer.note(event)
                            yield event
            except ProviderError as error:
                if answer.called_a_tool or not await course.go_on(error, delivered=answer.begun):
                    raise
            else:
                return
            if answer.begun:
                answer.rewind()
                yield LlmRewind()

    async def aclose(self) -> None:
        """Let go of everything."""
        await self.lineup.aclose()


class _Answer:
    """One answer, as far as it has come."""

    def __init__(self, request: LlmRequest) -> None:
        self._asked = request
        self._sentences = Segmenter()
        self._said = ""
        self.begun = False
        self.called_a_tool = False

    @property
    def request(self) -> LlmRequest:
        """What to ask next: the same, or to go on from the last whole sentence."""
        if not self._said.strip():
            return self._asked
        said = Utterance(Speaker.AGENT, self._said.strip())
        return replace(self._asked, history=(*self._asked.history, said, Utterance(Speaker.CALLER, GO_ON)))

    def note(self, event: LlmEvent) -> None:
        """More of it has been handed on."""
        if isinstance(event, LlmText):
            self.begun = True
            self._said += "".join(self._sentences.feed(event.delta))
        elif isinstance(event, LlmToolCall):
            self.called_a_tool = True

    def rewind(self) -> None:
        """What is no whole sentence yet does not count."""
        self._sentences.rewind()


async def probe(llm: Llm) -> None:
    """Ask for the first word of an answer, which takes a few tokens. Raises ProviderError."""
    hello = Utterance(Speaker.CALLER, "Hello.")
    request = LlmRequest(session="probe", reply=0, instructions="", history=(hello,), language="en-US")
    async with closing(llm.reply(request)) as events:
        async for _ in events:
            return
