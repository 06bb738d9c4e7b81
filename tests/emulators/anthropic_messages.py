"""Anthropic's `/v1/messages`, streamed."""

from __future__ import annotations

from typing import Any

from tests.emulators import sse
from tests.emulators.faults import Fault, FaultyBody
from tests.emulators.http import Exchange
from tests.emulators.scripted import HttpEmulator, RefusalError, Script, bearer


class AnthropicScript(Script):
    """What the model says."""

    replies: list[str] = []
    """One after the other, from the start again at the end; empty: what the caller said is repeated."""
    pings: int = 0
    """How many `ping` events come before every delta."""
    unknown_events: bool = False
    """Whether events and blocks of unknown types come between the others."""


class AnthropicMessages(HttpEmulator[AnthropicScript]):
    """Claude, with a script."""

    route = "/v1/messages"

    def key(self, exchange: Exchange) -> str | None:
        # The SDK since 2.11 sends it as a bearer token; the API takes both.
        return exchange.headers.get("x-api-key") or bearer(exchange)

    def check(self, exchange: Exchange, body: Any) -> None:
        if not exchange.headers.get("anthropic-version"):
            raise RefusalError(400, "invalid_request_error", "anthropic-version: header is required")
        if not isinstance(body.get("max_tokens"), int) or not body.get("model"):
            raise RefusalError(400, "invalid_request_error", "max_tokens and model: fields required")
        if body.get("stream") is not True:
            raise RefusalError(400, "invalid_request_error", "only streaming is emulated")
        _check_messages(body.get("messages"))

    async def reply(self, body: FaultyBody, request: Any, number: int) -> None:
        text = self._text(request, number)
        pieces = sse.deltas(text)
        await body.start({**sse.HEADERS, "request-id": f"req_{number}"})
        await body.write(_event(_message_start(request, number)))
        block = {"type": "text", "text": ""}
        await body.write(_event({"type": "content_block_start", "index": 0, "content_block": block}))
        for piece in pieces:
            for _ in range(self.script.pings):
                await body.write(_event({"type": "ping"}))
            if self.script.unknown_events:
                await body.write(
                    _event({"type": "message_annotation", "index": 0, "annotation": {"type": "note"}})
                )
                odd = {"type": "aura_delta", "aura": "blue"}
                await body.write(_event({"type": "content_block_delta", "index": 0, "delta": odd}))
            delta = {"type": "text_delta", "text": piece}
            await body.write(_event({"type": "content_block_delta", "index": 0, "delta": delta}))
        await body.write(_event({"type": "content_block_stop", "index": 0}))
        stop = {"stop_reason": "end_turn", "stop_sequence": None}
        usage = {"output_tokens": len(pieces)}
        await body.write(_event({"type": "message_delta", "delta": stop, "usage": usage}))
        await body.write(_event({"type": "message_stop"}))
        await body.finish()

    def _text(self, request: Any, number: int) -> str:
        if self.script.replies:
            return self.script.replies[number % len(self.script.replies)]
        return f"You said: {request['messages'][-1]['content']}"

    def error(self, refusal: RefusalError) -> dict[str, Any]:
        told = {"type": refusal.error_type, "message": refusal.message}
        return {"type": "error", "error": told, "request_id": "req_refused"}

    def error_event(self, fault: Fault | None) -> bytes:
        error_type = fault.error_type if fault is not None else "overloaded_error"
        return _event({"type": "error", "error": {"type": error_type, "message": "as scripted"}})


def _event(data: dict[str, Any]) -> bytes:
    return sse.event(data, data["type"])


def _message_start(request: Any, number: int) -> dict[str, Any]:
    said = sum(len(str(message["content"]).split()) for message in request["messages"])
    message = {
        "id": f"msg_{number}",
        "type": "message",
        "role": "assistant",
        "model": request["model"],
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": said + len(str(request.get("system", "")).split()), "output_tokens": 1},
    }
    return {"type": "message_start", "message": message}


def _check_messages(messages: Any) -> None:
    """As the real one: user first, nothing empty, and no assistant's message to be completed at the end."""
    if not isinstance(messages, list) or not messages:
        raise RefusalError(400, "invalid_request_error", "messages: at least one message is required")
    if messages[0].get("role") != "user":
        raise RefusalError(400, "invalid_request_error", 'messages: first message must use the "user" role')
    if messages[-1].get("role") != "user":
        raise RefusalError(400, "invalid_request_error", "This model does not support assistant message prefill.")
    if any(not str(message.get("content", "")).strip() for message in messages):
        raise RefusalError(400, "invalid_request_error", "messages: text content blocks must be non-empty")
