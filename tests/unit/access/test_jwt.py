"""JSON Web Tokens: what is taken, and every way of forging one that is not."""

from __future__ import annotations

import base64
import hmac
import json
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from parley_contract.access import JwtClaims, JwtIssuer
from parley_contract.codes import CloseCode
from parley_gateway.access.jwt import JsonWebTokens
from parley_gateway.accounts import Subject
from parley_gateway.protocols.admission import RefusedError
from tests.unit.access.keys import ISSUER, JWKS_URI, SECRET, claims, ec_key, jwk, jwks, pem, rsa_key, token


def issuer(**changed: Any) -> JwtIssuer:
    return JwtIssuer.model_validate(
        {
            "issuer": ISSUER,
            "audiences": ["voice", "phone"],
            "algorithms": ["RS256", "ES256"],
            "jwks_uri": JWKS_URI,
            **changed,
        }
    )


async def keys(_: str) -> bytes:
    return jwks(jwk(rsa_key(), "k1"), jwk(ec_key(), "k2"))


def tokens(*issuers: JwtIssuer) -> JsonWebTokens:
    return JsonWebTokens(issuers or [issuer()], fetch=keys, clock=time.monotonic)


def shared(folder: Path, secret: bytes = SECRET) -> JwtIssuer:
    file = folder / "secret"
    file.write_bytes(secret)
    return issuer(algorithms=["HS256"], jwks_uri=None, secret_file=str(file))


async def refusal(presented: str, *issuers: JwtIssuer) -> str:
    with pytest.raises(RefusedError) as refused:
        await tokens(*issuers).subject(presented)
    assert refused.value.close_code is CloseCode.UNAUTHENTICATED
    assert presented not in refused.value.message
    return refused.value.message


class TestTaken:
    @pytest.mark.parametrize(("key", "algorithm", "kid"), [(rsa_key(), "RS256", "k1"), (ec_key(), "ES256", "k2")])
    async def test_g08_by_public_keys(self, key: Any, algorithm: str, kid: str) -> None:
        expires_at = int(time.time()) + 60
        subject = await tokens().subject(token(key, algorithm, kid=kid, exp=expires_at))
        assert subject == Subject(user="u-1", tenant=ISSUER, name=ISSUER, expires_at=expires_at)

    async def test_g08_by_a_shared_secret_as_supabase_signs(self, tmp_path: Path) -> None:
        config = shared(tmp_path).model_copy(
            update={"audiences": ["authenticated"], "claims": JwtClaims(tenant="app_metadata.tenant")}
        )
        presented = token(SECRET, "HS256", aud="authenticated", app_metadata={"tenant": "acme"})
        subject = await tokens(config).subject(presented)
        assert (subject.user, subject.tenant) == ("u-1", "acme")

    async def test_g08_a_rotated_secret_is_used_at_once(self, tmp_path: Path) -> None:
        known, other = tokens(shared(tmp_path)), b"another secret of more than 32 bytes"
        await known.subject(token(SECRET, "HS256"))
        (tmp_path / "secret").write_bytes(other)
        await known.subject(token(other, "HS256"))
        with pytest.raises(RefusedError):
            await known.subject(token(SECRET, "HS256"))

    async def test_clocks_may_differ_by_the_leeway(self) -> None:
        await tokens(issuer(leeway=30)).subject(token(ec_key(), "ES256", kid="k2", exp=int(time.time()) - 20))

    async def test_a_claim_whose_name_has_dots_goes_before_a_path(self) -> None:
        config = issuer(claims={"user": "https://x.example/user"})
        user: dict[str, Any] = {"https://x.example/user": "ann"}
        presented = token(ec_key(), "ES256", kid="k2", **user)
        assert (await tokens(config).subject(presented)).user == "ann"


class TestRefused:
    @pytest.mark.parametrize(
        ("changed", "why"),
        [
            ({"exp": 1}, "expired"),
            ({"exp": None}, "lacks"),
            ({"aud": "other"}, "another audience"),
            ({"aud": None}, "lacks"),
            ({"nbf": 2**40}, "not valid yet"),
            ({"iss": "https://evil.example.com"}, "no issuer"),
            ({"iss": None}, "no issuer"),
            ({"sub": None}, "'sub'"),
            ({"sub": ""}, "'sub'"),
            ({"sub": "x" * 254}, "'sub'"),
            ({"sub": "a\nb"}, "'sub'"),
            ({"exp": "soon"}, "form"),
        ],
    )
    async def test_g08_claims_that_are_wrong(self, changed: dict[str, Any], why: str) -> None:
        assert why in await refusal(token(ec_key(), "ES256", kid="k2", **changed))

    async def test_g08_a_tenant_that_is_asked_for_and_not_there(self) -> None:
        assert "'org'" in await refusal(token(ec_key(), "ES256", kid="k2"), issuer(claims={"tenant": "org"}))

    async def test_g08_a_public_key_used_as_a_shared_secret(self) -> None:
        """The classic confusion: HS256 with the public key as its secret. PyJWT refuses to make one."""
        header, body = {"alg": "HS256", "kid": "k1", "typ": "JWT"}, claims()
        signed = b".".join(encoded(json.dumps(part).encode()) for part in (header, body))
        signature = hmac.digest(pem(rsa_key()), signed, "sha256")
        forged = b".".join((signed, encoded(signature))).decode()
        assert "algorithm" in await refusal(forged)

    @pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "RS512", "PS256", "", 7, None, ["RS256"]])
    async def test_g08_algorithms_that_are_not_configured(self, algorithm: object) -> None:
        header, body = {"alg": algorithm, "kid": "k1"}, claims()
        unsigned = b".".join(encoded(json.dumps(part).encode()) for part in (header, body))
        await refusal(f"{unsigned.decode()}.")

    async def test_g08_a_key_used_with_the_algorithm_of_another(self) -> None:
        """The id of the RSA key in a token that says ES256."""
        assert "does not publish" in await refusal(token(ec_key(), "ES256", kid="k1"))

    async def test_g08_a_key_that_the_token_brings_along(self) -> None:
        own = ec.generate_private_key(ec.SECP256R1())
        headers = {
            "jwk": jwk(own, "k2"),
            "jku": "https://evil.example.com/jwks",
            "x5u": "https://evil.example.com",
        }
        assert "signature" in await refusal(token(own, "ES256", kid="k2", headers=headers))

    async def test_g08_a_changed_payload(self) -> None:
        header, _, signature = token(ec_key(), "ES256", kid="k2").split(".")
        body = encoded(json.dumps(claims(sub="admin")).encode()).decode()
        assert "signature" in await refusal(f"{header}.{body}.{signature}")

    async def test_g08_one_issuers_key_signs_for_no_other(self, tmp_path: Path) -> None:
        other = shared(tmp_path).model_copy(update={"issuer": "https://other.example.com"})
        forged = token(SECRET, "HS256", iss=ISSUER)
        assert "algorithm" in await refusal(forged, issuer(), other)

    def test_g08_a_short_secret_is_refused_at_the_start(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="32 bytes"):
            tokens(shared(tmp_path, b"x" * 31))

    async def test_g08_a_secret_that_becomes_short_lets_nobody_in(self, tmp_path: Path) -> None:
        known = tokens(shared(tmp_path))
        (tmp_path / "secret").write_bytes(b"")
        with pytest.raises(RefusedError):
            await known.subject(token(SECRET, "HS256"))

    async def test_an_issuer_that_is_away_is_no_fault_of_the_client(self) -> None:
        async def away(_: str) -> bytes:
            raise OSError

        unreachable = JsonWebTokens([issuer()], fetch=away, clock=time.monotonic)
        with pytest.raises(RefusedError) as refused:
            await unreachable.subject(token(ec_key(), "ES256", kid="k2"))
        assert refused.value.close_code is CloseCode.INTERNAL


def encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(
    st.sampled_from(["alg", "kid", "typ", "crit", "b64", "iss", "aud", "exp", "sub", "nbf", "iat", "jti"]), values
)
parts = st.one_of(
    st.binary(max_size=40),
    objects.map(lambda value: json.dumps(value).encode()),
    st.just(json.dumps({"alg": "ES256", "kid": "k2"}).encode()),
    st.just(json.dumps({"iss": ISSUER}).encode()),
    st.integers(1, 3000).map(lambda depth: b"[" * depth),
).map(encoded)
tokenlike = st.tuples(parts, parts, parts).map(lambda three: b".".join(three).decode())
nonsense = st.text(max_size=60) | tokenlike


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(presented=nonsense)
async def test_g08_nonsense_is_refused_and_never_raises_anything_else(presented: str) -> None:
    with pytest.raises(RefusedError):
        await tokens().subject(presented)


@given(st.integers(0, 2000), st.integers(1, 255))
async def test_g08_a_token_with_any_byte_changed_is_refused(place: int, change: int) -> None:
    presented = token(ec_key(), "ES256", kid="k2", exp=4_000_000_000).encode()
    place %= len(presented)
    changed = presented[:place] + bytes([presented[place] ^ change]) + presented[place + 1 :]
    assume(place < len(presented) - 1)  # only some bits of the last character are the signature's
    with pytest.raises(RefusedError):
        await tokens().subject(changed.decode("latin-1"))
