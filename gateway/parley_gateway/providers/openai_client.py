"""OpenAI's SDK as its chat and its speech both use it."""

from __future__ import annotations

import httpx2
from openai import AsyncOpenAI

ENDPOINT = "https://api.openai.com/v1"


def openai_client(key: str, *, base_url: str, http: httpx2.AsyncClient) -> AsyncOpenAI:
    """A client over `http`, without retries: those are the session's, for which twice as late is too late."""
    return AsyncOpenAI(api_key=key, base_url=base_url, http_client=http, timeout=http.timeout, max_retries=0)
