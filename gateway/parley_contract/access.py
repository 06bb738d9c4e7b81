"""Who may connect."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from parley_contract.base import ConfigModel, FilePath, HttpPath, Seconds


class TokenAuth(ConfigModel):
    """Static tokens: whoever sends one of them is let in, under the name of its file."""

    token_files: list[FilePath] = Field(min_length=1, max_length=64)
    in_address: bool = False
    """Whether a token is also taken from the URL, as `?token=`: for old clients that can send it nowhere else.

    Addresses end up in logs and histories that are not ours.
    """


class ApiKey(ConfigModel):
    """A key for servers: it opens sessions, and mints client secrets for users."""

    name: str = Field(min_length=1, max_length=253)
    file: FilePath
    tenant: str = Field(default="", max_length=253)


class JwtClaims(ConfigModel):
    """Which claims say who it is."""

    user: str = "sub"
    tenant: str | None = None


class JwtIssuer(ConfigModel):
    """Tokens of one issuer (RFC 7519)."""

    issuer: str
    audiences: list[str] = Field(min_length=1, max_length=16)
    algorithms: list[Literal["HS256", "RS256", "ES256"]] = Field(min_length=1, max_length=3)
    jwks_uri: str | None = None
    """Where the public keys are (RFC 7517), fetched again when a key is not known."""
    secret_file: FilePath | None = None
    """The shared secret of HS256, at least 32 bytes."""
    claims: JwtClaims = JwtClaims()
    leeway: float = Field(default=30.0, ge=0, le=300)
    """Seconds by which clocks may differ."""

    @model_validator(mode="after")
    def _keys_for_algorithms(self) -> JwtIssuer:
        """HS256 beside public keys is the classic confusion: a public key would serve as the secret."""
        shared = "HS256" in self.algorithms
        if shared and (len(self.algorithms) > 1 or self.secret_file is None or self.jwks_uri is not None):
            raise ValueError("HS256 stands alone, with secret_file and without jwks_uri")
        if not shared and (self.jwks_uri is None or self.secret_file is not None):
            raise ValueError("RS256 and ES256 need jwks_uri, and no secret_file")
        return self


class ClientSecrets(ConfigModel):
    """Short-lived secrets that a server with an API key mints for a user's browser."""

    path: HttpPath = "/v1/client_secrets"
    signing_key_file: FilePath
    """At least 32 bytes, the same in all pods: a secret minted by one is taken by another."""
    lifetime: Seconds = Field(default=60.0, le=3600)


class AuthConfig(ConfigModel):
    """Who may connect: holders of a token, key or secret, or everyone when that is said."""

    tokens: TokenAuth | None = None
    api_keys: list[ApiKey] = Field(default=[], max_length=64)
    jwt: list[JwtIssuer] = Field(default=[], max_length=8)
    client_secrets: ClientSecrets | None = None
    anonymous: bool = False
    allowed_origins: list[str] = Field(default=[], max_length=64)
    """Origins whose pages may connect (RFC 6454), `*` within a host's first label; empty allows all. Clients that
    send no Origin are not browsers, and are not held by this."""
