"""OpenAI's chat completions API, streamed: OpenAI's own, and servers of others that speak it."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator
from typing import cast

from openai import AsyncOpenAI, AsyncStream, omit
from openai.types.chat import (
    ChatCompletionAssistantMessageParam,
    ChatCompletionChunk,
    ChatCompletionFunctionToolParam,
    ChatCompletionMessageParam,
)
from openai.types.chat.chat_completion_chunk import ChoiceDeltaToolCall
from openai.types.chat.chat_completion_message_function_tool_call_param import Function
from openai.types.completion_usage import CompletionUsage
from openai.types.shared_params import FunctionDefinition

from parley_contract.pipeline import DeadlinesConfig, OpenAICompatibleLlm, OpenAILlm
from parley_gateway.ports import LlmRequest, ToolSpec
from parley_gateway.providers.credentials import Keys
from parley_gateway.providers.llm.calls import arguments_of
from parley_gateway.providers.llm.chat import Answer, ChatModel
from parley_gateway.providers.llm.dialogue import Message, dialogue, shown
from parley_gateway.providers.llm.usage import TokenUsage
from parley_gateway.providers.openai_client import ENDPOINT, openai_client


class OpenAIChat(ChatModel[AsyncOpenAI, ChatCompletionChunk]):
    """Answers of a model behind chat completions."""

    def __init__(self, config: OpenAILlm | OpenAICompatibleLlm, deadlines: DeadlinesConfig, keys: Keys) -> None:
        base_url = config.base_url or ENDPOINT
        super().__init__(deadlines, keys, provider=config.provider, model=config.model, base_url=base_url)
        self._config = config

    def build(self, key: str) -> AsyncOpenAI:
        """An empty key is for servers that want none."""
        return openai_client(key, base_url=self.base_url, http=self.http)

    def load(self, client: AsyncOpenAI) -> None:
        """The resource's module."""
        _ = client.chat.completions

    async def ask(self, client: AsyncOpenAI, request: LlmRequest) -> AsyncStream[ChatCompletionChunk]:
        """Raises what the SDK raises."""
        config = self._config
        # OpenAI wants the new name; of the others some know the old one alone.
        own = isinstance(config, OpenAILlm)
        return await client.chat.completions.create(
            model=config.model,
            max_completion_tokens=config.max_tokens if own else omit,
            max_tokens=omit if own else config.max_tokens,
            temperature=omit if config.temperature is None else config.temperature,
            reasoning_effort=omit if config.reasoning_effort is None else config.reasoning_effort,
            messages=list(_messages(request)),
            tools=[_tool(spec) for spec in request.tools] or omit,
            stream=True,
            stream_options={"include_usage": True},
        )

    def answer(self, usage: TokenUsage) -> _Completion:
        """Reads one completion."""
        return _Completion(usage)


class _Completion(Answer[ChatCompletionChunk]):
    """Takes what OpenAI sends, and what is known of other servers: they leave out, repeat and miscount."""

    def __init__(self, usage: TokenUsage) -> None:
        super().__init__(usage)
        self._calls_at: dict[int | None, Hashable] = {}

    def take(self, event: ChatCompletionChunk) -> Iterator[str]:
        """What a chunk without choices has to say is the usage; proxies may leave out either."""
        for choice in event.choices or ():
            self.begin()
            if choice.delta is not None:
                # A refusal is what the model says instead of an answer.
                text = choice.delta.content or choice.delta.refusal
                if isinstance(text, str):
                    yield text
                for part in choice.delta.tool_calls or ():
                    self._take_call(part)
            if choice.finish_reason is not None:
                self.end()
        if event.usage is not None:
            self._count(event.usage)

    def _take_call(self, part: ChoiceDeltaToolCall) -> None:
        """The first part of a call has its id. Some servers give no index, or all calls the same, or no id."""
        if part.function is None:
            return
        index = cast("int | None", part.index)
        name, arguments = part.function.name, part.function.arguments or ""
        if part.id or (index is None and name):
            self._calls_at[index] = part.id or object()
        key = self._calls_at.setdefault(index, index)
        self.calls.add(key, call_id=part.id, name=name, arguments=arguments)
        self.usage.wrote(arguments)

    def _count(self, usage: CompletionUsage) -> None:
        """Some servers tell it with every chunk, as the sum so far."""
        if usage.prompt_tokens is not None:
            details = usage.prompt_tokens_details
            cached = (details.cached_tokens if details is not None else None) or 0
            self.usage.read(tokens=usage.prompt_tokens - cached, cached=cached)
        if usage.completion_tokens is not None:
            self.usage.written(usage.completion_tokens)


def _tool(spec: ToolSpec) -> ChatCompletionFunctionToolParam:
    function: FunctionDefinition = {
        "name": spec.name,
        "description": spec.description,
        "parameters": dict(spec.parameters),
    }
    return {"type": "function", "function": function}


def _messages(request: LlmRequest) -> Iterator[ChatCompletionMessageParam]:
    if instructions := request.instructions.strip():
        yield {"role": "system", "content": instructions}
    for message in dialogue(request.history):
        if message.result is not None:
            yield {"role": "tool", "tool_call_id": message.result.call, "content": shown(message.result)}
        if message.role == "assistant":
            yield _agents(message)
        elif message.text:
            yield {"role": "user", "content": message.text}


def _agents(message: Message) -> ChatCompletionAssistantMessageParam:
    if message.call is None:
        return {"role": "assistant", "content": message.text}
    call = message.call
    # What is no JSON is not sent back: servers that read it for their model's template would refuse the request.
    function: Function = {"name": call.name, "arguments": json.dumps(arguments_of(call))}
    return {
        "role": "assistant",
        "content": message.text,
        "tool_calls": [{"type": "function", "id": call.id, "function": function}],
    }


def create(config: OpenAILlm | OpenAICompatibleLlm, deadlines: DeadlinesConfig, keys: Keys) -> OpenAIChat:
    """The provider, not connected yet."""
    return OpenAIChat(config, deadlines, keys)
