"""Anthropic's Messages API, streamed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator

from anthropic import AsyncAnthropic, AsyncStream, omit
from anthropic.types import MessageParam, RawMessageStreamEvent

from parley_contract.pipeline import AnthropicLlm, DeadlinesConfig
from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.ports import LlmEvent, LlmRequest, LlmText, LlmUsage, ProviderError
from parley_gateway.providers.credentials import KeyedClients, Keys
from parley_gateway.providers.deadlines import within
from parley_gateway.providers.http import failures, http_client, open_connection
from parley_gateway.providers.llm.dialogue import Message, dialogue

_ENDPOINT = "https://api.anthropic.com"


class AnthropicMessages:
    """Answers of a Claude model."""

    def __init__(self, config: AnthropicLlm, deadlines: DeadlinesConfig, keys: Keys) -> None:
        self._config = config
        self._deadlines = deadlines
        self._http = http_client(deadlines)
        self._base_url = config.base_url or _ENDPOINT
        self._clients = KeyedClients(keys, self._build)

    def _build(self, key: str) -> AsyncAnthropic:
        # Retries are the session's: an answer that comes twice as late is no answer in a conversation.
        return AsyncAnthropic(
            api_key=key,
            base_url=self._base_url,
            http_client=self._http,
            timeout=self._http.timeout,
            max_retries=0,
        )

    async def warm(self) -> None:
        """Read the key, load what the SDK loads late, and connect. Costs nothing. Raises ProviderError."""
        _ = self._clients.any().messages
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
                    async for event in stream:
                        for told in answer.read(event):
                            yield told
                finally:
                    await stream.close()
        answer.check_whole()

    async def _ask(self, client: AsyncAnthropic, request: LlmRequest) -> AsyncStream[RawMessageStreamEvent]:
        return await client.messages.create(
            model=self._config.model,
            max_tokens=self._config.max_tokens,
            system=request.instructions.strip() or omit,
            messages=[_param(message) for message in dialogue(request.history)],
            stream=True,
            extra_body=self._sampling(),
        )

    def _sampling(self) -> dict[str, float] | None:
        """Not among the SDK's parameters since 2.11: newer models refuse it, older ones take it."""
        return None if self._config.temperature is None else {"temperature": self._config.temperature}

    async def aclose(self) -> None:
        """Let go of all connections."""
        await self._http.aclose()


def _param(message: Message) -> MessageParam:
    if message.role == "user":
        return {"role": "user", "content": message.text}
    return {"role": "assistant", "content": message.text}


class _Answer:
    """Reads a message's events, of which the SDK checks only that they are JSON."""

    def __init__(self) -> None:
        self._begun = False
        self._input_tokens = 0
        self._whole = False

    def read(self, event: RawMessageStreamEvent) -> Iterator[LlmEvent]:
        """What the event tells. Raises ProviderError for one that lacks its parts; ignores unknown ones."""
        try:
            match event.type:
                case "message_start":
                    self._begun = True
                    self._input_tokens = int(event.message.usage.input_tokens)
                case "content_block_delta" if event.delta.type == "text_delta":
                    if text := str(event.delta.text):
                        yield LlmText(text)
                case "message_delta":
                    yield LlmUsage(self._input_tokens, int(event.usage.output_tokens))
                case "message_stop":
                    self._whole = True
        except (AttributeError, TypeError):
            detail = "an event that lacks its parts"
            raise ProviderError(Stage.LLM, FailureKind.GARBAGE, detail) from None

    def check_whole(self) -> None:
        """Raises ProviderError unless the message came to its end."""
        if not self._begun:
            raise ProviderError(Stage.LLM, FailureKind.GARBAGE, "an answer that is no message: check baseURL")
        if not self._whole:
            raise ProviderError(Stage.LLM, FailureKind.CUT, "the answer ended before its end")


def create(config: AnthropicLlm, deadlines: DeadlinesConfig, keys: Keys) -> AnthropicMessages:
    """The provider, not connected yet."""
    return AnthropicMessages(config, deadlines, keys)
