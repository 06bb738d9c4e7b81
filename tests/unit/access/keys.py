"""Issuers' keys, made once: RSA takes a while."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cache
from typing import Any

import jwt
import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

ISSUER = "https://id.example.com"
JWKS_URI = f"{ISSUER}/jwks"
SECRET = b"0123456789abcdef0123456789abcdef"

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


@cache
def ec_key(name: str = "a") -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def jwk(key: PrivateKey, kid: str | None = "k1", **members: Any) -> dict[str, Any]:
    algorithm = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    entry: dict[str, Any] = orjson.loads(algorithm.to_jwk(key.public_key()))  # type: ignore[arg-type]
    entry.pop("key_ops", None)
    return {**entry, **({"kid": kid} if kid else {}), **members}


def jwks(*entries: dict[str, Any]) -> bytes:
    return orjson.dumps({"keys": list(entries)})


def pem(key: PrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def claims(**changed: Any) -> dict[str, Any]:
    """Of a token that is fine; None leaves a claim out."""
    whole = {"iss": ISSUER, "aud": "voice", "sub": "u-1", "exp": int(time.time()) + 600, **changed}
    return {name: value for name, value in whole.items() if value is not None}


def token(
    key: PrivateKey | bytes,
    algorithm: str,
    *,
    kid: str | None = "k1",
    headers: Mapping[str, Any] | None = None,
    **changed: Any,
) -> str:
    named = {"kid": kid} if kid else {}
    return jwt.encode(claims(**changed), key, algorithm, headers={**named, **(headers or {})})
