"""An issuer's public keys (RFC 7517): fetched, kept, and fetched again when they rotate."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from parley_gateway.logs import where

logger = logging.getLogger(__name__)

PublicKey = RSAPublicKey | EllipticCurvePublicKey

FRESH_S = 600.0
"""Keys older than this are fetched anew beside the work: one that an issuer withdraws is known no longer."""
STALE_S = 24 * 3600.0
"""So long the last keys are believed while the issuer cannot be reached."""
RETRY_S = 10.0
"""Between fetches, so that tokens with made-up key ids make no load at the issuer."""
FETCH_S = 3.0
_MOST_KEYS = 64
_LEAST_RSA_BITS = 2048
_ALGORITHM_OF = {"RSA": "RS256", "EC": "ES256"}


class KeysUnavailableError(Exception):
    """There are no keys to verify with, since the issuer cannot be reached."""


@dataclass(frozen=True, slots=True)
class Key:
    """One public key, and the one signature that it is for."""

    algorithm: str
    public: PublicKey


Fetch = Callable[[str], Awaitable[bytes]]


class KeySet:
    """The keys at one address, shared by all who verify with them."""

    def __init__(self, uri: str, *, fetch: Fetch, clock: Callable[[], float]) -> None:
        """`clock` is monotonic. Nothing is fetched yet."""
        self._uri = uri
        self._fetch = fetch
        self._clock = clock
        self._keys: dict[str | int, Key] = {}
        # By their ids; by their place in the set where they have none.
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._fetching: asyncio.Task[None] | None = None
        self._problem: str | None = None

    async def key(self, kid: str | None, algorithm: str) -> Key | None:
        """The key of this id and for this signature. Raises KeysUnavailableError where there are none at all."""
        if not self._usable:
            await self._refreshed()
        elif self._age > FRESH_S:
            self._refresh()
        if (found := self._known(kid, algorithm)) is None:
            await self._refreshed()
            found = self._known(kid, algorithm)
        if not self._usable:
            raise KeysUnavailableError
        return found

    def warm(self) -> None:
        """Fetch beside the work, so that the first token need not wait."""
        self._refresh()

    def report(self) -> dict[str, Any]:
        """For /health."""
        status = "failing" if self._problem else "ok" if self._usable else "warming"
        problem = {"problem": self._problem} if self._problem else {}
        age = {"secondsAgo": round(self._age, 1)} if self._fetched_at is not None else {}
        return {"status": status, "keys": len(self._keys), **age, **problem}

    async def aclose(self) -> None:
        """Stop fetching."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait({self._fetching})

    @property
    def _age(self) -> float:
        return self._clock() - self._fetched_at if self._fetched_at is not None else float("inf")

    @property
    def _usable(self) -> bool:
        return self._age <= STALE_S

    def _known(self, kid: str | None, algorithm: str) -> Key | None:
        """A token without an id can only mean the one key that there is for its signature."""
        if kid is not None:
            key = self._keys.get(kid)
            return key if key is not None and key.algorithm == algorithm else None
        fitting = [key for key in self._keys.values() if key.algorithm == algorithm]
        return fitting[0] if len(fitting) == 1 else None

    async def _refreshed(self) -> None:
        """Wait for a fetch, unless the last one was a moment ago. Who stops waiting stops it for nobody else."""
        if (fetching := self._refresh()) is not None:
            await asyncio.shield(fetching)

    def _refresh(self) -> asyncio.Task[None] | None:
        if self._fetching is not None:
            return self._fetching
        now = self._clock()
        if self._tried_at is not None and now - self._tried_at < RETRY_S:
            return None
        self._tried_at = now
        self._fetching = asyncio.create_task(self._take(), name="jwks")
        self._fetching.add_done_callback(self._forget)
        return self._fetching

    def _forget(self, _: asyncio.Task[None]) -> None:
        self._fetching = None

    async def _take(self) -> None:
        try:
            async with asyncio.timeout(FETCH_S):
                keys = parsed(await self._fetch(self._uri))
        except Exception as error:  # noqa: BLE001 - whatever it is, there are no new keys; the old ones stay
            self._problem = str(error) if isinstance(error, BadKeySetError) else where(error)
            logger.warning(
                "an issuer's keys cannot be fetched", extra={"uri": self._uri, "problem": self._problem}
            )
            return
        self._keys, self._fetched_at, self._problem = keys, self._clock(), None


class BadKeySetError(ValueError):
    """What the issuer answered are no keys; says why, and nothing that is in it."""


def parsed(body: bytes) -> dict[str | int, Key]:
    """The keys for signatures in a key set, without those of kinds that are not served. Raises BadKeySetError."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadKeySetError("the key set is not JSON") from None
    entries = content.get("keys") if isinstance(content, dict) else None
    if not isinstance(entries, list):
        raise BadKeySetError('the key set has no "keys"')
    keys: dict[str | int, Key] = {}
    for place, entry in enumerate(entries[:_MOST_KEYS]):
        if isinstance(entry, dict) and (key := _key(entry)) is not None:
            kid = entry.get("kid")
            keys[kid if isinstance(kid, str) else place] = key
    if not keys:
        raise BadKeySetError("the key set has no key for RS256 or ES256")
    return keys


def _key(entry: Mapping[str, Any]) -> Key | None:
    """A key by its type alone: what the token says of its algorithm cannot change what a key is for."""
    kty = entry.get("kty")
    algorithm = _ALGORITHM_OF.get(kty) if isinstance(kty, str) else None
    if algorithm is None or entry.get("use", "sig") != "sig" or entry.get("alg", algorithm) != algorithm:
        return None
    try:
        public = jwt.PyJWK(dict(entry), algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    match public:
        case RSAPublicKey() if public.key_size >= _LEAST_RSA_BITS:
            return Key(algorithm, public)
        case EllipticCurvePublicKey() if public.curve.name == "secp256r1":
            return Key(algorithm, public)
        case _:
            return None
