"""What is made once and kept: the salt, the access token, the signing key and the self-signed certificate."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from parley_operator.api import VoiceDeployment
from parley_operator.render import salt, signing, tls, token
from parley_operator.render.facts import Facts, TlsMaterial
from parley_operator.render.renewal import renewed

SecretData = Mapping[str, bytes]
TOKEN_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class Generated:
    """What was generated before; None for what was not, or is not readable. Never logged, hence no repr."""

    salt: str | None = field(repr=False)
    token: str | None = field(repr=False)
    signing_key: str | None = field(repr=False)
    tls: TlsMaterial | None = field(repr=False)


def read(live: Mapping[str, SecretData | None]) -> Generated:
    """What the live Secrets hold.

    Args:
        live: decoded data of the resource's own Secrets by suffix: salt, token, signing, ca, tls. What seems
            missing is made anew, so whoever writes it must never write over one that is there after all.
    """
    return Generated(
        salt=_text(live.get("salt"), salt.KEY),
        token=_text(live.get("token"), token.KEY),
        signing_key=_text(live.get("signing"), signing.KEY),
        tls=tls.material(live.get("ca"), live.get("tls")),
    )


def complete(
    resource: VoiceDeployment, facts: Facts, *, now: datetime, canary: VoiceDeployment | None = None
) -> Facts:
    """The facts with everything generated that the resource needs, or a canary of it, and that is not there."""
    specs = (resource, canary) if canary else (resource,)
    return replace(
        facts,
        salt=facts.salt or secrets.token_hex(16),
        token=_token(specs, facts),
        signing_key=_signing_key(specs, facts),
        tls=_tls(resource, facts, now),
    )


def _text(data: SecretData | None, key: str) -> str | None:
    """What a Secret holds under a key; None where there is nothing usable."""
    return (data or {}).get(key, b"").decode(errors="ignore").strip() or None


def _token(specs: Iterable[VoiceDeployment], facts: Facts) -> str | None:
    if not any(map(token.is_generated, specs)):
        return None
    return facts.token or secrets.token_urlsafe(TOKEN_BYTES)


def _signing_key(specs: Iterable[VoiceDeployment], facts: Facts) -> str | None:
    if not any(map(signing.mints_client_secrets, specs)):
        return None
    return facts.signing_key or secrets.token_urlsafe(TOKEN_BYTES)


def _tls(resource: VoiceDeployment, facts: Facts, now: datetime) -> TlsMaterial | None:
    if not tls.is_self_signed(resource):
        return None
    endpoint, metadata = resource.spec.endpoint, resource.metadata
    hosts = (endpoint.hosts if endpoint else None) or ()
    return renewed(facts.tls, name=metadata.name, hosts=hosts, now=now, seed=metadata.uid)
