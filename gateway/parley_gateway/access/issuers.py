"""The issuers of JWTs, and the connections over which their keys come."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from parley_contract.access import JwtIssuer
from parley_gateway.access.jwks_http import JwksHttp
from parley_gateway.access.jwt import JsonWebTokens
from parley_gateway.accounts import Subject


class Issuers:
    """Implements `IssuedTokens`, and owns what that takes."""

    def __init__(self, issuers: Sequence[JwtIssuer]) -> None:
        """Nothing is fetched yet. Raises OSError, or ValueError for a secret that is too short."""
        self._http = JwksHttp()
        self._tokens = JsonWebTokens(issuers, fetch=self._http.fetch, clock=time.monotonic)

    async def subject(self, token: str) -> Subject:
        """As `JsonWebTokens.subject`."""
        return await self._tokens.subject(token)

    def warm(self) -> None:
        """As `JsonWebTokens.warm`."""
        self._tokens.warm()

    def health(self) -> dict[str, dict[str, Any]]:
        """As `JsonWebTokens.health`."""
        return self._tokens.health()

    async def aclose(self) -> None:
        """Stop fetching, and let go of the connections."""
        await self._tokens.aclose()
        await self._http.aclose()
