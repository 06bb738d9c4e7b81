"""Every way in, on real sockets; and no secret in any log."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from websockets.exceptions import ConnectionClosed

from parley_gateway.configuration import ConfigurationError
from parley_gateway.gateway import Gateway
from tests.emulators.emulators import Emulators
from tests.gateway.calling import START, raw
from tests.gateway.identity_provider import IdentityProvider, identity_provider
from tests.gateway.running import HOST, TOKEN, Served, Site, process, served
from tests.unit.access.keys import ISSUER, SECRET, ec_key, jwk, rsa_key, token

SIGNING_KEY = "signing-key-0123456789-0123456789"
API_KEY = "api-key-of-the-web-shop"


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[IdentityProvider]:
    async with identity_provider() as provider:
        provider.keys = [jwk(ec_key(), "k2")]
        yield provider


def with_jwt(site: Site, provider: IdentityProvider, **more: Any) -> None:
    issuer = {
        "issuer": provider.url,
        "audiences": ["voice"],
        "algorithms": ["ES256"],
        "jwks_uri": f"{provider.url}/jwks",
    }
    site.settings["auth"] = {"jwt": [issuer], **more}


def with_client_secrets(site: Site, **more: Any) -> None:
    for name, content in (("signing-key", SIGNING_KEY), ("web", API_KEY)):
        (site.folder / name).write_text(content)
    site.settings["auth"] = {
        "api_keys": [{"name": "web", "file": str(site.folder / "web"), "tenant": "shop"}],
        "client_secrets": {"signing_key_file": str(site.folder / "signing-key")},
        **more,
    }


async def mint(gateway: Served, key: str = API_KEY, **body: Any) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.post(
            f"http://{HOST}:{gateway.port}/v1/client_secrets",
            headers={"Authorization": f"Bearer {key}"},
            json={"user": "ann", **body},
        )


async def minted(gateway: Served) -> str:
    response = await mint(gateway)
    assert response.status_code == 201
    assert response.headers["cache-control"] == "no-store"
    return str(response.json()["client_secret"]["value"])


async def refused(gateway: Served, presented: str | None) -> int:
    async with raw(gateway, token=presented) as client:
        await client.send(START)
        return (await client.until_closed())[0]


class TestJwt:
    async def test_g08_a_user_comes_in_with_a_token_of_an_identity_provider(
        self, site: Site, provider: IdentityProvider
    ) -> None:
        with_jwt(site, provider)
        async with served(site.config()) as gateway:
            async with raw(gateway, token=token(ec_key(), "ES256", kid="k2", iss=provider.url), start=True):
                pass
            assert await refused(gateway, token(ec_key(), "ES256", kid="k2", iss=provider.url, aud="x")) == 4401
            health = (await gateway.get("/health")).json()
        assert health["dependencies"][f"{provider.url}/jwks"]["status"] == "ok"

    async def test_g08_keys_may_rotate_and_redirects_are_not_followed(
        self, site: Site, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("parley_gateway.access.jwks.RETRY_S", 0.0)
        with_jwt(site, provider)
        fresh = token(ec_key("b"), "ES256", kid="k3", iss=provider.url)
        async with served(site.config()) as gateway:
            assert await refused(gateway, fresh) == 4401
            provider.keys = [jwk(ec_key("b"), "k3")]
            provider.status = 302
            assert await refused(gateway, fresh) == 4401
            provider.status = 200
            async with raw(gateway, token=fresh, start=True):
                pass

    async def test_g08_while_the_provider_is_away_nobody_is_let_in_unverified_and_the_process_serves(
        self, site: Site, provider: IdentityProvider
    ) -> None:
        provider.status = 500
        with_jwt(site, provider)
        async with served(site.config()) as gateway:
            assert await refused(gateway, token(ec_key(), "ES256", kid="k2", iss=provider.url)) == 4500
            assert (await gateway.get("/readiness")).status_code == 200
            health = (await gateway.get("/health")).json()
        assert health["status"] == "degraded"

    async def test_g08_rs256_is_taken_as_well_and_each_key_for_its_own_signature_alone(
        self, site: Site, provider: IdentityProvider
    ) -> None:
        provider.keys = [jwk(rsa_key(), "r1"), jwk(ec_key(), "k2")]
        with_jwt(site, provider)
        site.settings["auth"]["jwt"][0]["algorithms"] = ["RS256", "ES256"]
        async with served(site.config()) as gateway:
            async with raw(gateway, token=token(rsa_key(), "RS256", kid="r1", iss=provider.url), start=True):
                pass
            assert await refused(gateway, token(ec_key(), "ES256", kid="r1", iss=provider.url)) == 4401

    @pytest.mark.parametrize(
        ("claims", "why"),
        [
            ({"exp": 1}, "expired"),
            ({"nbf": 2**40}, "not valid yet"),
            ({"aud": "other"}, "audience"),
            ({"iss": "https://elsewhere.example"}, "issuer"),
            ({"sub": None}, "sub"),
        ],
        ids=["expired", "too early", "another audience", "another issuer", "no user"],
    )
    async def test_g08_a_client_is_told_what_is_wrong_with_its_token(
        self, site: Site, provider: IdentityProvider, claims: dict[str, Any], why: str
    ) -> None:
        with_jwt(site, provider)
        presented = token(ec_key(), "ES256", kid="k2", **{"iss": provider.url, **claims})
        async with served(site.config()) as gateway, raw(gateway, token=presented) as client:
            await client.send(START)
            assert (await client.until_closed())[0] == 4401
        assert why in client.error["message"]

    async def test_g08_by_a_shared_secret_users_and_tenants_are_told_apart(self, site: Site) -> None:
        (site.folder / "secret").write_bytes(SECRET)
        issuer = {
            "issuer": ISSUER,
            "audiences": ["authenticated"],
            "algorithms": ["HS256"],
            "secret_file": str(site.folder / "secret"),
            "claims": {"tenant": "app_metadata.tenant"},
        }
        site.settings = {"auth": {"jwt": [issuer]}, "limits": {"sessions_per_user": 1}}

        def of(user: str) -> str:
            metadata: dict[str, Any] = {"app_metadata": {"tenant": "acme"}}
            return token(SECRET, "HS256", kid=None, aud="authenticated", sub=user, **metadata)

        async with served(site.config()) as gateway:
            async with raw(gateway, token=of("ann"), start=True), raw(gateway, token=of("bob"), start=True):
                assert await refused(gateway, of("ann")) == 4423
            assert await refused(gateway, token(b"x" * 32, "HS256", kid=None, aud="authenticated")) == 4401
            await gateway.until_metric('voice_sessions_total{status="client_gone",tenant_id="acme"}', 2)

    def test_g08_a_shared_secret_that_can_be_guessed_is_refused_at_the_start(self, site: Site) -> None:
        (site.folder / "secret").write_bytes(SECRET[:31])
        issuer = {"issuer": ISSUER, "audiences": ["voice"], "algorithms": ["HS256"]}
        site.settings = {"auth": {"jwt": [{**issuer, "secret_file": str(site.folder / "secret")}]}}
        with pytest.raises(ConfigurationError, match="32 bytes"):
            Gateway(site.config())


class TestClientSecrets:
    async def test_g08_a_browser_comes_in_once_with_what_its_server_had_minted(self, site: Site) -> None:
        with_client_secrets(site)
        async with served(site.config()) as gateway:
            secret = await minted(gateway)
            gateway.path += f"?token={secret}"
            async with raw(gateway, token=None, start=True):
                pass
            assert await refused(gateway, None) == 4401
            await gateway.until_metric('voice_sessions_total{status="client_gone",tenant_id="shop"}', 1)

    async def test_g08_it_is_of_no_use_once_it_has_expired(self, site: Site) -> None:
        with_client_secrets(site)
        site.settings["auth"]["client_secrets"]["lifetime"] = 0.001
        async with served(site.config()) as gateway, raw(gateway, token=await minted(gateway)) as client:
            await client.send(START)
            assert (await client.until_closed())[0] == 4401
        assert "expired" in client.error["message"]

    async def test_g08_only_servers_with_a_key_mint(self, site: Site) -> None:
        with_client_secrets(site)
        async with served(site.config()) as gateway:
            assert (await mint(gateway, "wrong")).status_code == 401
            assert (await mint(gateway, tenant="other")).status_code == 403
            assert (await mint(gateway, user="")).status_code == 400
            assert (await mint(gateway, user="x" * 10_000)).status_code == 413
            assert (await gateway.get("/v1/client_secrets")).status_code == 405

    async def test_g08_an_api_key_opens_sessions_but_not_from_the_address(self, site: Site) -> None:
        with_client_secrets(site)
        async with served(site.config()) as gateway:
            async with raw(gateway, token=API_KEY, start=True):
                pass
            gateway.path += f"?token={API_KEY}"
            assert await refused(gateway, None) == 4401


class TestAddressesAndOrigins:
    async def test_g08_a_static_token_is_taken_from_the_address_only_where_that_is_said(self, site: Site) -> None:
        site.settings = {"auth": {"tokens": {"token_files": [str(site.token)], "in_address": True}}}
        async with served(site.config()) as gateway:
            gateway.path += f"?token={TOKEN}"
            async with raw(gateway, token=None, start=True):
                pass

    async def test_g08_a_page_of_another_origin_is_refused_with_4403(self, site: Site) -> None:
        site.settings = {
            "auth": {"tokens": {"token_files": [str(site.token)]}, "allowed_origins": ["https://*.example.com"]}
        }
        async with served(site.config()) as gateway:
            async with raw(gateway, origin="https://shop.example.com", start=True):
                pass
            async with raw(gateway, origin="https://evil.example") as client:
                await client.send(START)
                assert (await client.until_closed())[0] == 4403
            async with raw(gateway, start=True):
                pass


async def come_and_go(gateway: Served, *, token: str | None, first: dict[str, str] | None = None) -> None:
    """A client that is let in hangs up; any other is sent away."""
    async with raw(gateway, token=token) as client:
        await client.send(json.dumps({"type": "session.start", **(first or {})}))
        with suppress(ConnectionClosed):
            await client.until("session.started")
            await client.send('{"type":"session.end"}')
            await client.until_closed()


async def test_g08_no_secret_is_in_any_log(
    site: Site, provider: IdentityProvider, emulators: Emulators, tmp_path: Path
) -> None:
    """Everything that is a secret, right and wrong, in each place where one may stand; then the logs are read."""
    with_client_secrets(site, tokens={"token_files": [str(site.token)], "in_address": True})
    with_jwt(site, provider, **site.settings["auth"])
    site.settings["log_level"] = "Debug"
    good_jwt = token(ec_key(), "ES256", kid="k2", iss=provider.url)
    bad_jwt = token(ec_key("b"), "ES256", kid="k2", iss=provider.url)
    secrets = [TOKEN, API_KEY, SIGNING_KEY, good_jwt, bad_jwt, "a-wrong-token-0123", site.key.read_text()]
    async with process(site.write_config()) as (running, gateway):
        secrets.append(await minted(gateway))
        secrets.append((await mint(gateway, "a-wrong-api-key-0123")).request.headers["authorization"][7:])
        path = gateway.path
        for secret in secrets[:]:
            await come_and_go(gateway, token=secret)
            await come_and_go(gateway, token=None, first={"token": secret})
            gateway.path = f"{path}?token={secret}"
            await come_and_go(gateway, token=None)
            gateway.path = path
        running.signal(15)
        await running.exit_status()
    said = running.said + json.dumps(running.logs)
    assert {entry["subject"] for entry in running.logs if entry["message"] == "session started"} == {
        site.token.name,
        "web",
        provider.url,
    }
    assert [secret for secret in secrets if secret in said] == []
