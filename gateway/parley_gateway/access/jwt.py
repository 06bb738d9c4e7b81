"""JSON Web Tokens (RFC 7519) of the configured issuers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import jwt

from parley_contract.access import JwtIssuer
from parley_contract.codes import CloseCode, ErrorCode
from parley_gateway.access.jwks import Fetch, KeySet, KeysUnavailableError, PublicKey
from parley_gateway.access.refusals import unauthenticated
from parley_gateway.access.secret_files import SecretFile
from parley_gateway.accounts import Subject
from parley_gateway.protocols.admission import RefusedError

_LEAST_SECRET_BYTES = 32
_LONGEST_NAME = 253
_REQUIRED = ["exp", "iss", "aud"]
_MALFORMED = (jwt.InvalidTokenError, ValueError, TypeError, OverflowError, RecursionError)
"""What PyJWT raises for tokens that are none; the last four come of numbers and nesting that nobody means."""
_WHY: dict[type[Exception], str] = {
    jwt.ExpiredSignatureError: "it has expired",
    jwt.ImmatureSignatureError: "it is not valid yet",
    jwt.InvalidAudienceError: "it is for another audience",
    jwt.InvalidAlgorithmError: "it is signed by an algorithm that is not accepted",
    jwt.MissingRequiredClaimError: "it lacks one of the claims exp, iss and aud",
}


class JsonWebTokens:
    """Tokens of several issuers; each one's are verified with its own keys and by its own rules."""

    def __init__(self, issuers: Sequence[JwtIssuer], *, fetch: Fetch, clock: Callable[[], float]) -> None:
        """`clock` is monotonic. Raises OSError, or ValueError for a secret that is too short."""
        self._key_sets = {
            config.jwks_uri: KeySet(config.jwks_uri, fetch=fetch, clock=clock)
            for config in issuers
            if config.jwks_uri is not None
        }
        self._issuers = {config.issuer: _Issuer(config, self._keys_of(config)) for config in issuers}

    async def subject(self, token: str) -> Subject:
        """Whose token this is. Raises RefusedError."""
        issuer = self._issuers.get(_issuer_named_in(token))
        if issuer is None:
            raise unauthenticated("the token is of no issuer that this server knows")
        return await issuer.subject(token)

    def warm(self) -> None:
        """Fetch keys beside the work, so that the first client need not wait for them."""
        for keys in self._key_sets.values():
            keys.warm()

    def health(self) -> dict[str, dict[str, Any]]:
        """Of the addresses where keys are, for /health."""
        return {uri: keys.report() for uri, keys in self._key_sets.items()}

    async def aclose(self) -> None:
        """Stop fetching."""
        for keys in self._key_sets.values():
            await keys.aclose()

    def _keys_of(self, config: JwtIssuer) -> _Keys:
        if config.secret_file is not None:
            return _SharedSecret(SecretFile(config.secret_file))
        return _PublicKeys(self._key_sets[str(config.jwks_uri)])


class _Keys(Protocol):
    async def key(self, header: Mapping[str, Any]) -> bytes | PublicKey | None:
        """What verifies a token with this header; the header's algorithm is one of those configured."""
        ...


class _SharedSecret:
    """HS256: whoever verifies could sign as well."""

    def __init__(self, file: SecretFile) -> None:
        self._file = file
        if len(file.value()) < _LEAST_SECRET_BYTES:
            raise ValueError(f"auth: jwt: the secret of HS256 needs {_LEAST_SECRET_BYTES} bytes at least")

    async def key(self, header: Mapping[str, Any]) -> bytes | None:  # noqa: ARG002 - there is but one
        secret = self._file.value()
        return secret if len(secret) >= _LEAST_SECRET_BYTES else None


class _PublicKeys:
    """RS256 and ES256."""

    def __init__(self, keys: KeySet) -> None:
        self._keys = keys

    async def key(self, header: Mapping[str, Any]) -> PublicKey | None:
        kid = header.get("kid")
        found = await self._keys.key(kid if isinstance(kid, str) else None, header["alg"])
        return found.public if found is not None else None


class _Issuer:
    """One issuer's rules."""

    def __init__(self, config: JwtIssuer, keys: _Keys) -> None:
        self._config = config
        self._keys = keys

    async def subject(self, token: str) -> Subject:
        algorithm, key = await self._key(token)
        claims = self._verified(token, key, algorithm)
        names = self._config.claims
        return Subject(
            user=_name(claims, names.user),
            tenant=_name(claims, names.tenant) if names.tenant else self._config.issuer,
            name=self._config.issuer,
            expires_at=float(claims["exp"]),
        )

    async def _key(self, token: str) -> tuple[str, bytes | PublicKey]:
        """The key, and the one algorithm that it may be used with."""
        try:
            header = jwt.get_unverified_header(token)
        except _MALFORMED:
            raise unauthenticated("the token is not a JWT") from None
        algorithm = header.get("alg")
        if algorithm not in self._config.algorithms:
            raise unauthenticated("the token is signed by an algorithm that is not accepted")
        try:
            key = await self._keys.key(header)
        except KeysUnavailableError:
            raise _unavailable() from None
        if key is None:
            raise unauthenticated("the token is signed by a key that its issuer does not publish")
        return str(algorithm), key

    def _verified(self, token: str, key: bytes | PublicKey, algorithm: str) -> dict[str, Any]:
        try:
            return jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self._config.audiences,
                issuer=self._config.issuer,
                leeway=self._config.leeway,
                options={"require": _REQUIRED},
            )
        except _MALFORMED as error:
            why = _WHY.get(type(error), "its signature or form is wrong")
            raise unauthenticated(f"the token is not accepted: {why}") from None


def _issuer_named_in(token: str) -> str:
    """Whose rules are to be used: the claim decides nothing else, and is verified with the others."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except _MALFORMED:
        raise unauthenticated("the token is not a JWT") from None
    issuer = claims.get("iss")
    return issuer if isinstance(issuer, str) else ""


def _name(claims: Mapping[str, Any], path: str) -> str:
    """A claim by its name, or by a path of names with dots between, as in `app_metadata.tenant`."""
    value: object = claims.get(path)
    if value is None:
        value = claims
        for part in path.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_NAME or not value.isprintable():
        raise unauthenticated(f"the token's claim {path!r} must be a text of 1 to {_LONGEST_NAME} characters")
    return value


def _unavailable() -> RefusedError:
    return RefusedError(
        close_code=CloseCode.INTERNAL,
        code=ErrorCode.INTERNAL,
        message="the token's issuer cannot be reached, so that it cannot be verified; connect again in a while",
    )
