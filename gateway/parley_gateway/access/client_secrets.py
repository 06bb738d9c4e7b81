"""Client secrets: short-lived, for one session each, minted by a server for the browser of one user.

`pcs_<base64url of JSON>.<base64url of its HMAC-SHA256>`: no store is needed to know one, in any pod; what is
remembered is only which have been used. Who mints them is known by an API key.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from parley_contract.access import ClientSecrets as ClientSecretsConfig
from parley_gateway.access.refusals import unauthenticated
from parley_gateway.access.secret_files import SecretFile
from parley_gateway.access.uses import Uses
from parley_gateway.accounts import Subject

PREFIX = "pcs_"
_PURPOSE = b"parley.client_secret.v1:"
"""Signed along, so that the key's signatures of other things are of no use here."""
_LEAST_KEY_BYTES = 32
_LONGEST_IN_ADDRESS_S = 60.0
"""Addresses end up in logs and histories: what could be used for longer is not taken from there."""
_CLOCK_SKEW_S = 5.0
"""Between the pods of a deployment."""


@dataclass(frozen=True, slots=True)
class Minted:
    """A new secret."""

    value: str
    expires_at: float
    """Wall-clock seconds."""


class ClientSecrets:
    """Mints and knows them."""

    def __init__(self, config: ClientSecretsConfig, *, uses: Uses, clock: Callable[[], float]) -> None:
        """`clock` tells wall-clock seconds. Raises OSError, or ValueError for a key that is too short."""
        self._lifetime = config.lifetime
        self._uses = uses
        self._clock = clock
        self._key = SecretFile(config.signing_key_file)
        if len(self._key.value()) < _LEAST_KEY_BYTES:
            raise ValueError(f"auth: client_secrets: the signing key needs {_LEAST_KEY_BYTES} bytes at least")

    def mint(self, *, user: str, tenant: str, name: str, lifetime: float | None = None) -> Minted:
        """A secret for one session of a user. `lifetime` may shorten the configured one."""
        now = self._clock()
        expires_at = now + min(lifetime or self._lifetime, self._lifetime)
        claims = {"u": user, "t": tenant, "n": name, "i": now, "e": expires_at, "j": secrets.token_urlsafe(12)}
        body = _encoded(orjson.dumps(claims))
        return Minted(f"{PREFIX}{body}.{self._signature(body)}", expires_at)

    async def subject(self, secret: str, *, in_address: bool) -> Subject:
        """For whom this secret is; it is of no use afterwards. Raises RefusedError."""
        claims = self._claims(secret)
        now, expires_at = self._clock(), float(claims["e"])
        if now >= expires_at or now < claims["i"] - _CLOCK_SKEW_S:
            raise unauthenticated("the client secret has expired; have a new one minted")
        if in_address and expires_at - claims["i"] > _LONGEST_IN_ADDRESS_S:
            raise unauthenticated(
                f"in the address a client secret is taken that lives for {_LONGEST_IN_ADDRESS_S:.0f} s at most"
            )
        if not await self._uses.first(claims["j"], until=expires_at + _CLOCK_SKEW_S):
            raise unauthenticated("the client secret has been used; have a new one minted")
        return Subject(user=claims["u"], tenant=claims["t"], name=claims["n"], expires_at=expires_at)

    def _claims(self, secret: str) -> dict[str, Any]:
        """What was signed. What was not is not looked into."""
        body, _, signature = secret.removeprefix(PREFIX).partition(".")
        key = self._key.value()
        presented = signature.encode(errors="replace")
        if len(key) < _LEAST_KEY_BYTES or not hmac.compare_digest(presented, self._signature(body).encode()):
            raise unauthenticated("the client secret is not one that this server has minted")
        claims: dict[str, Any] = orjson.loads(_decoded(body))
        return claims

    def _signature(self, body: str) -> str:
        signed = _PURPOSE + body.encode(errors="replace")
        return _encoded(hmac.digest(self._key.value(), signed, "sha256"))


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise unauthenticated("the client secret is not one that this server has minted") from None
