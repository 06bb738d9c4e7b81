"""`spec.auth`: who may connect."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from parley_operator.api.base import ResourceModel, Rule
from parley_operator.api.durations import seconds
from parley_operator.api.references import SecretSource
from parley_operator.api.values import BaseUrl, ClaimName, Duration, Issuer, ObjectName, Tenant, UrlPath


class Anonymous(ResourceModel):
    """Everyone may connect, and spend what the providers cost."""


class ApiKeySpec(ResourceModel):
    """A key for a server of yours: it opens sessions, and mints client secrets."""

    name: ObjectName
    """Name of the holder, for logs."""
    value_from: SecretSource
    """Where the key is."""
    tenant: Tenant | None = None
    """Tenant to whom its sessions belong."""


class ClaimsSpec(ResourceModel):
    """Which claims of a token say who it is."""

    user: ClaimName | None = None
    """Default sub."""
    tenant: ClaimName | None = None
    """Default: none."""


class JwtSpec(ResourceModel):
    """Tokens of one issuer (JWT)."""

    issuer: Issuer
    """The claim iss."""
    audiences: Annotated[
        tuple[Issuer, ...],
        Field(min_length=1, max_length=16, json_schema_extra={"x-kubernetes-list-type": "set"}),
    ]
    """One of them must be in the claim aud."""
    algorithms: Annotated[
        tuple[Literal["HS256", "RS256", "ES256"], ...],
        Field(min_length=1, max_length=3, json_schema_extra={"x-kubernetes-list-type": "set"}),
    ]
    """Signatures that are accepted. HS256 stands alone, with secret; the others need jwksURI."""
    jwks_uri: Annotated[BaseUrl | None, Field(alias="jwksURI")] = None
    """Where the issuer's public keys are."""
    secret: SecretSource | None = None
    """Where the shared secret of HS256 is, at least 32 bytes."""
    claims: ClaimsSpec | None = None
    """Which claims say who it is."""

    rules = (
        Rule(
            cel="'HS256' in self.algorithms ? size(self.algorithms) == 1 && has(self.secret) && "
            "!has(self.jwksURI) : has(self.jwksURI) && !has(self.secret)",
            message="HS256 stands alone and needs secret; RS256 and ES256 need jwksURI and take no secret",
            holds=lambda jwt: (
                (len(jwt.algorithms) == 1 and jwt.secret is not None and jwt.jwks_uri is None)
                if "HS256" in jwt.algorithms
                else (jwt.jwks_uri is not None and jwt.secret is None)
            ),
        ),
    )


class ClientSecretsSpec(ResourceModel):
    """Short-lived secrets for browsers, minted by a server with one of apiKeys."""

    path: UrlPath | None = None
    """Where they are minted. Default /v1/client_secrets."""
    lifetime: Duration | None = None
    """How long one may be used to connect, 5s to 1h. Default 60s."""

    rules = (
        Rule(
            cel="!has(self.lifetime) || (duration(self.lifetime) >= duration('5s') && "
            "duration(self.lifetime) <= duration('1h'))",
            message="lifetime must be between 5s and 1h",
            field="lifetime",
            holds=lambda spec: spec.lifetime is None or 5 <= seconds(spec.lifetime) <= 3600,
        ),
    )


class AuthSpec(ResourceModel):
    """Who may connect. Absent: whoever has the token in the generated Secret NAME-token."""

    tokens: (
        Annotated[
            tuple[SecretSource, ...],
            Field(min_length=1, max_length=64, json_schema_extra={"x-kubernetes-list-type": "atomic"}),
        ]
        | None
    ) = None
    """Static tokens: whoever sends one of them is let in. Excludes anonymous."""
    tokens_in_address: bool = False
    """Whether tokens are also taken from the address (?token=), for clients that know no other way. What is in an
    address is kept in many a log: prefer clientSecrets."""
    api_keys: (
        Annotated[
            tuple[ApiKeySpec, ...],
            Field(
                min_length=1,
                max_length=64,
                json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
            ),
        ]
        | None
    ) = None
    """Keys for servers of yours. Excludes anonymous."""
    jwt: (
        Annotated[
            tuple[JwtSpec, ...],
            Field(
                min_length=1,
                max_length=8,
                json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["issuer"]},
            ),
        ]
        | None
    ) = None
    """Issuers whose tokens let users in. Excludes anonymous."""
    client_secrets: ClientSecretsSpec | None = None
    """Set to {} to let servers with one of apiKeys mint short-lived secrets for browsers."""
    anonymous: Anonymous | None = None
    """Set to {} to let everyone in. Excludes tokens, apiKeys and jwt."""

    rules = (
        Rule(
            cel="(has(self.tokens) || has(self.apiKeys) || has(self.jwt)) != has(self.anonymous)",
            message="set tokens, apiKeys or jwt, or else anonymous; or leave auth out for a generated token",
            holds=lambda auth: (
                any(way is not None for way in (auth.tokens, auth.api_keys, auth.jwt))
                != (auth.anonymous is not None)
            ),
        ),
        Rule(
            cel="!self.tokensInAddress || has(self.tokens)",
            message="tokensInAddress needs tokens",
            field="tokensInAddress",
            holds=lambda auth: not auth.tokens_in_address or auth.tokens is not None,
        ),
        Rule(
            cel="!has(self.clientSecrets) || has(self.apiKeys)",
            message="clientSecrets needs apiKeys: a server with one of them mints the secrets",
            field="clientSecrets",
            holds=lambda auth: auth.client_secrets is None or auth.api_keys is not None,
        ),
    )
