"""Scripted replies, written word by word as a model writes: no account, no network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime

from parley_contract.pipeline import DeadlinesConfig, EmbeddedLlm
from parley_gateway.ports import LlmEvent, LlmRequest, LlmText
from parley_gateway.providers.embedded.replies import reply_to
from parley_gateway.providers.llm.usage import TokenUsage

_SECONDS_PER_WORD = 0.005
"""Between two words: far faster than speech, and yet a reply that can be interrupted while it is written."""


def create(config: EmbeddedLlm, deadlines: DeadlinesConfig) -> EmbeddedReplies:
    """The script. It has nothing to load and nothing to wait for."""
    del config, deadlines
    return EmbeddedReplies()


class EmbeddedReplies:
    """Answers from a table. The agent's instructions are for models that can read, and change nothing here."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now().astimezone()) -> None:
        self._now = now

    async def warm(self) -> None:
        """Nothing to do."""

    async def reply(self, request: LlmRequest) -> AsyncIterator[LlmEvent]:
        """The answer, word by word."""
        usage = TokenUsage(request, provider="Embedded", model="")
        with usage.counted():
            usage.begun()
            words = reply_to(request.history, self._now()).split(" ")
            for index, word in enumerate(words):
                if index:
                    await asyncio.sleep(_SECONDS_PER_WORD)
                text = f" {word}" if index else word
                usage.wrote(text)
                yield LlmText(text)

    async def aclose(self) -> None:
        """Nothing to do."""
