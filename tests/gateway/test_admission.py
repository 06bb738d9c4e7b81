"""Who is let in, how, and how many."""

from __future__ import annotations

import base64

import pytest
from websockets.exceptions import InvalidStatus

from parley_client import RefusedError, UnreachableError, connect
from tests.gateway.calling import START, calling, raw
from tests.gateway.running import TOKEN, Served, Site, served


def as_subprotocol(token: str) -> str:
    return "parley.token." + base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")


class TestTokens:
    async def test_g08_in_the_header(self, gateway: Served) -> None:
        async with raw(gateway, token=TOKEN, start=True):
            pass

    async def test_g08_as_a_subprotocol_that_is_not_echoed(self, gateway: Served) -> None:
        offered = ["parley.v1", as_subprotocol(TOKEN)]
        async with raw(gateway, token=None, subprotocols=offered, start=True) as client:
            assert client.subprotocol == "parley.v1"

    async def test_g08_in_the_first_message(self, gateway: Served) -> None:
        async with raw(gateway, token=None) as client:
            await client.send(f'{{"type":"session.start","token":"{TOKEN}"}}')
            await client.until("session.started")

    async def test_a_subprotocol_that_is_no_base64_is_explained(self, gateway: Served) -> None:
        async with raw(gateway, token=None, subprotocols=["parley.v1", "parley.token.!!!"]) as client:
            assert (await client.until_closed())[0] == 4401
        assert "base64url" in client.error["message"]

    async def test_a_token_in_the_address_is_not_taken(self, gateway: Served) -> None:
        gateway.path += f"?token={TOKEN}"
        async with raw(gateway, token=None) as client:
            await client.send(START)
            assert (await client.until_closed())[0] == 4401

    async def test_a_rotated_token_is_taken_at_once_and_the_old_one_is_not(self, site: Site) -> None:
        async with served(site.config()) as gateway:
            site.token.write_text("a new one\n")
            async with raw(gateway, token="a new one", start=True):
                pass
            with pytest.raises(RefusedError) as refused:
                async with connect(gateway.url, token=TOKEN):
                    pass
        assert refused.value.code == 4401

    async def test_an_empty_token_file_lets_nobody_in(self, site: Site) -> None:
        async with served(site.config()) as gateway:
            site.token.write_text("\n")
            async with raw(gateway, token=None) as client:
                await client.send('{"type":"session.start","token":""}')
                assert (await client.until_closed())[0] == 4401

    async def test_everyone_is_let_in_only_where_that_is_said(self, site: Site) -> None:
        site.settings = {"auth": {"anonymous": True}}
        async with served(site.config()) as gateway:
            async with raw(gateway, token=None, start=True):
                pass
            await gateway.until_metric('voice_sessions_total{status="client_gone",tenant_id="anonymous"}', 1)


class TestCaps:
    async def test_g06_a_session_over_the_cap_is_refused_with_4424_and_the_others_go_on(self, site: Site) -> None:
        site.settings = {"limits": {"sessions_per_pod": 1}}
        async with served(site.config()) as gateway, calling(gateway) as (_, conversation):
            with pytest.raises(RefusedError) as refused:
                async with connect(gateway.url, token=TOKEN):
                    pass
            assert refused.value.code == 4424
            assert (await conversation.type("still there?")).status == "completed"

    async def test_a_place_that_is_free_again_is_given_again(self, site: Site) -> None:
        site.settings = {"limits": {"sessions_per_pod": 1}}
        async with served(site.config()) as gateway:
            for _ in range(3):
                async with raw(gateway, start=True) as client:
                    await client.send('{"type":"session.end"}')
                    assert (await client.until_closed())[0] == 1000
                await gateway.until_metric("voice_sessions_active", 0)

    async def test_g06_a_connection_over_the_cap_is_refused_before_the_upgrade(self, site: Site) -> None:
        site.settings = {"limits": {"connections_per_pod": 1}}
        async with served(site.config()) as gateway, raw(gateway, start=True):
            with pytest.raises(InvalidStatus) as refused:
                async with raw(gateway):
                    pass
        assert refused.value.response.status_code == 503
        assert refused.value.response.headers["Retry-After"] == "1"
        assert b"connection" in (refused.value.response.body or b"")

    @pytest.mark.parametrize(("limit", "code"), [("session_duration", 4421), ("idle_timeout", 4420)])
    async def test_g06_limits_end_a_session_with_their_own_code(self, site: Site, limit: str, code: int) -> None:
        site.settings = {"limits": {limit: 0.5}}
        async with served(site.config()) as gateway, raw(gateway, start=True) as client:
            assert (await client.until_closed())[0] == code
        assert client.messages[-1]["type"] == "session.ended"


class TestHandshake:
    async def test_g15_any_path_can_be_configured(self, site: Site) -> None:
        site.settings = {"protocols": [{"name": "Native", "paths": ["/v1/voice", "/ws/voco-stream"]}]}
        async with served(site.config()) as gateway:
            gateway.path = "/ws/voco-stream"
            async with raw(gateway, start=True):
                pass

    async def test_a_client_that_speaks_another_subprotocol_is_told_ours(self, gateway: Served) -> None:
        with pytest.raises(InvalidStatus) as refused:
            async with raw(gateway, subprotocols=["graphql-ws"]):
                pass
        assert refused.value.response.status_code == 400
        assert b"parley.v1" in (refused.value.response.body or b"")

    async def test_a_browser_that_opens_the_path_is_told_what_it_is(self, gateway: Served) -> None:
        response = await gateway.get("/v1/voice")
        assert response.status_code == 426
        assert "WebSocket" in response.json()["error"]

    async def test_another_path_is_no_gateway(self, gateway: Served) -> None:
        gateway.path = "/elsewhere"
        with pytest.raises(UnreachableError, match="path"):
            async with connect(gateway.url, token=TOKEN):
                pass

    async def test_compression_is_not_agreed_to(self, gateway: Served) -> None:
        async with raw(gateway) as client:
            assert client.extensions == []
