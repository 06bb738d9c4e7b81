"""Asks each kind of credential in turn who a client is."""

from __future__ import annotations

from typing import Protocol

from parley_gateway.access.api_keys import ApiKeys
from parley_gateway.access.client_secrets import PREFIX, ClientSecrets
from parley_gateway.access.origins import AllowedOrigins
from parley_gateway.access.refusals import unauthenticated
from parley_gateway.access.tokens import StaticTokens
from parley_gateway.accounts import Subject
from parley_gateway.protocols.admission import Credentials

ANONYMOUS = Subject(user=None, tenant="anonymous", name="anonymous")
_LONGEST = 8192
"""Characters of a token, whatever its kind."""
_HOW = "send it as `Authorization: Bearer`, as the subprotocol parley.token.<base64url>, or in session.start"


class IssuedTokens(Protocol):
    """Knows tokens that somebody else has issued."""

    async def subject(self, token: str) -> Subject:
        """Whose token this is. Raises RefusedError."""
        ...


class Authenticator:
    """Knows whom to let in."""

    def __init__(
        self,
        *,
        origins: AllowedOrigins,
        tokens: StaticTokens | None = None,
        api_keys: ApiKeys | None = None,
        client_secrets: ClientSecrets | None = None,
        issued: IssuedTokens | None = None,
        anonymous: bool = False,
    ) -> None:
        """What is None lets nobody in."""
        self._origins = origins
        self._tokens = tokens
        self._api_keys = api_keys
        self._client_secrets = client_secrets
        self._issued = issued
        self._anonymous = anonymous
        self._takes_tokens = any(way is not None for way in (tokens, api_keys, client_secrets, issued))

    async def subject(self, credentials: Credentials) -> Subject:
        """Who the client is. Raises RefusedError."""
        self._origins.check(credentials.origin)
        if credentials.token and self._takes_tokens:
            if len(credentials.token) > _LONGEST:
                raise unauthenticated(f"a token has {_LONGEST} characters at most")
            return await self._holder(credentials.token, in_address=credentials.in_address)
        if credentials.vouched is not None:
            return Subject(user=None, tenant=credentials.vouched, name=credentials.vouched)
        if self._anonymous:
            return ANONYMOUS
        raise unauthenticated(f"a token is needed: {_HOW}")

    async def _holder(self, token: str, *, in_address: bool) -> Subject:
        if self._client_secrets and token.startswith(PREFIX):
            return await self._client_secrets.subject(token, in_address=in_address)
        if (known := self._known(token.encode(errors="replace"), in_address=in_address)) is not None:
            return known
        if in_address:
            raise unauthenticated(f"this token is not taken from the address: {_HOW}")
        if self._issued is not None and token.count(".") == 2:
            return await self._issued.subject(token)
        raise unauthenticated("the token is not one that this server knows")

    def _known(self, token: bytes, *, in_address: bool) -> Subject | None:
        if self._tokens and (self._tokens.in_address or not in_address) and (holder := self._tokens.holder(token)):
            return holder
        if self._api_keys and not in_address and (key := self._api_keys.holder(token)):
            return Subject(user=None, tenant=key.tenant or key.name, name=key.name)
        return None
