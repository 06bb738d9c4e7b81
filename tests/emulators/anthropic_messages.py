"""Anthropic's `/v1/messages`, streamed."""

from __future__ import annotations

import re
from typing import Any

from tests.emulators import sse
from tests.emulators.faults import Fault, FaultyBody
from tests.emulators.http import Exchange
from tests.emulators.language_model import Heard, LanguageModel, ModelScript, ScriptedCall, words
from tests.emulators.scripted import RefusalError, bearer


class AnthropicScript(ModelScript):
    """What the model says."""

    pings: int = 0
    """How many `ping` events come before every delta."""
    thinks: bool = False
    """Whether a block of thinking comes before the answer, as with the newest models."""


class AnthropicMessages(LanguageModel[AnthropicScript]):
    """Claude, with a script."""

    route = "/v1/messages"

    def __init__(self, script: AnthropicScript) -> None:
        super().__init__(script)
        self._cache: set[str] = set()

    def set_script(self, script: AnthropicScript) -> None:
        super().set_script(script)
        self._cache.clear()

    def key(self, exchange: Exchange) -> str | None:
        # The SDK since 2.11 sends it as a bearer token; the API takes both.
        return exchange.headers.get("x-api-key") or bearer(exchange)

    def check(self, exchange: Exchange, body: Any) -> None:
        if not exchange.headers.get("anthropic-version"):
            raise _invalid("anthropic-version: header is required")
        if not isinstance(body.get("max_tokens"), int) or not body.get("model"):
            raise _invalid("max_tokens and model: fields required")
        if body.get("stream") is not True:
            raise _invalid("only streaming is emulated")
        _check_messages(body.get("messages"))
        _check_tools(body)

    def heard(self, request: Any) -> Heard:
        blocks = _blocks(request["messages"][-1])
        said = "\n".join(block["text"] for block in blocks if block["type"] == "text")
        results = (str(block["content"]) for block in blocks if block["type"] == "tool_result")
        return Heard(said, () if said else tuple(results))

    async def reply(self, body: FaultyBody, request: Any, number: int) -> None:
        answer = self.answer(request, number)
        await body.start({**sse.HEADERS, "request-id": f"req_{number}"})
        await body.write(_event(_message_start(request, number, self._usage(request))))
        index = 0
        if self.script.thinks:
            await self._write_thinking(body)
            index += 1
        if answer.text:
            await self._write_text(body, index, answer.pieces)
            index += 1
        for call in answer.calls:
            await _write_call(body, index, number, call)
            index += 1
        stop = {"stop_reason": "tool_use" if answer.calls else "end_turn", "stop_sequence": None}
        usage = {"output_tokens": answer.tokens}
        await body.write(_event({"type": "message_delta", "delta": stop, "usage": usage}))
        await body.write(_event({"type": "message_stop"}))
        await body.finish()

    async def _write_thinking(self, body: FaultyBody) -> None:
        block = {"type": "thinking", "thinking": "", "signature": ""}
        await body.write(_event({"type": "content_block_start", "index": 0, "content_block": block}))
        for delta in (
            {"type": "thinking_delta", "thinking": "what to say"},
            {"type": "signature_delta", "signature": "c2ln"},
        ):
            await body.write(_event({"type": "content_block_delta", "index": 0, "delta": delta}))
        await body.write(_event({"type": "content_block_stop", "index": 0}))

    async def _write_text(self, body: FaultyBody, index: int, pieces: list[str]) -> None:
        block = {"type": "text", "text": ""}
        await body.write(_event({"type": "content_block_start", "index": index, "content_block": block}))
        for piece in pieces:
            for _ in range(self.script.pings):
                await body.write(_event({"type": "ping"}))
            if self.script.unknown_events:
                await body.write(
                    _event({"type": "message_annotation", "index": index, "annotation": {"type": "note"}})
                )
                odd = {"type": "aura_delta", "aura": "blue"}
                await body.write(_event({"type": "content_block_delta", "index": index, "delta": odd}))
            delta = {"type": "text_delta", "text": piece}
            await body.write(_event({"type": "content_block_delta", "index": index, "delta": delta}))
        await body.write(_event({"type": "content_block_stop", "index": index}))

    def _usage(self, request: Any) -> dict[str, int]:
        """With what was marked for the cache apart: written at first, read from then on."""
        system = request.get("system", "")
        said = sum(words(message["content"]) for message in request["messages"])
        if not isinstance(system, list):
            return {"input_tokens": said + words(system), "output_tokens": 1}
        kept = "cache_read" if str(system) in self._cache else "cache_creation"
        self._cache.add(str(system))
        return {"input_tokens": said, f"{kept}_input_tokens": words(system), "output_tokens": 1}

    def error(self, refusal: RefusalError) -> dict[str, Any]:
        told = {"type": refusal.error_type, "message": refusal.message}
        return {"type": "error", "error": told, "request_id": "req_refused"}

    def error_event(self, fault: Fault | None) -> bytes:
        error_type = fault.error_type if fault is not None else "overloaded_error"
        return _event({"type": "error", "error": {"type": error_type, "message": "as scripted"}})


async def _write_call(body: FaultyBody, index: int, number: int, call: ScriptedCall) -> None:
    block = {"type": "tool_use", "id": f"toolu_{number}_{index}", "name": call.name, "input": {}}
    await body.write(_event({"type": "content_block_start", "index": index, "content_block": block}))
    for piece in ["", *call.pieces]:
        delta = {"type": "input_json_delta", "partial_json": piece}
        await body.write(_event({"type": "content_block_delta", "index": index, "delta": delta}))
    await body.write(_event({"type": "content_block_stop", "index": index}))


def _event(data: dict[str, Any]) -> bytes:
    return sse.event(data, data["type"])


def _message_start(request: Any, number: int, usage: dict[str, int]) -> dict[str, Any]:
    message = {
        "id": f"msg_{number}",
        "type": "message",
        "role": "assistant",
        "model": request["model"],
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage,
    }
    return {"type": "message_start", "message": message}


def _invalid(message: str) -> RefusalError:
    return RefusalError(400, "invalid_request_error", message)


def _blocks(message: Any) -> list[Any]:
    content = message.get("content", "")
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _check_messages(messages: Any) -> None:
    """As the real one: user first, nothing empty, and no assistant's message to be completed at the end."""
    if not isinstance(messages, list) or not messages:
        raise _invalid("messages: at least one message is required")
    if messages[0].get("role") != "user":
        raise _invalid('messages: first message must use the "user" role')
    if messages[-1].get("role") != "user":
        raise _invalid("This model does not support assistant message prefill.")
    for message in messages:
        blocks = _blocks(message)
        if not blocks or any(block["type"] == "text" and not block["text"].strip() for block in blocks):
            raise _invalid("messages: text content blocks must be non-empty")


def _check_tools(body: Any) -> None:
    """As the real one: every call is answered at the very next place, and the request knows of tools."""
    owed: set[str] = set()
    seen: set[str] = set()
    for message in body["messages"]:
        blocks = _blocks(message)
        answered = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        if set(answered) != owed or [block["type"] for block in blocks[: len(owed)]] != ["tool_result"] * len(
            owed
        ):
            raise _invalid("messages: `tool_use` ids were found without `tool_result` blocks immediately after")
        owed = {block["id"] for block in blocks if block["type"] == "tool_use"}
        if owed & seen or not all(re.fullmatch(r"[a-zA-Z0-9_-]+", number) for number in owed):
            raise _invalid("messages: `tool_use` ids must be unique, and match ^[a-zA-Z0-9_-]+$")
        if any(not isinstance(block["input"], dict) for block in blocks if block["type"] == "tool_use"):
            raise _invalid("messages: tool_use.input: Input should be a valid dictionary")
        seen |= owed
    if seen and not body.get("tools"):
        raise _invalid("Requests which include `tool_use` or `tool_result` blocks must define tools.")
    if any(tool.get("input_schema", {}).get("type") != "object" for tool in body.get("tools", ())):
        raise _invalid("tools.0.custom.input_schema.type: Field required")
