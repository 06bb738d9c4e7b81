"""Google's `models/<model>:streamGenerateContent`, as server-sent events."""

from __future__ import annotations

import re
from base64 import b64encode, urlsafe_b64decode
from typing import Any

from tests.emulators import sse
from tests.emulators.faults import Fault, FaultyBody
from tests.emulators.http import Exchange
from tests.emulators.language_model import Heard, LanguageModel, ModelScript, words
from tests.emulators.scripted import RefusalError

_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_CODES = {"overloaded_error": 503, "rate_limit_error": 429, "insufficient_quota": 403}
_BAD_KEY = "API key not valid"
_UNSIGNED = b"skip_thought_signature_validator"


class GeminiScript(ModelScript):
    """What the model says."""

    thinks: bool = False
    """Whether thoughts come before the answer, and calls are signed and wanted back with their signatures."""
    blocks: bool = False
    """Whether what was said is blocked by a filter."""
    finish: str = "STOP"
    """Why the answer ends."""


class Gemini(LanguageModel[GeminiScript]):
    """A Gemini model, with a script."""

    route = "/v1beta/models/gemini-2.5-flash:streamGenerateContent"

    def serves(self, exchange: Exchange) -> bool:
        wanted = r"/v1beta/models/[\w.-]+:streamGenerateContent"
        return exchange.method == "POST" and re.fullmatch(wanted, exchange.path) is not None

    def key(self, exchange: Exchange) -> str | None:
        return exchange.headers.get("x-goog-api-key")

    def check(self, exchange: Exchange, body: Any) -> None:
        if exchange.entry.query.get("alt") != ["sse"]:
            raise _invalid("only server-sent events are emulated")
        contents = body.get("contents")
        if not contents or any(not content.get("parts") for content in contents):
            raise _invalid("contents: contents is not specified, or has no parts")
        _check_calls(contents)
        if self.script.thinks:
            _check_signatures(contents)

    def heard(self, request: Any) -> Heard:
        parts = request["contents"][-1]["parts"]
        said = "\n".join(part["text"] for part in parts if "text" in part)
        responses = (part["functionResponse"]["response"] for part in parts if "functionResponse" in part)
        return Heard(said, tuple(str(next(iter(response.values()))) for response in responses))

    async def reply(self, body: FaultyBody, request: Any, number: int) -> None:
        answer = self.answer(request, number)
        usage = {"promptTokenCount": words(request["contents"]), "cachedContentTokenCount": 1}
        await body.start(sse.HEADERS)
        if self.script.blocks:
            await body.write(sse.event({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": usage}))
            await body.finish()
            return
        if self.script.thinks:
            await body.write(_chunk([{"text": "what to say", "thought": True}], usage))
            usage["thoughtsTokenCount"] = 3
        for written, piece in enumerate(answer.pieces, start=1):
            if self.script.unknown_events:
                await body.write(sse.event({"aura": "blue", "usageMetadata": {**usage, "auraTokenCount": 1}}))
            await body.write(_chunk([{"text": piece}], {**usage, "candidatesTokenCount": written}))
        for index, call in enumerate(answer.calls):
            part: dict[str, Any] = {"functionCall": {"name": call.name, "args": call.arguments}}
            if self.script.thinks and index == 0:
                part["thoughtSignature"] = b64encode(b"signed:" + call.name.encode()).decode()
            await body.write(_chunk([part], usage))
        usage["candidatesTokenCount"] = answer.tokens
        await body.write(_chunk([{"text": ""}], usage, finish=self.script.finish))
        await body.finish()

    def error_type(self, status: int) -> str:
        return _STATUS.get(status, "UNKNOWN")

    def error(self, refusal: RefusalError) -> dict[str, Any]:
        # A bad key is a bad request here, and the reason is in the details.
        bad_key = refusal.error_type == "authentication_error"
        status, message = (400, _BAD_KEY) if bad_key else (refusal.status, refusal.message)
        refusal.status = status
        error: dict[str, Any] = {"code": status, "message": message, "status": self.error_type(status)}
        if bad_key:
            info = "type.googleapis.com/google.rpc.ErrorInfo"
            error["details"] = [{"@type": info, "reason": "API_KEY_INVALID", "domain": "googleapis.com"}]
        return {"error": error}

    def error_event(self, fault: Fault | None) -> bytes:
        code = _CODES.get(fault.error_type if fault is not None else "", 500)
        return sse.event({"error": {"code": code, "message": "as scripted", "status": _STATUS[code]}})


def _chunk(parts: list[dict[str, Any]], usage: dict[str, int], *, finish: str | None = None) -> bytes:
    candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
    if finish is not None:
        candidate["finishReason"] = finish
    chunk = {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "gemini", "responseId": "r"}
    # This API ends lines as HTTP does.
    return sse.event(chunk).replace(b"\n", b"\r\n")


def _invalid(message: str) -> RefusalError:
    return RefusalError(400, "INVALID_ARGUMENT", message)


def _check_calls(contents: list[Any]) -> None:
    """As the real one: the turn right after calls answers all of them, and nothing else answers any."""
    owed: list[str] = []
    for content in contents:
        parts = content["parts"]
        answered = [part["functionResponse"]["name"] for part in parts if "functionResponse" in part]
        if sorted(answered) != sorted(owed):
            raise _invalid("a function response turn must come right after a function call turn, with all parts")
        owed = [part["functionCall"]["name"] for part in parts if "functionCall" in part]


def _check_signatures(contents: list[Any]) -> None:
    for content in contents:
        calls = [part for part in content["parts"] if "functionCall" in part]
        if not calls:
            continue
        signature = urlsafe_b64decode(calls[0].get("thoughtSignature", ""))
        if signature not in (_UNSIGNED, b"signed:" + calls[0]["functionCall"]["name"].encode()):
            raise _invalid("Function call is missing a thought_signature in functionCall parts.")
