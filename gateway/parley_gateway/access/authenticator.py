"""Asks each kind of credential in turn who a client is."""

from __future__ import annotations

from parley_contract.access import AuthConfig
from parley_gateway.access.refusals import unauthenticated
from parley_gateway.access.tokens import StaticTokens
from parley_gateway.accounts import Subject
from parley_gateway.protocols.admission import Credentials

ANONYMOUS = Subject(user=None, tenant="anonymous", name="anonymous")
_HOW = "send it as `Authorization: Bearer`, as the subprotocol parley.token.<base64url>, or in session.start"


class Authenticator:
    """Knows whom to let in."""

    def __init__(self, config: AuthConfig) -> None:
        """Read the secrets for the first time. Raises ValueError or OSError where nobody could ever connect."""
        if config.tokens is None and not config.anonymous:
            raise ValueError("auth: give token files, or say `anonymous: true`; otherwise nobody can connect")
        self._tokens = StaticTokens(config.tokens) if config.tokens else None
        self._anonymous = config.anonymous

    async def subject(self, credentials: Credentials) -> Subject:
        """Who the client is. Raises RefusedError."""
        token = credentials.token
        if token and not credentials.in_address and self._tokens:
            if (holder := self._tokens.holder(token.encode(errors="replace"))) is not None:
                return holder
            raise unauthenticated("the token is not one that this server knows")
        if credentials.vouched is not None:
            return Subject(user=None, tenant=credentials.vouched, name=credentials.vouched)
        if self._anonymous:
            return ANONYMOUS
        raise unauthenticated(f"a token is needed: {_HOW}")
