"""OpenAI's SDK as all who speak OpenAI's API use it, with or without a key."""

from __future__ import annotations

import httpx2
from openai import AsyncOpenAI

ENDPOINT = "https://api.openai.com/v1"
_NO_KEY = "none"
"""The SDK asks for a key, and would else take the environment's, which is not meant for a server of one's own."""


def openai_client(key: str, *, base_url: str, http: httpx2.AsyncClient) -> AsyncOpenAI:
    """A client over `http`, without retries: those are the session's, for which twice as late is too late.

    An empty key is for servers that want none.
    """
    return AsyncOpenAI(
        api_key=key or _NO_KEY, base_url=base_url, http_client=http, timeout=http.timeout, max_retries=0
    )
