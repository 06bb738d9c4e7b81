"""The reads by which providers tell whether they know a key: one row for each, with its own way to refuse.

Two of them have the same path; they are told apart by the header that carries the key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.emulators.faults import GARBAGE, Fault, FaultPlan, stall
from tests.emulators.http import Exchange
from tests.emulators.journal import fingerprint
from tests.emulators.scripted import Script


class AccountScript(Script):
    """How the read is answered."""

    narrow: list[str] = []
    """Keys that are known, and may not do this read."""


Refusal = tuple[int, dict[str, Any]]


@dataclass(frozen=True)
class Form:
    """One provider's read."""

    route: str
    header: str
    """Carries the key."""
    content: Any
    """The answer, as far as anybody looks at it."""
    refusal: Callable[[int], Refusal]
    """By status; 401 is for a key that nobody knows."""
    prefix: str = ""
    version: str | None = None
    """A header without which the request is refused."""
    narrow: Refusal | None = None
    """The answer to a restricted key; None: such keys are not restricted."""


class Account:
    """Answers one read."""

    def __init__(self, form: Form, script: AccountScript) -> None:
        self.form = form
        self.set_script(script)

    def set_script(self, script: AccountScript) -> None:
        """Behave like this from the next request on."""
        self.script = script
        self._plan = FaultPlan(script.faults)

    def serves(self, exchange: Exchange) -> bool:
        """Whether the request is for this endpoint."""
        return (exchange.method, exchange.path) == (
            "GET",
            self.form.route,
        ) and self.form.header in exchange.headers

    async def handle(self, exchange: Exchange) -> None:
        """Answer one request."""
        sent = exchange.headers[self.form.header]
        key = sent.removeprefix(self.form.prefix) if sent.startswith(self.form.prefix) else ""
        exchange.entry.key = fingerprint(key)
        fault = self._plan.next()
        if fault is not None and fault.kind != "refuse":
            exchange.entry.outcome = "faulted"
            await _strike(exchange, fault)
            return
        status, content = self._answer(exchange, key, fault)
        exchange.entry.outcome = "completed" if status == 200 else "refused"
        await exchange.answer(status, content)

    def _answer(self, exchange: Exchange, key: str, fault: Fault | None) -> Refusal:
        if self.form.version is not None and self.form.version not in exchange.headers:
            return self.form.refusal(400)
        if fault is not None:
            return self.form.refusal(fault.status)
        if self.form.narrow is not None and key in self.script.narrow:
            return self.form.narrow
        if not key or (self.script.keys is not None and key not in self.script.keys):
            return self.form.refusal(401)
        return 200, self.form.content


async def _strike(exchange: Exchange, fault: Fault) -> None:
    match fault.kind:
        case "stall":
            await stall()
        case "cut":
            exchange.cut()
        case "garbage":
            await exchange.raw(GARBAGE)
            exchange.cut_softly()
        case _:
            exchange.cut_softly()


def _anthropic(status: int) -> Refusal:
    kinds = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
    error = {"type": kinds.get(status, "invalid_request_error"), "message": "invalid x-api-key"}
    return status, {"type": "error", "error": error, "request_id": "req_refused"}


def _cartesia(status: int) -> Refusal:
    said = {"error_code": "unauthorized" if status == 401 else "as_scripted", "title": "As scripted"}
    return status, {**said, "message": "as scripted", "request_id": "emulated"}


def _deepgram(status: int) -> Refusal:
    code = "INVALID_AUTH" if status == 401 else "AS_SCRIPTED"
    return status, {"err_code": code, "err_msg": "Invalid credentials.", "request_id": "emulated"}


def _elevenlabs(status: int) -> Refusal:
    word = "invalid_api_key" if status == 401 else "as_scripted"
    return status, {"detail": {"status": word, "message": "Invalid API key"}}


def _gemini(status: int) -> Refusal:
    """A bad key is a bad request here, and the reason is in the details."""
    if status != 401:
        return status, {"error": {"code": status, "message": "as scripted", "status": "RESOURCE_EXHAUSTED"}}
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
    details = [{**info, "domain": "googleapis.com"}]
    return 400, {
        "error": {"code": 400, "message": "API key not valid", "status": "INVALID_ARGUMENT", "details": details}
    }


def _openai(status: int) -> Refusal:
    code = "invalid_api_key" if status == 401 else None
    error = {"message": "Incorrect API key provided", "type": "invalid_request_error", "param": None, "code": code}
    return status, {"error": error}


def _stripe(status: int) -> Refusal:
    said = "Invalid API Key provided: sk_live_****cdef" if status == 401 else "as scripted"
    return status, {"error": {"type": "invalid_request_error", "message": said}}


_LACKS_PERMISSIONS = {
    "type": "invalid_request_error",
    "message": "The provided key 'rk_live_****' does not have the required permissions for this endpoint on "
    "account 'acct_1'. Having the 'rak_accounts_kyc_basic_read' permission would allow this request to continue.",
}
_LACKS_SCOPE = {
    "message": "You have insufficient permissions for this operation. Missing scopes: api.model.read.",
    "type": "invalid_request_error",
    "param": None,
    "code": "missing_scope",
}
_LACKS_PERMISSION = {
    "status": "missing_permissions",
    "message": "The API key you used is missing the permission user_read to execute this operation.",
}
FORMS = {
    "Anthropic": Form(
        route="/v1/models",
        header="x-api-key",
        version="anthropic-version",
        content={"data": [], "has_more": False, "first_id": None, "last_id": None},
        refusal=_anthropic,
    ),
    "Cartesia": Form(
        route="/voices",
        header="authorization",
        prefix="Bearer ",
        version="cartesia-version",
        content={"data": [], "has_more": False},
        refusal=_cartesia,
    ),
    "Deepgram": Form(
        route="/v1/auth/token",
        header="authorization",
        prefix="Token ",
        content={"api_key_id": "emulated", "scopes": ["usage:write"], "accessor": "emulated"},
        refusal=_deepgram,
    ),
    "ElevenLabs": Form(
        route="/v1/user",
        header="xi-api-key",
        content={"user_id": "emulated", "subscription": {}},
        refusal=_elevenlabs,
        narrow=(401, {"detail": _LACKS_PERMISSION}),
    ),
    "Gemini": Form(route="/v1beta/models", header="x-goog-api-key", content={"models": []}, refusal=_gemini),
    "OpenAI": Form(
        route="/v1/models",
        header="authorization",
        prefix="Bearer ",
        content={"object": "list", "data": []},
        refusal=_openai,
        narrow=(403, {"error": _LACKS_SCOPE}),
    ),
    "Stripe": Form(
        route="/v1/account",
        header="authorization",
        prefix="Bearer ",
        content={"id": "acct_1", "object": "account"},
        refusal=_stripe,
        narrow=(403, {"error": _LACKS_PERMISSIONS}),
    ),
}
"""By the provider's name."""
