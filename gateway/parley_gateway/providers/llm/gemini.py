"""Google's Gemini API, streamed."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextvars import ContextVar
from typing import Self, cast

import httpx2
from google.genai import Client, types
from google.genai.errors import APIError

from parley_contract.pipeline import DeadlinesConfig, GeminiLlm
from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.conversation.history import ToolCall, ToolResult, ToolStatus
from parley_gateway.ports import LlmRequest, ProviderError
from parley_gateway.providers.credentials import Keys
from parley_gateway.providers.llm.calls import arguments_of
from parley_gateway.providers.llm.chat import Answer, ChatModel
from parley_gateway.providers.llm.dialogue import dialogue, shown
from parley_gateway.providers.llm.gemini_errors import api_failure
from parley_gateway.providers.llm.usage import TokenUsage

_ENDPOINT = "https://generativelanguage.googleapis.com"
_UNSIGNED = b"skip_thought_signature_validator"
"""Stands for the signature of a call that another model made: without any, the newer models refuse the request."""
_MISMADE = frozenset({
    types.FinishReason.MALFORMED_FUNCTION_CALL,
    types.FinishReason.UNEXPECTED_TOOL_CALL,
    types.FinishReason.TOO_MANY_TOOL_CALLS,
    types.FinishReason.MALFORMED_RESPONSE,
})  # fmt: skip
"""Ends of answers that the model could not write; it often can at the next attempt."""

_Chunk = types.GenerateContentResponse
_response: ContextVar[list[httpx2.Response]] = ContextVar("the response to the request of this task")


class Gemini(ChatModel[Client, _Chunk]):
    """Answers of a Gemini model."""

    def __init__(self, config: GeminiLlm, deadlines: DeadlinesConfig, keys: Keys) -> None:
        base_url = config.base_url or _ENDPOINT
        super().__init__(deadlines, keys, provider=config.provider, model=config.model, base_url=base_url)
        self._config = config
        self.http.event_hooks = {"request": [self._keep_timeouts], "response": [_note]}

    async def _keep_timeouts(self, request: httpx2.Request) -> None:
        """The SDK knows one timeout for all, and takes away those of the client."""
        request.extensions = {**request.extensions, "timeout": self.http.timeout.as_dict()}

    def build(self, key: str) -> Client:
        """Says where it sends what, so that the process's environment cannot."""
        options = types.HttpOptions(
            base_url=self.base_url,
            api_version="v1beta",
            httpx_async_client=self.http,
            # The SDK would make a blocking one as well, and load all trusted certificates for it: 60 ms.
            httpx_client=httpx2.Client(transport=httpx2.BaseTransport(), trust_env=False),
        )
        return Client(enterprise=False, api_key=key, http_options=options)

    def load(self, client: Client) -> None:
        """The resource's module."""
        _ = client.aio.models

    async def ask(self, client: Client, request: LlmRequest) -> _Stream:
        """Raises what the SDK raises; it sends the request when the first chunk is asked for."""
        noted = _response.set([])
        try:
            chunks = await client.aio.models.generate_content_stream(
                model=self.model, contents=list(_contents(request)), config=self._options(request)
            )
            return await _Stream(cast("AsyncGenerator[_Chunk, None]", chunks), _response.get()).begin()
        finally:
            _response.reset(noted)

    def _options(self, request: LlmRequest) -> types.GenerateContentConfig:
        return types.GenerateContentConfig(
            system_instruction=request.instructions.strip() or None,
            max_output_tokens=self._config.max_tokens,
            temperature=self._config.temperature,
            thinking_config=self._thinking(),
            tools=_tools(request),
            automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
            automatic_continuation=False,
        )

    def _thinking(self) -> types.ThinkingConfig | None:
        level, budget = self._config.thinking_level, self._config.thinking_budget
        if level is None and budget is None:
            return None
        return types.ThinkingConfig(
            thinking_level=None if level is None else types.ThinkingLevel(level.upper()), thinking_budget=budget
        )

    def answer(self, usage: TokenUsage) -> _GeminiAnswer:
        """Reads one answer."""
        return _GeminiAnswer(usage)


async def _note(response: httpx2.Response) -> None:
    _response.get([]).append(response)


class _Stream:
    """An answer's chunks. The SDK's stream cannot be closed at once: it leaves that to the garbage collector."""

    def __init__(self, chunks: AsyncGenerator[_Chunk, None], responses: list[httpx2.Response]) -> None:
        self._chunks = chunks
        self._responses = responses
        self._first: _Chunk | None = None

    async def begin(self) -> Self:
        """Send the request and wait for the first chunk."""
        self._first = await self._next()
        return self

    async def __aenter__(self) -> AsyncIterator[_Chunk]:
        return self._read()

    async def __aexit__(self, *_: object) -> None:
        for response in self._responses:
            await response.aclose()
        await self._chunks.aclose()

    async def _read(self) -> AsyncGenerator[_Chunk, None]:
        chunk = self._first
        while chunk is not None:
            yield chunk
            chunk = await self._next()

    async def _next(self) -> _Chunk | None:
        try:
            return await anext(self._chunks, None)
        except APIError as error:
            raise api_failure(error) from None
        except (AttributeError, TypeError, KeyError):
            detail = "an answer that is not in the provider's format"
            raise ProviderError(Stage.LLM, FailureKind.GARBAGE, detail) from None


class _GeminiAnswer(Answer[_Chunk]):
    def take(self, event: _Chunk) -> Iterator[str]:
        """Thoughts are not said."""
        if event.usage_metadata is not None:
            self._count(event.usage_metadata)
        if event.prompt_feedback is not None and event.prompt_feedback.block_reason is not None:
            detail = f"the provider's filter blocks what was said ({event.prompt_feedback.block_reason.value})"
            raise ProviderError(Stage.LLM, FailureKind.REFUSED, detail)
        for candidate in event.candidates or ():
            self.begin()
            for part in (candidate.content.parts if candidate.content else None) or ():
                if part.function_call is not None:
                    self._take_call(part.function_call, part.thought_signature)
                elif part.text and not part.thought:
                    yield part.text
            if candidate.finish_reason in _MISMADE:
                detail = f"the model could not write its answer ({candidate.finish_reason.value})"
                raise ProviderError(Stage.LLM, FailureKind.GARBAGE, detail)
            if candidate.finish_reason is not None:
                self.end()

    def _take_call(self, call: types.FunctionCall, signature: bytes | None) -> None:
        arguments = json.dumps(call.args or {})
        opaque = b64encode(signature or b"").decode()
        self.calls.add(object(), call_id=call.id, name=call.name, arguments=arguments, opaque=opaque)
        self.usage.wrote(arguments)

    def _count(self, usage: types.GenerateContentResponseUsageMetadata) -> None:
        """Every chunk tells the sums so far; thoughts are billed as output."""
        if usage.prompt_token_count is not None:
            cached = usage.cached_content_token_count or 0
            self.usage.read(tokens=usage.prompt_token_count - cached, cached=cached)
        if usage.candidates_token_count is not None or usage.thoughts_token_count is not None:
            self.usage.written((usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0))


def _tools(request: LlmRequest) -> types.ToolListUnion | None:
    declarations = [
        types.FunctionDeclaration(
            name=spec.name, description=spec.description, parameters_json_schema=dict(spec.parameters)
        )
        for spec in request.tools
    ]
    return [types.Tool(function_declarations=declarations)] if declarations else None


def _contents(request: LlmRequest) -> Iterator[types.Content]:
    """A result is a turn of its own, right after its call."""
    called = ""
    for message in dialogue(request.history):
        if message.result is not None:
            yield types.Content(role="user", parts=[_result(message.result, called)])
        parts = [types.Part(text=message.text)] if message.text else []
        if message.call is not None:
            called = message.call.name
            parts.append(_call(message.call))
        if parts:
            yield types.Content(role="user" if message.role == "user" else "model", parts=parts)


def _call(call: ToolCall) -> types.Part:
    function = types.FunctionCall(id=call.id, name=call.name, args=arguments_of(call))
    return types.Part(function_call=function, thought_signature=b64decode(call.opaque) or _UNSIGNED)


def _result(result: ToolResult, name: str) -> types.Part:
    outcome = "output" if result.status is ToolStatus.SUCCEEDED else "error"
    return types.Part(
        function_response=types.FunctionResponse(id=result.call, name=name, response={outcome: shown(result)})
    )


def create(config: GeminiLlm, deadlines: DeadlinesConfig, keys: Keys) -> Gemini:
    """The provider, not connected yet."""
    return Gemini(config, deadlines, keys)
