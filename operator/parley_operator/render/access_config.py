"""The part of the gateway's configuration that says who may connect."""

from __future__ import annotations

from typing import Any

from parley_operator.api import VoiceDeployment
from parley_operator.api.auth import ApiKeySpec, AuthSpec, JwtSpec
from parley_operator.render.paths import secret_file
from parley_operator.render.said import duration, said, secret_files, source_file
from parley_operator.render.signing import signing_value
from parley_operator.render.token import token_value


def access_config(resource: VoiceDeployment) -> dict[str, Any]:
    """Who may connect: holders of the generated token where the resource says nothing."""
    auth, endpoint = resource.spec.auth, resource.spec.endpoint
    origins = endpoint.allowed_origins if endpoint else None
    ways = _ways(resource, auth) if auth else {"tokens": {"token_files": [secret_file(token_value(resource))]}}
    return ways | said(allowed_origins=list(origins) if origins else None)


def _ways(resource: VoiceDeployment, auth: AuthSpec) -> dict[str, Any]:
    if auth.anonymous is not None:
        return {"anonymous": True}
    secrets = auth.client_secrets
    return said(
        tokens=said(token_files=secret_files(auth.tokens), in_address=True if auth.tokens_in_address else None)
        if auth.tokens
        else None,
        api_keys=[_api_key(key) for key in auth.api_keys] if auth.api_keys else None,
        jwt=[_jwt(issuer) for issuer in auth.jwt] if auth.jwt else None,
        client_secrets=said(
            path=secrets.path,
            signing_key_file=secret_file(signing_value(resource)),
            lifetime=duration(secrets.lifetime),
        )
        if secrets
        else None,
    )


def _api_key(key: ApiKeySpec) -> dict[str, Any]:
    return said(name=key.name, file=source_file(key.value_from), tenant=key.tenant)


def _jwt(jwt: JwtSpec) -> dict[str, Any]:
    claims = jwt.claims
    return said(
        issuer=jwt.issuer,
        audiences=list(jwt.audiences),
        algorithms=list(jwt.algorithms),
        jwks_uri=jwt.jwks_uri,
        secret_file=source_file(jwt.secret) if jwt.secret else None,
        claims=said(user=claims.user, tenant=claims.tenant) if claims else None,
    )
