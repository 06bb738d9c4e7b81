"""From what a provider answers to what the caller of a provider should care about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.ports import ProviderError

NO_CONNECTION = "no connection: check the host's name, the proxy, the network policy and the trusted certificates"
_KEY_REFUSED = (401, 402, 403)
_OUT_OF_CREDIT = ("insufficient_quota", "billing_error", "quota_exceeded")
"""Some providers say so with 429, which otherwise passes by itself."""
_ADVICE = {
    400: "the provider does not accept the request: check model and options",
    401: "the provider does not accept the API key",
    402: "the account is out of credit",
    403: "the API key may not do this: check its permissions, model and region",
    404: "no such model or endpoint: check model and baseURL",
    408: "the provider waited too long",
    413: "the request is too large",
    422: "the provider does not accept the request: check model and options",
    429: "the account's rate limit is reached",
    529: "the provider is overloaded",
}
_ADVICE_BY_HUNDRED = {
    3: "a redirect: set baseURL to the final address",
    4: "the provider does not accept the request",
    5: "the provider is in trouble",
}
_ERROR_TYPE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_LONGEST_RETRY_AFTER = 3600.0


class KeyRefusedError(ProviderError):
    """The provider does not accept this very key; another may be."""


def kind_of_status(status: int) -> FailureKind:
    """What an HTTP status other than success means."""
    if status == 429:
        return FailureKind.RATE_LIMITED
    if status in (408, 504):
        return FailureKind.TIMEOUT
    return FailureKind.OVERLOADED if status >= 500 else FailureKind.REFUSED


def status_failure(
    stage: Stage, status: int, headers: Mapping[str, str], error_type: object = None
) -> ProviderError:
    """The failure that an HTTP answer tells of. `error_type` is the provider's own word for it."""
    advice = _ADVICE.get(status) or _ADVICE_BY_HUNDRED.get(status // 100, "an answer that is not expected")
    named = f" ({error_type})" if isinstance(error_type, str) and _ERROR_TYPE.fullmatch(error_type) else ""
    detail = f"HTTP {status}: {advice}{named}"
    if status in _KEY_REFUSED or error_type in _OUT_OF_CREDIT:
        return KeyRefusedError(stage, FailureKind.REFUSED, detail)
    return ProviderError(stage, kind_of_status(status), detail, retry_after=retry_after(headers))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that an answer asks to wait: `retry-after-ms`, or `Retry-After` as seconds or a date (RFC 9110)."""
    precise = _number(headers.get("retry-after-ms"))
    if precise is not None:
        return min(precise / 1000, _LONGEST_RETRY_AFTER)
    value = headers.get("retry-after")
    seconds = _number(value)
    if seconds is None:
        seconds = _seconds_until(value)
    return None if seconds is None else min(seconds, _LONGEST_RETRY_AFTER)


def _number(value: str | None) -> float | None:
    if value is None or not re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value.strip()):
        return None
    return float(value)


def _seconds_until(date: str | None) -> float | None:
    try:
        at = parsedate_to_datetime(date or "")
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())
