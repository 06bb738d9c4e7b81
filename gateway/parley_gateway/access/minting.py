"""What a server with an API key asks for: a client secret for one of its users."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from parley_contract.access import ApiKey
from parley_gateway.access.api_keys import ApiKeys
from parley_gateway.access.client_secrets import ClientSecrets, Minted

BODY_BYTES = 8192
_Name = Annotated[str, Field(min_length=1, max_length=253)]


class MintingRefusedError(Exception):
    """No secret; with the HTTP status, and what to do."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class _Order(BaseModel):
    """The body of the request."""

    model_config = ConfigDict(extra="forbid")

    user: _Name
    """Who will talk: sessions and money are counted by this name."""
    tenant: _Name | None = None
    """For an API key that serves several; one of a tenant's own mints for that one alone."""
    lifetime: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Seconds, where less than the configured lifetime is wanted."""


class Minting:
    """Mints for whoever has an API key."""

    def __init__(self, path: str, keys: ApiKeys, client_secrets: ClientSecrets) -> None:
        """`path`: where it is asked for, by POST."""
        self.path = path
        self._keys = keys
        self._client_secrets = client_secrets

    def mint(self, authorization: str, body: bytes) -> Minted:
        """A secret as the body of a request asks for. Raises MintingRefusedError."""
        key = self._holder(authorization)
        order = _order(body)
        tenant = order.tenant or key.tenant or key.name
        if key.tenant and tenant != key.tenant:
            raise MintingRefusedError(403, "this API key mints for its own tenant alone")
        return self._client_secrets.mint(user=order.user, tenant=tenant, name=key.name, lifetime=order.lifetime)

    def _holder(self, authorization: str) -> ApiKey:
        scheme, _, token = authorization.partition(" ")
        key = self._keys.holder(token.strip().encode(errors="replace"))
        if scheme.lower() != "bearer" or key is None:
            raise MintingRefusedError(401, "send an API key as `Authorization: Bearer`")
        return key


def _order(body: bytes) -> _Order:
    try:
        return _Order.model_validate_json(body)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False, include_context=False)
        shown = "; ".join(
            f"{'.'.join(map(str, problem['loc'])) or 'body'}: {problem['msg']}" for problem in problems
        )
        raise MintingRefusedError(400, f'send {{"user": "…"}} as JSON: {shown}') from None
