"""An issuer's keys: rotation, outages, and issuers that send nonsense."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from parley_gateway.access.jwks import BadKeySetError, KeySet, KeysUnavailableError, parsed
from tests.unit.access.keys import JWKS_URI, SECRET, ec_key, jwk, jwks, rsa_key


@dataclass
class Issuer:
    """Answers with keys, or fails, as the test says; the clock is the test's as well."""

    answer: bytes | Exception = field(default_factory=lambda: jwks(jwk(ec_key())))
    fetched: int = 0
    now: float = 0.0
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()
        self.keys = KeySet(JWKS_URI, fetch=self.fetch, clock=lambda: self.now)

    async def fetch(self, uri: str) -> bytes:
        assert uri == JWKS_URI
        self.fetched += 1
        self.asked.set()
        await self.gate.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def knows(self, kid: str | None = "k1", algorithm: str = "ES256") -> bool:
        return await self.keys.key(kid, algorithm) is not None


async def settled() -> None:
    while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(tasks)


async def test_g08_keys_are_fetched_once_and_kept() -> None:
    issuer = Issuer()
    assert [await issuer.knows() for _ in range(3)] == [True, True, True]
    assert issuer.fetched == 1


async def test_g08_a_key_that_is_not_known_is_fetched_at_once() -> None:
    issuer = Issuer()
    assert await issuer.knows()
    issuer.answer = jwks(jwk(ec_key(), "k1"), jwk(ec_key("b"), "k2"))
    issuer.now += 11
    assert await issuer.knows("k2")
    assert issuer.fetched == 2


async def test_made_up_key_ids_make_no_load_at_the_issuer() -> None:
    issuer = Issuer()
    for number in range(100):
        issuer.now += 0.5
        assert not await issuer.knows(f"made-up-{number}")
    assert issuer.fetched <= 6


async def test_g08_a_withdrawn_key_is_known_no_longer_after_ten_minutes() -> None:
    issuer = Issuer()
    assert await issuer.knows()
    issuer.answer = jwks(jwk(ec_key("b"), "k2"))
    issuer.now += 601
    assert await issuer.knows()
    await settled()
    assert not await issuer.knows()


async def test_while_the_issuer_is_away_its_last_keys_are_believed_for_a_day() -> None:
    issuer = Issuer()
    assert await issuer.knows()
    issuer.answer = OSError("away")
    for _ in range(23):
        issuer.now += 3600
        assert await issuer.knows()
        await settled()
    assert issuer.keys.report()["status"] == "failing"
    issuer.now += 2 * 3600
    with pytest.raises(KeysUnavailableError):
        await issuer.knows()
    issuer.answer = jwks(jwk(ec_key()))
    issuer.now += 11
    assert await issuer.knows()
    assert issuer.keys.report() == {"status": "ok", "keys": 1, "secondsAgo": 0}


async def test_an_issuer_that_never_answered_is_said_to_be_away() -> None:
    issuer = Issuer(answer=OSError("away"))
    for _ in range(5):
        with pytest.raises(KeysUnavailableError):
            await issuer.knows()
    assert issuer.fetched == 1


async def test_many_who_wait_make_one_request_and_one_who_leaves_takes_nobody_along() -> None:
    issuer = Issuer()
    issuer.gate.clear()
    waiting = [asyncio.create_task(issuer.knows()) for _ in range(5)]
    await issuer.asked.wait()
    waiting[0].cancel()
    await asyncio.wait(waiting[:1])
    issuer.gate.set()
    assert await asyncio.gather(*waiting[1:]) == [True] * 4
    assert issuer.fetched == 1


async def test_closing_leaves_no_task() -> None:
    issuer = Issuer()
    issuer.gate.clear()
    issuer.keys.warm()
    await issuer.asked.wait()
    await issuer.keys.aclose()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_token_without_a_key_id_means_the_only_key_of_its_kind() -> None:
    issuer = Issuer(answer=jwks(jwk(ec_key(), None), jwk(rsa_key(), None)))
    assert await issuer.knows(None, "ES256")
    assert await issuer.knows(None, "RS256")
    issuer = Issuer(answer=jwks(jwk(ec_key(), "k1"), jwk(ec_key("b"), "k2")))
    assert not await issuer.knows(None, "ES256")


async def test_a_key_is_for_the_signature_of_its_kind_alone() -> None:
    issuer = Issuer(answer=jwks(jwk(rsa_key(), "k1")))
    assert await issuer.knows("k1", "RS256")
    assert not await issuer.knows("k1", "ES256")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"keys": {}}',
        b'{"keys": []}',
        b'{"keys": [1, null, "k", {}, {"kty": 7}, {"kty": "RSA"}, {"kty": "EC", "crv": "P-256", "x": "!"}]}',
        jwks({"kty": "oct", "k": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY", "kid": "k1"}),
        b"[" * 100_000,
    ],
)
def test_what_is_no_key_set_is_refused(body: bytes) -> None:
    with pytest.raises(BadKeySetError):
        parsed(body)


def test_keys_for_other_uses_weak_keys_and_other_algorithms_are_left_out() -> None:
    entries = [
        jwk(rsa_key(), "good"),
        jwk(rsa_key(), "enc", use="enc"),
        jwk(rsa_key(), "ps", alg="PS256"),
        jwk(rsa_key(), "hs", alg="HS256"),
        jwk(rsa_key(1024), "weak"),
        {"kty": "oct", "k": SECRET.hex(), "kid": "shared"},
    ]
    assert set(parsed(jwks(*entries))) == {"good"}
