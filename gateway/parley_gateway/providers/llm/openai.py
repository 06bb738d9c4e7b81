"""OpenAI's chat completions API, streamed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator

from openai import AsyncOpenAI, AsyncStream, Omit, omit
from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam

from parley_contract.pipeline import DeadlinesConfig, OpenAILlm
from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.ports import LlmEvent, LlmRequest, LlmText, LlmUsage, ProviderError
from parley_gateway.providers.credentials import KeyedClients, Keys
from parley_gateway.providers.deadlines import within
from parley_gateway.providers.http import failures, http_client, open_connection
from parley_gateway.providers.llm.dialogue import Message, dialogue
from parley_gateway.providers.openai_client import ENDPOINT, openai_client


class OpenAIChat:
    """Answers of a model behind OpenAI's chat completions."""

    def __init__(self, config: OpenAILlm, deadlines: DeadlinesConfig, keys: Keys) -> None:
        self._config = config
        self._deadlines = deadlines
        self._http = http_client(deadlines)
        self._base_url = config.base_url or ENDPOINT
        self._clients = KeyedClients(keys, self._build)

    def _build(self, key: str) -> AsyncOpenAI:
        return openai_client(key, base_url=self._base_url, http=self._http)

    async def warm(self) -> None:
        """Read the key, load what the SDK loads late, and connect. Costs nothing. Raises ProviderError."""
        _ = self._clients.any().chat.completions
        await open_connection(self._http, self._base_url, Stage.LLM)

    def reply(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        """The answer as it is written. Raises ProviderError. Closing the iterator ends the request at once."""
        return within(self._deadlines, Stage.LLM, self._stream(request))

    async def _stream(self, request: LlmRequest) -> AsyncGenerator[LlmEvent, None]:
        answer = _Answer()
        async with self._clients.lease() as client:
            with failures(Stage.LLM):
                stream = await self._ask(client, request)
                try:
                    async for chunk in stream:
                        for told in answer.read(chunk):
                            yield told
                finally:
                    await stream.close()
        answer.check_whole()

    async def _ask(self, client: AsyncOpenAI, request: LlmRequest) -> AsyncStream[ChatCompletionChunk]:
        messages = [_param(message) for message in dialogue(request.history)]
        if instructions := request.instructions.strip():
            messages.insert(0, {"role": "system", "content": instructions})
        return await client.chat.completions.create(
            model=self._config.model,
            max_completion_tokens=self._config.max_tokens,
            temperature=_given(self._config.temperature),
            messages=messages,
            stream=True,
            stream_options={"include_usage": True},
        )

    async def aclose(self) -> None:
        """Let go of all connections."""
        await self._http.aclose()


def _param(message: Message) -> ChatCompletionMessageParam:
    if message.role == "user":
        return {"role": "user", "content": message.text}
    return {"role": "assistant", "content": message.text}


def _given(value: float | None) -> float | Omit:
    return omit if value is None else value


class _Answer:
    """Reads a completion's chunks, of which the SDK checks only that they are JSON."""

    def __init__(self) -> None:
        self._begun = False
        self._whole = False

    def read(self, chunk: ChatCompletionChunk) -> Iterator[LlmEvent]:
        """What the chunk tells. Raises ProviderError for one that lacks its parts."""
        try:
            # The chunk with the usage has no choice; a proxy may leave out either list.
            for choice in chunk.choices or ():
                self._begun = True
                # A refusal is what the model says instead of an answer.
                if text := choice.delta.content or choice.delta.refusal:
                    yield LlmText(str(text))
                self._whole = self._whole or choice.finish_reason is not None
            if chunk.usage is not None:
                yield LlmUsage(int(chunk.usage.prompt_tokens), int(chunk.usage.completion_tokens))
        except (AttributeError, TypeError):
            detail = "a chunk that lacks its parts"
            raise ProviderError(Stage.LLM, FailureKind.GARBAGE, detail) from None

    def check_whole(self) -> None:
        """Raises ProviderError unless the answer came to its end."""
        if not self._begun:
            detail = "an answer that is no completion: check baseURL"
            raise ProviderError(Stage.LLM, FailureKind.GARBAGE, detail)
        if not self._whole:
            raise ProviderError(Stage.LLM, FailureKind.CUT, "the answer ended before its end")


def create(config: OpenAILlm, deadlines: DeadlinesConfig, keys: Keys) -> OpenAIChat:
    """The provider, not connected yet."""
    return OpenAIChat(config, deadlines, keys)
