"""OpenAI's `/v1/chat/completions`, streamed; and a server of another make that speaks it in its own way."""

from __future__ import annotations

import json
from typing import Any, Literal, TypeVar

from tests.emulators import sse
from tests.emulators.faults import Fault, FaultyBody
from tests.emulators.http import Exchange
from tests.emulators.language_model import Answer, Heard, LanguageModel, ModelScript, ScriptedCall, words
from tests.emulators.openai_errors import error_object
from tests.emulators.scripted import RefusalError, bearer


class OpenAIChatScript(ModelScript):
    """What the model says."""


O = TypeVar("O", bound=OpenAIChatScript)  # noqa: E741 - of OpenAI


class ChatCompletions(LanguageModel[O]):
    """A chat model behind this API, whoever serves it."""

    refuses: str
    """The name of the answer's length that this server does not know."""

    def key(self, exchange: Exchange) -> str | None:
        return bearer(exchange)

    def check(self, exchange: Exchange, body: Any) -> None:
        if not body.get("model") or not isinstance(body.get("messages"), list) or not body["messages"]:
            raise _invalid("model and messages are required")
        if body.get("stream") is not True:
            raise _invalid("only streaming is emulated")
        if self.refuses in body:
            raise RefusalError(400, "unsupported_parameter", f"Unsupported parameter: '{self.refuses}'")
        _check_calls(body["messages"])

    def heard(self, request: Any) -> Heard:
        last = request["messages"][-1]
        if last["role"] == "tool":
            return Heard("", (last["content"],))
        return Heard(last["content"])

    async def reply(self, body: FaultyBody, request: Any, number: int) -> None:
        answer = self.answer(request, number)
        await body.start({**sse.HEADERS, "x-request-id": f"req_{number}"})
        await body.write(self.chunk(request, number, {"role": "assistant", "content": "", "refusal": None}))
        for piece in answer.pieces:
            if self.script.unknown_events:
                await body.write(sse.event({"object": "chat.completion.aura", "choices": [], "aura": "blue"}))
            await body.write(self.chunk(request, number, {"content": piece}))
        for index, call in enumerate(answer.calls):
            for delta in self.call(number, index, call):
                await body.write(self.chunk(request, number, {"tool_calls": [delta]}))
        await body.write(self.chunk(request, number, {}, finish="tool_calls" if answer.calls else "stop"))
        await self.finish(body, request, number, answer)

    def call(self, number: int, index: int, call: ScriptedCall) -> list[dict[str, Any]]:
        """The pieces of a call."""
        head = {"index": index, "id": f"call_{number}_{index}", "type": "function"}
        first = {**head, "function": {"name": call.name, "arguments": ""}}
        return [first, *({"index": index, "function": {"arguments": piece}} for piece in call.pieces)]

    def chunk(self, request: Any, number: int, delta: dict[str, Any], *, finish: str | None = None) -> bytes:
        """One piece of the answer."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return sse.event({**_head(request, number), "choices": [choice], "usage": None})

    async def finish(self, body: FaultyBody, request: Any, number: int, answer: Answer) -> None:
        """What comes after the answer."""
        if (request.get("stream_options") or {}).get("include_usage"):
            usage = {**_usage(request, answer.tokens), "prompt_tokens_details": {"cached_tokens": 1}}
            await body.write(sse.event({**_head(request, number), "choices": [], "usage": usage}))
        await body.write(b"data: [DONE]\n\n")
        await body.finish()

    def error(self, refusal: RefusalError) -> dict[str, Any]:
        return error_object(refusal)

    def error_event(self, fault: Fault | None) -> bytes:
        error_type = fault.error_type if fault is not None else "server_error"
        return sse.event({"error": {"message": "as scripted", "type": error_type, "param": None, "code": None}})


class OpenAIChat(ChatCompletions[OpenAIChatScript]):
    """OpenAI."""

    route = "/v1/chat/completions"
    refuses = "max_tokens"


class CompatibleChatScript(OpenAIChatScript):
    """How this server differs from OpenAI."""

    usage: Literal["last", "every", "none"] = "last"
    """With which chunks it is told; OpenAI's has a chunk of its own."""
    calls_as: Literal["whole", "one_index", "nameless"] = "whole"
    """Whole calls without an index; pieces that all have the index 0; pieces without index and id."""


class CompatibleChat(ChatCompletions[CompatibleChatScript]):
    """A server of one's own: needs no key, knows the old parameters, and takes the format lightly."""

    route = "/compatible/v1/chat/completions"
    refuses = "max_completion_tokens"
    needs_key = False

    def call(self, number: int, index: int, call: ScriptedCall) -> list[dict[str, Any]]:
        match self.script.calls_as:
            case "whole":
                whole = {"name": call.name, "arguments": call.text}
                return [{"id": f"call_{index}", "function": whole}]
            case "one_index":
                head = {"index": 0, "id": f"call_{index}"}
            case "nameless":
                head = {}
        first = {**head, "function": {"name": call.name, "arguments": ""}}
        return [first, *({**head, "function": {"arguments": piece}} for piece in call.pieces)]

    def chunk(self, request: Any, number: int, delta: dict[str, Any], *, finish: str | None = None) -> bytes:
        """With a note of what was thought, which OpenAI does not send, and in the end without a delta."""
        choice: dict[str, Any] = {"index": 0, "delta": {**delta, "reasoning_content": "so be it"}}
        if finish:
            choice = {"index": 0, "delta": None, "finish_reason": finish}
        event: dict[str, Any] = {"object": "chat.completion.chunk", "choices": [choice]}
        if self.script.usage == "every" or (self.script.usage == "last" and finish):
            event["usage"] = _usage(request, 1)
        return b": KEEP-ALIVE\n\n" + sse.event(event)

    async def finish(self, body: FaultyBody, request: Any, number: int, answer: Answer) -> None:
        await body.write(b"data: [DONE]\n\n")
        await body.finish()


def _invalid(message: str) -> RefusalError:
    return RefusalError(400, "invalid_request_error", message)


def _check_calls(messages: list[Any]) -> None:
    """As the real one: after calls come their results, all of them, and results come after their calls alone."""
    owed: set[str] = set()
    for message in messages:
        if message["role"] == "tool":
            if message["tool_call_id"] not in owed:
                raise _invalid("messages with role 'tool' must follow a message with 'tool_calls'")
            owed.remove(message["tool_call_id"])
            continue
        if owed:
            raise _invalid("An assistant message with 'tool_calls' must be followed by tool messages")
        calls = message.get("tool_calls", ())
        owed = {call["id"] for call in calls}
        if any(not isinstance(json.loads(call["function"]["arguments"]), dict) for call in calls):
            raise _invalid("the arguments of a call are no object")


def _usage(request: Any, written: int) -> dict[str, int]:
    read = sum(words(message["content"]) for message in request["messages"])
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def _head(request: Any, number: int) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{number}",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": request["model"],
    }
