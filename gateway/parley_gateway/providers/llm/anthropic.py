"""Anthropic's Messages API, streamed."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import orjson
from anthropic import APIError, AsyncAnthropic, AsyncStream, omit
from anthropic.types import (
    CacheControlEphemeralParam,
    MessageParam,
    TextBlockParam,
    ThinkingConfigParam,
    ToolParam,
    ToolResultBlockParam,
    ToolUseBlockParam,
)

from parley_contract.pipeline import AnthropicLlm, DeadlinesConfig
from parley_gateway.conversation.history import ToolExchange, ToolResult, ToolStatus
from parley_gateway.ports import LlmRequest, ToolSpec
from parley_gateway.providers.credentials import Keys
from parley_gateway.providers.llm.calls import arguments_of
from parley_gateway.providers.llm.chat import Answer, ChatModel
from parley_gateway.providers.llm.dialogue import Message, dialogue, shown
from parley_gateway.providers.llm.usage import TokenUsage

_ENDPOINT = "https://api.anthropic.com"
_THINKING: dict[str, ThinkingConfigParam] = {
    "Disabled": {"type": "disabled"},
    "BetweenTools": {"type": "between_tools"},
    "Adaptive": {"type": "adaptive"},
}
Event = Mapping[str, Any]
"""As it came: the SDK's models of events check nothing, and cost more than all that is done with one."""
_Block = TextBlockParam | ToolUseBlockParam | ToolResultBlockParam
_CACHED_FROM = 2000
"""Characters of instructions and tools. No model caches fewer than 512 tokens; those that want more ignore it."""
_CACHE: CacheControlEphemeralParam = {"type": "ephemeral"}
"""For five minutes from its last use: a conversation comes back to it within seconds."""


class AnthropicMessages(ChatModel[AsyncAnthropic, Event]):
    """Answers of a Claude model."""

    def __init__(self, config: AnthropicLlm, deadlines: DeadlinesConfig, keys: Keys) -> None:
        base_url = config.base_url or _ENDPOINT
        super().__init__(deadlines, keys, provider=config.provider, model=config.model, base_url=base_url)
        self._config = config

    def build(self, key: str) -> AsyncAnthropic:
        """Raises nothing for a bad key: that is known when it is used."""
        return AsyncAnthropic(
            api_key=key, base_url=self.base_url, http_client=self.http, timeout=self.http.timeout, max_retries=0
        )

    def load(self, client: AsyncAnthropic) -> None:
        """The resource's module."""
        _ = client.messages

    async def ask(
        self, client: AsyncAnthropic, request: LlmRequest
    ) -> AbstractAsyncContextManager[AsyncGenerator[Event, None]]:
        """Raises what the SDK raises."""
        config = self._config
        tools = _tools(request)
        instructions = request.instructions.strip()
        cached = len(instructions) + len(str(tools)) >= _CACHED_FROM
        stream = await client.messages.create(
            model=config.model,
            max_tokens=config.max_tokens,
            system=_system(instructions, cached=cached) or omit,
            messages=_messages(request, cached=cached),
            tools=tools or omit,
            # A history with calls in it is refused without tools, also where none can be called any more.
            tool_choice={"type": "none"} if tools and not request.tools else omit,
            thinking=omit if config.thinking is None else _THINKING[config.thinking],
            stream=True,
            # Not among the SDK's parameters since 2.11: newer models refuse it, older ones take it.
            extra_body=None if config.temperature is None else {"temperature": config.temperature},
        )
        return _events(stream)

    def answer(self, usage: TokenUsage) -> _MessageAnswer:
        """Reads one message."""
        return _MessageAnswer(usage)


@asynccontextmanager
async def _events(stream: AsyncStream[Any]) -> AsyncGenerator[AsyncGenerator[Event, None], None]:
    """The events, and a connection that is let go of however they are left."""
    async with stream:
        yield _read(stream)


async def _read(stream: AsyncStream[Any]) -> AsyncGenerator[Event, None]:
    """Raises APIError for what goes wrong after `200 OK`, as the SDK does, and ValueError for what is no JSON."""
    async for event in AsyncStream.raw_events(stream.response):
        if event.event == "error":
            raise APIError("an error in mid-stream", stream.response.request, body=_body(event.data))
        if event.event not in (None, "ping") and event.data:
            yield orjson.loads(event.data)


def _body(data: str) -> object:
    try:
        return orjson.loads(data)
    except ValueError:
        return data


class _MessageAnswer(Answer[Event]):
    def take(self, event: Event) -> Iterator[str]:
        match event["type"]:
            case "message_start":
                self.begin()
                self._read(event["message"]["usage"])
            case "content_block_start" if (block := event["content_block"])["type"] == "tool_use":
                self.calls.add(event["index"], call_id=block["id"], name=block["name"])
            case "content_block_delta" if (delta := event["delta"])["type"] == "text_delta":
                yield str(delta["text"])
            case "content_block_delta" if (delta := event["delta"])["type"] == "input_json_delta":
                self.calls.add(event["index"], arguments=delta["partial_json"])
                self.usage.wrote(delta["partial_json"])
            case "message_delta":
                self.usage.written(int(event["usage"]["output_tokens"]))
            case "message_stop":
                self.end()

    def _read(self, usage: Mapping[str, Any]) -> None:
        self.usage.read(
            tokens=int(usage["input_tokens"]),
            cached=usage.get("cache_read_input_tokens") or 0,
            cache_written=usage.get("cache_creation_input_tokens") or 0,
        )


def _tools(request: LlmRequest) -> list[ToolParam]:
    specs = request.tools or _remembered(request)
    return [
        {"name": spec.name, "description": spec.description, "input_schema": dict(spec.parameters)}
        for spec in specs
    ]


def _remembered(request: LlmRequest) -> tuple[ToolSpec, ...]:
    """The tools that the history tells of."""
    names = dict.fromkeys(item.call.name for item in request.history if isinstance(item, ToolExchange))
    return tuple(ToolSpec(name, "Not available now.", {"type": "object"}) for name in names)


def _system(instructions: str, *, cached: bool) -> str | list[TextBlockParam]:
    """What is marked here is cached with all that comes before it: the tools."""
    if cached and instructions:
        return [{"type": "text", "text": instructions, "cache_control": _CACHE}]
    return instructions


def _messages(request: LlmRequest, *, cached: bool) -> list[MessageParam]:
    *before, last = dialogue(request.history)
    params = [_param(message, _content(message)) for message in before]
    # The next turn reads from the cache what this one has read.
    return [*params, _param(last, _marked(_blocks(last)) if cached else _content(last))]


def _param(message: Message, content: str | list[_Block]) -> MessageParam:
    if message.role == "user":
        return {"role": "user", "content": content}
    return {"role": "assistant", "content": content}


def _marked(blocks: list[_Block]) -> list[_Block]:
    blocks[-1]["cache_control"] = _CACHE
    return blocks


def _content(message: Message) -> str | list[_Block]:
    return _blocks(message) if message.call or message.result else message.text


def _blocks(message: Message) -> list[_Block]:
    """A result comes before what the caller said then, a call after what the agent said before."""
    blocks: list[_Block] = []
    if message.result is not None:
        blocks.append(_result(message.result))
    if message.text:
        blocks.append({"type": "text", "text": message.text})
    if message.call is not None:
        call = message.call
        blocks.append({"type": "tool_use", "id": _id(call.id), "name": call.name, "input": arguments_of(call)})
    return blocks


def _result(result: ToolResult) -> ToolResultBlockParam:
    failed = result.status is not ToolStatus.SUCCEEDED
    return {
        "type": "tool_result",
        "tool_use_id": _id(result.call),
        "content": shown(result),
        "is_error": failed,
    }


def _id(call: str) -> str:
    """Another provider's id may have characters that this one refuses."""
    return re.sub(r"[^a-zA-Z0-9_-]", "_", call)


def create(config: AnthropicLlm, deadlines: DeadlinesConfig, keys: Keys) -> AnthropicMessages:
    """The provider, not connected yet."""
    return AnthropicMessages(config, deadlines, keys)
