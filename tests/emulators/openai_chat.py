"""OpenAI's `/v1/chat/completions`, streamed."""

from __future__ import annotations

from typing import Any

from tests.emulators import sse
from tests.emulators.faults import Fault, FaultyBody
from tests.emulators.http import Exchange
from tests.emulators.openai_errors import error_object
from tests.emulators.scripted import HttpEmulator, RefusalError, Script, bearer


class OpenAIChatScript(Script):
    """What the model says."""

    replies: list[str] = []
    """One after the other, from the start again at the end; empty: what the caller said is repeated."""
    unknown_events: bool = False
    """Whether chunks carry fields and choices that nobody has heard of."""


class OpenAIChat(HttpEmulator[OpenAIChatScript]):
    """A chat model, with a script."""

    route = "/v1/chat/completions"

    def key(self, exchange: Exchange) -> str | None:
        return bearer(exchange)

    def check(self, exchange: Exchange, body: Any) -> None:
        if not body.get("model") or not isinstance(body.get("messages"), list) or not body["messages"]:
            raise RefusalError(400, "invalid_request_error", "model and messages are required")
        if body.get("stream") is not True:
            raise RefusalError(400, "invalid_request_error", "only streaming is emulated")
        if "max_tokens" in body:
            raise RefusalError(400, "unsupported_parameter", "Use 'max_completion_tokens' instead.")

    async def reply(self, body: FaultyBody, request: Any, number: int) -> None:
        pieces = sse.deltas(self._text(request, number))
        await body.start({**sse.HEADERS, "x-request-id": f"req_{number}"})
        await body.write(_chunk(request, number, {"role": "assistant", "content": "", "refusal": None}))
        for piece in pieces:
            if self.script.unknown_events:
                await body.write(sse.event({"object": "chat.completion.aura", "choices": [], "aura": "blue"}))
            await body.write(_chunk(request, number, {"content": piece}))
        await body.write(_chunk(request, number, {}, finish="stop"))
        if (request.get("stream_options") or {}).get("include_usage"):
            await body.write(_usage(request, number, len(pieces)))
        await body.write(b"data: [DONE]\n\n")
        await body.finish()

    def _text(self, request: Any, number: int) -> str:
        if self.script.replies:
            return self.script.replies[number % len(self.script.replies)]
        return f"You said: {request['messages'][-1]['content']}"

    def error(self, refusal: RefusalError) -> dict[str, Any]:
        return error_object(refusal)

    def error_event(self, fault: Fault | None) -> bytes:
        error_type = fault.error_type if fault is not None else "server_error"
        return sse.event({"error": {"message": "as scripted", "type": error_type, "param": None, "code": None}})


def _chunk(request: Any, number: int, delta: dict[str, Any], *, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return sse.event({**_head(request, number), "choices": [choice], "usage": None})


def _usage(request: Any, number: int, written: int) -> bytes:
    read = sum(len(str(message["content"]).split()) for message in request["messages"])
    usage = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
    return sse.event({**_head(request, number), "choices": [], "usage": usage})


def _head(request: Any, number: int) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{number}",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": request["model"],
    }
