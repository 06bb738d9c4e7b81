"""One answer of a chat model over its maker's SDK: what all of them have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Generic, TypeVar

from parley_contract.pipeline import DeadlinesConfig
from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.conversation.history import HistoryItem, Speaker, ToolExchange
from parley_gateway.ports import LlmEvent, LlmRequest, LlmText, LlmToolCall, ProviderError
from parley_gateway.providers.credentials import KeyedClients, Keys
from parley_gateway.providers.deadlines import within
from parley_gateway.providers.http import failures, http_client, open_connection
from parley_gateway.providers.llm.calls import CallsInProgress
from parley_gateway.providers.llm.usage import TokenUsage

C = TypeVar("C")
"""The SDK's client."""
E = TypeVar("E")
"""What the SDK's stream is made of."""


class Answer(ABC, Generic[E]):
    """Reads one answer's events, of which the SDKs check little more than that they are JSON."""

    def __init__(self, usage: TokenUsage) -> None:
        self.usage = usage
        self.calls = CallsInProgress()
        self._begun = False
        self._whole = False
        self._spoken = False

    @abstractmethod
    def take(self, event: E) -> Iterator[str]:
        """The text within an event, while noting all else that it tells. Ignores what is unknown."""

    def begin(self) -> None:
        """What has come is in the provider's own format."""
        self._begun = True
        self.usage.begun()

    def end(self) -> None:
        """The provider says that the answer is over."""
        self._whole = True

    def read(self, event: E) -> Iterator[LlmText]:
        """The text within an event. Raises ProviderError for one that lacks its parts."""
        try:
            for text in self.take(event):
                if text:
                    self.usage.wrote(text)
                    self._spoken = self._spoken or not text.isspace()
                    yield LlmText(text)
        except (AttributeError, KeyError, TypeError):
            raise ProviderError(Stage.LLM, FailureKind.GARBAGE, "an event that lacks its parts") from None

    def check(self, request: LlmRequest) -> None:
        """Raises ProviderError unless the answer came to its end, and is one."""
        if not self._begun:
            raise ProviderError(Stage.LLM, FailureKind.GARBAGE, "an answer of another format: check baseURL")
        if not self._whole:
            raise ProviderError(Stage.LLM, FailureKind.CUT, "the answer ended before its end")
        if not self._spoken and not self.calls and _owes_words(request.history):
            raise ProviderError(Stage.LLM, FailureKind.GARBAGE, "an answer without a word")
        self.usage.ended()


def _owes_words(history: tuple[HistoryItem, ...]) -> bool:
    """Whether the caller would hear nothing at all: after a tool, what was said before it may be enough."""
    if not history or not isinstance(history[-1], ToolExchange):
        return True
    said = [item for item in history if not isinstance(item, ToolExchange)]
    return not said or said[-1].speaker is Speaker.CALLER


class ChatModel(ABC, Generic[C, E]):
    """A provider of answers that is asked over HTTP and answers with a stream of events."""

    def __init__(
        self, deadlines: DeadlinesConfig, keys: Keys, *, provider: str, model: str, base_url: str
    ) -> None:
        self.model = model
        self.base_url = base_url
        self.http = http_client(deadlines)
        self._provider = provider
        self._deadlines = deadlines
        self._clients = KeyedClients(keys, self.build)

    @abstractmethod
    def build(self, key: str) -> C:
        """The SDK's client, over `http` and without retries: those are for whoever knows all providers."""

    @abstractmethod
    def load(self, client: C) -> None:
        """Have the SDK load what it loads late."""

    @abstractmethod
    async def ask(self, client: C, request: LlmRequest) -> AbstractAsyncContextManager[AsyncIterator[E]]:
        """The stream of an answer that has begun; leaving it closes its connection, waiting for nobody."""

    @abstractmethod
    def answer(self, usage: TokenUsage) -> Answer[E]:
        """Reads one answer."""

    async def warm(self) -> None:
        """Read the key, load what the SDK loads late, and connect. Costs nothing. Raises ProviderError."""
        self.load(self._clients.any())
        await open_connection(self.http, self.base_url, Stage.LLM)

    def reply(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        """The answer as it is written. Raises ProviderError. Closing the iterator ends the request at once.

        Calls of tools are told once the answer is whole: nothing is done for an answer that may yet fail.
        """
        return within(self._deadlines, Stage.LLM, self._stream(request))

    async def _stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        usage = TokenUsage(request, provider=self._provider, model=self.model)
        answer = self.answer(usage)
        async with self._clients.lease() as client:
            with failures(Stage.LLM), usage.counted():
                async with await self.ask(client, request) as events:
                    async for event in events:
                        for text in answer.read(event):
                            yield text
                answer.check(request)
        for call in answer.calls.finished(request.history):
            yield LlmToolCall(call)

    async def aclose(self) -> None:
        """Let go of all connections."""
        await self.http.aclose()
