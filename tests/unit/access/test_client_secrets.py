"""Short-lived secrets: for one session, of one user, for a minute."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_contract.access import ApiKey
from parley_contract.access import ClientSecrets as Config
from parley_gateway.access.api_keys import ApiKeys
from parley_gateway.access.client_secrets import ClientSecrets, Minted
from parley_gateway.access.minting import Minting, MintingRefusedError
from parley_gateway.access.uses import LocalUses
from parley_gateway.accounts import Subject
from parley_gateway.protocols.admission import RefusedError

SIGNING_KEY = "0123456789abcdef0123456789abcdef"


class Pod:
    """One process's secrets, at a time that the test says."""

    def __init__(self, folder: Path, *, lifetime: float = 60.0) -> None:
        self.now = 1000.0
        self.key = folder / "signing-key"
        self.key.write_text(SIGNING_KEY)
        self.uses = LocalUses(lambda: self.now)
        config = Config(signing_key_file=self.key, lifetime=lifetime)
        self.secrets = ClientSecrets(config, uses=self.uses, clock=lambda: self.now)

    def mint(self, **changed: str) -> str:
        return self.secrets.mint(**{"user": "ann", "tenant": "acme", "name": "web", **changed}).value  # type: ignore[arg-type]

    async def subject(self, secret: str, *, in_address: bool = False) -> Subject:
        return await self.secrets.subject(secret, in_address=in_address)


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    return Pod(tmp_path)


async def test_g08_it_says_who_it_is_for_and_until_when(pod: Pod) -> None:
    assert await pod.subject(pod.mint()) == Subject(user="ann", tenant="acme", name="web", expires_at=1060.0)


async def test_g08_it_is_used_once(pod: Pod) -> None:
    secret = pod.mint()
    await pod.subject(secret)
    for _ in range(2):
        with pytest.raises(RefusedError, match="has been used"):
            await pod.subject(secret)


async def test_g08_it_expires(pod: Pod) -> None:
    secret = pod.mint()
    pod.now += 60
    with pytest.raises(RefusedError, match="expired"):
        await pod.subject(secret)


@pytest.mark.parametrize(("ahead_s", "taken"), [(4.0, True), (6.0, False)])
async def test_g08_pods_clocks_may_differ_by_a_little(pod: Pod, ahead_s: float, taken: bool) -> None:
    secret = pod.mint()
    pod.now -= ahead_s
    if taken:
        assert (await pod.subject(secret)).user == "ann"
    else:
        with pytest.raises(RefusedError):
            await pod.subject(secret)


async def test_g08_another_pod_with_the_same_key_takes_it(pod: Pod, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    assert (await Pod(tmp_path / "other").subject(pod.mint())).user == "ann"


async def test_g08_another_key_is_another_deployment(pod: Pod) -> None:
    secret = pod.mint()
    pod.key.write_text("another key of more than thirty-two bytes")
    with pytest.raises(RefusedError, match="not one that this server has minted"):
        await pod.subject(secret)


@pytest.mark.parametrize(("lifetime", "taken"), [(60.0, True), (61.0, False)])
async def test_g08_in_the_address_only_short_lived_ones_are_taken(
    tmp_path: Path, lifetime: float, taken: bool
) -> None:
    pod = Pod(tmp_path, lifetime=lifetime)
    if taken:
        await pod.subject(pod.mint(), in_address=True)
    else:
        with pytest.raises(RefusedError, match="in the address"):
            await pod.subject(pod.mint(), in_address=True)


async def test_uses_are_forgotten_once_they_do_not_matter(pod: Pod) -> None:
    for _ in range(1000):
        pod.now += 1
        await pod.subject(pod.mint())
    assert len(pod.uses._known) < 70


def test_a_short_signing_key_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "short").write_text("x" * 31)
    with pytest.raises(ValueError, match="32 bytes"):
        ClientSecrets(Config(signing_key_file=tmp_path / "short"), uses=LocalUses(lambda: 0), clock=lambda: 0)


@given(st.text(max_size=80), st.integers(0, 400), st.integers(1, 127))
async def test_g08_whatever_was_not_minted_here_is_refused(
    tmp_path_factory: pytest.TempPathFactory, text: str, place: int, change: int
) -> None:
    pod = Pod(tmp_path_factory.mktemp("pod"))
    secret = pod.mint()
    place = len("pcs_") + place % (len(secret) - len("pcs_"))
    changed = secret[:place] + chr(ord(secret[place]) ^ change) + secret[place + 1 :]
    for forged in (f"pcs_{text}", f"pcs_{text}.{text}", changed):
        with pytest.raises(RefusedError):
            await pod.subject(forged)


class TestMinting:
    @pytest.fixture
    def minting(self, pod: Pod, tmp_path: Path) -> Minting:
        (tmp_path / "web").write_text("key-of-web\n")
        (tmp_path / "acme").write_text("key-of-acme\n")
        keys = [
            ApiKey(name="web", file=tmp_path / "web"),
            ApiKey(name="acme-web", file=tmp_path / "acme", tenant="acme"),
        ]
        return Minting("/v1/client_secrets", ApiKeys(keys), pod.secrets)

    def mint(self, minting: Minting, key: str, **body: object) -> Minted:
        return minting.mint(f"Bearer {key}", orjson.dumps(body))

    async def test_g08_with_an_api_key(self, minting: Minting, pod: Pod) -> None:
        minted = self.mint(minting, "key-of-web", user="ann", tenant="globex", lifetime=5)
        assert minted.expires_at == 1005
        assert await pod.subject(minted.value) == Subject("ann", "globex", "web", 1005)

    async def test_g08_a_lifetime_is_shortened_never_lengthened(self, minting: Minting) -> None:
        assert self.mint(minting, "key-of-web", user="ann", lifetime=3600).expires_at == 1060

    async def test_g08_a_tenants_key_mints_for_that_tenant_alone(self, minting: Minting, pod: Pod) -> None:
        assert (await pod.subject(self.mint(minting, "key-of-acme", user="ann").value)).tenant == "acme"
        with pytest.raises(MintingRefusedError) as refused:
            self.mint(minting, "key-of-acme", user="ann", tenant="globex")
        assert refused.value.status == 403

    @pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", "Basic key-of-web", "key-of-web"])
    def test_g08_without_one_nothing_is_minted(self, minting: Minting, authorization: str) -> None:
        with pytest.raises(MintingRefusedError) as refused:
            minting.mint(authorization, b'{"user":"ann"}')
        assert refused.value.status == 401

    @pytest.mark.parametrize(
        "body",
        ["", "[]", "{}", '{"user":""}', '{"user":7}', '{"user":"a","lifetime":-1}', '{"user":"a","x":1}'],
    )
    def test_a_body_that_says_nothing_is_explained(self, minting: Minting, body: str) -> None:
        with pytest.raises(MintingRefusedError, match="user"):
            minting.mint("Bearer key-of-web", body.encode())
