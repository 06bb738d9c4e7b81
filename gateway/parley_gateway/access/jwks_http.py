"""Fetching an issuer's keys over HTTP."""

from __future__ import annotations

import httpx2

from parley_gateway.access.jwks import FETCH_S, BadKeySetError
from parley_gateway.trust import trust

_MOST_BYTES = 256 * 1024


class JwksHttp:
    """A client for key sets alone: it follows no redirect, sends no cookie and reads no more than a bound."""

    def __init__(self) -> None:
        self._http = httpx2.AsyncClient(verify=trust(), timeout=FETCH_S, follow_redirects=False)

    async def fetch(self, uri: str) -> bytes:
        """The body of a key set. Raises BadKeySetError, or what the HTTP client raises."""
        async with self._http.stream("GET", uri, headers={"Accept": "application/json"}) as response:
            if response.status_code != httpx2.codes.OK:
                raise BadKeySetError(f"the issuer answered HTTP {response.status_code} at its jwks_uri")
            body = bytearray()
            async for part in response.aiter_bytes():
                body += part
                if len(body) > _MOST_BYTES:
                    raise BadKeySetError(f"the key set has more than {_MOST_BYTES} bytes")
            return bytes(body)

    async def aclose(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()
