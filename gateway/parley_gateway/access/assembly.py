"""The ways in that are configured, put together. What is not configured is not imported."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from parley_contract.access import AuthConfig
from parley_gateway.access.api_keys import ApiKeys
from parley_gateway.access.authenticator import Authenticator
from parley_gateway.access.client_secrets import ClientSecrets
from parley_gateway.access.minting import Minting
from parley_gateway.access.origins import AllowedOrigins
from parley_gateway.access.tokens import StaticTokens
from parley_gateway.access.uses import LocalUses, Uses

if TYPE_CHECKING:
    from parley_gateway.access.issuers import Issuers


@dataclass(frozen=True, slots=True)
class Access:
    """Everything that lets clients in."""

    authenticator: Authenticator
    minting: Minting | None = None
    """None where no client secrets are minted."""
    issuers: Issuers | None = None
    """Those of JWTs."""

    def warm(self) -> None:
        """Begin to fetch what the first client would wait for. Readiness does not depend on it."""
        if self.issuers:
            self.issuers.warm()

    def health(self) -> dict[str, dict[str, Any]]:
        """Of what this depends on, for /health."""
        return self.issuers.health() if self.issuers else {}

    async def aclose(self) -> None:
        """Let go of everything."""
        if self.issuers:
            await self.issuers.aclose()


def create_access(config: AuthConfig, *, vouched: bool = False, uses: Uses | None = None) -> Access:
    """The ways in. Raises ValueError or OSError where one cannot be, or where nobody could ever connect.

    `vouched`: a protocol proves its peers itself. `uses` is this process's own memory where nothing is given.
    """
    tokens = StaticTokens(config.tokens) if config.tokens else None
    api_keys = ApiKeys(config.api_keys) if config.api_keys else None
    client_secrets = None
    if config.client_secrets:
        client_secrets = ClientSecrets(config.client_secrets, uses=uses or LocalUses(time.time), clock=time.time)
    if not (tokens or api_keys or config.jwt or vouched or config.anonymous):
        raise ValueError("auth: nobody can connect: give tokens, api_keys or jwt, or say `anonymous: true`")
    if client_secrets and not api_keys:
        raise ValueError("auth: client_secrets are minted with an API key: give api_keys")
    issuers = _issuers(config) if config.jwt else None
    authenticator = Authenticator(
        origins=AllowedOrigins(config.allowed_origins),
        tokens=tokens,
        api_keys=api_keys,
        client_secrets=client_secrets,
        issued=issuers,
        anonymous=config.anonymous,
    )
    minting = None
    if config.client_secrets and client_secrets and api_keys:
        minting = Minting(config.client_secrets.path, api_keys, client_secrets)
    return Access(authenticator, minting, issuers)


def _issuers(config: AuthConfig) -> Issuers:
    try:
        from parley_gateway.access.issuers import Issuers
    except ModuleNotFoundError as error:
        raise ValueError(f"auth: jwt needs the package {error.name!r}: install parley-voice[jwt]") from error
    return Issuers(config.jwt)
