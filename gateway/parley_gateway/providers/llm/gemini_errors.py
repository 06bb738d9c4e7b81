"""What the Gemini API's errors mean: it says in the body what others say by status and headers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx2
from google.genai.errors import APIError

from parley_gateway.conversation.events import Stage
from parley_gateway.ports import ProviderError
from parley_gateway.providers.errors import status_failure

_BAD_KEY = ("API_KEY_INVALID", "API_KEY_SERVICE_BLOCKED")
_DELAY = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s")


def api_failure(error: APIError) -> ProviderError:
    """The failure of an answer that was refused, or that broke off with an error in its stream."""
    details = list(_details(error.details))
    status = error.code if isinstance(error.code, int) else 500
    if any(detail.get("reason") in _BAD_KEY for detail in details):
        status = 401
    headers = dict(error.response.headers) if isinstance(error.response, httpx2.Response) else {}
    delays = [match[1] for detail in details if (match := _DELAY.fullmatch(str(detail.get("retryDelay", ""))))]
    if delays:
        # `google.rpc.RetryInfo`, in the place of a header.
        headers.setdefault("retry-after", delays[0])
    return status_failure(Stage.LLM, status, headers, error.status)


def _details(body: Any) -> Iterator[Mapping[str, Any]]:
    """`{"error": {"details": [{"@type": …, …}]}}`, of which nothing is certain."""
    error = body.get("error") if isinstance(body, Mapping) else None
    details = error.get("details") if isinstance(error, Mapping) else None
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, Mapping):
            yield detail
