"""Limits, as a client on a real socket meets them: each with its own reason and code, over all pods."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.emulators.anthropic_messages import AnthropicScript
from tests.emulators.emulators import Emulators
from tests.gateway.calling import START, RawClient, raw
from tests.gateway.running import Served, Site, served
from tests.gateway.servers.redis import RedisServer
from tests.gateway.test_access import minted, with_client_secrets
from tests.unit.access.keys import ISSUER, SECRET, token

FOUR_TOKENS = "One two three four."
GOODBYE = "I have to end this conversation now."
NOT_COUNTED = {
    "Anthropic": ["input_tokens", "cached_input_tokens", "cache_write_input_tokens"],
    "OpenAI": ["audio_seconds", "characters", "input_tokens", "audio_output_tokens"],
    "Deepgram": ["audio_seconds"],
}


@pytest.fixture
def priced(site: Site, emulators: Emulators) -> Site:
    """A site whose every answer costs four dollars, by prices of its own, and nothing else costs anything."""
    emulators.anthropic.set_script(AnthropicScript(replies=[FOUR_TOKENS]))
    free = [
        {"provider": provider, "model": "*", "unit": unit, "price": "0"}
        for provider, units in NOT_COUNTED.items()
        for unit in units
    ]
    token_price = {"provider": "Anthropic", "model": "claude-haiku-4-5", "unit": "output_tokens", "price": "1"}
    site.settings["limits"] = {"cost": {"prices": [token_price, *free]}}
    return site


def limit(site: Site, **changes: Any) -> None:
    """Change limits, or of the limits in money."""
    cost = site.settings["limits"]["cost"] | changes.pop("cost", {})
    site.settings["limits"] |= {**changes, "cost": cost}


def with_users(site: Site) -> None:
    """Users are told apart by their JWT."""
    secret = site.folder / "jwt-secret"
    secret.write_bytes(SECRET)
    issuer = {"issuer": ISSUER, "audiences": ["voice"], "algorithms": ["HS256"], "secret_file": str(secret)}
    site.settings["auth"] = {"jwt": [issuer]}


def of(user: str) -> str:
    return token(SECRET, "HS256", kid=None, sub=user)


@dataclass
class Pods:
    """Two pods of one deployment, and their Redis."""

    one: Served
    other: Served


@asynccontextmanager
async def two_pods(site: Site, redis: RedisServer, **settings: Any) -> AsyncIterator[Pods]:
    with_users(site)
    site.settings["redis"] = {"url_file": str(redis.url_file), **settings}
    async with served(site.config()) as one, served(site.config()) as other:
        yield Pods(one, other)


async def ask(client: RawClient) -> None:
    await client.send('{"type":"text","text":"Hello?"}')
    await client.until("reply.ended")


async def ended(client: RawClient) -> tuple[int, dict[str, Any]]:
    """The close code, and the message before it."""
    code, _ = await client.until_closed()
    return code, client.messages[-1]


async def refused(gateway: Served, user: str) -> tuple[int, str]:
    """The close code of somebody who is not let in, and what the error says."""
    async with raw(gateway, token=of(user)) as client:
        await client.send(START)
        code, _ = await client.until_closed()
        return code, client.error["message"]


async def test_g06_a_caller_is_warned_at_80_percent_of_5_dollars_and_told_goodbye_at_the_limit(
    priced: Site,
) -> None:
    async with served(priced.config()) as gateway, raw(gateway, start=True) as client:
        await client.send('{"type":"text","text":"Hello?"}')
        warning = await client.until("budget.warning")
        assert (warning["scope"], warning["currency"]) == ("session", "USD")
        assert (warning["spent"], warning["limit"]) == ("4", "5")
        await client.until("reply.ended")
        await client.send('{"type":"text","text":"And now?"}')
        code, last = await ended(client)
        said = "".join(message["delta"] for message in client.messages if message["type"] == "reply.text")
    assert (code, last["type"], last["reason"], last["cost"]) == (4422, "session.ended", "budget", "8")
    assert GOODBYE in said
    assert sum(message["type"] == "budget.warning" for message in client.messages) == 1


@pytest.mark.parametrize(
    ("limits", "code", "reason"),
    [({"idle_timeout": 0.5}, 4420, "idle"), ({"session_duration": 0.5}, 4421, "duration")],
)
async def test_g06_time_ends_a_session_with_a_reason_and_a_code_of_its_own(
    site: Site, limits: dict[str, Any], code: int, reason: str
) -> None:
    site.settings["limits"] = limits
    async with served(site.config()) as gateway, raw(gateway, start=True) as client:
        ending = await ended(client)
    assert (ending[0], ending[1]["reason"]) == (code, reason)


async def test_g06_messages_over_the_rate_end_a_session_with_4413(site: Site) -> None:
    site.settings["limits"] = {"messages_per_second": 5}
    async with served(site.config()) as gateway, raw(gateway, start=True) as client:
        await client.send(*['{"type":"ping","t":1}'] * 50)
        code, last = await ended(client)
        await gateway.until_metric('voice_sessions_total{status="rate",tenant_id="token"}', 1)
    assert (code, last["type"], last["reason"], client.error["code"]) == (4413, "session.ended", "rate", "rate")


async def test_g06_a_message_over_the_frame_size_ends_a_session_with_1009(site: Site) -> None:
    site.settings["limits"] = {"frame_bytes": 1024}
    async with served(site.config()) as gateway, raw(gateway, start=True) as client:
        await client.send(b"\0" * 1024)
        await client.send(b"\0" * 1026)
        code, reason = await client.until_closed()
        await gateway.until_metric('voice_sessions_total{status="size",tenant_id="token"}', 1)
    assert (code, "1024" in reason) == (1009, True)


async def test_g06_connections_and_sessions_of_a_pod_are_two_caps(site: Site) -> None:
    site.settings["limits"] = {"sessions_per_pod": 1, "connections_per_pod": 2}
    async with served(site.config()) as gateway, raw(gateway, start=True), raw(gateway) as client:
        await client.send(START)
        assert (await client.until_closed())[0] == 4424
        assert client.error["code"] == "pod_cap"


async def test_g06_a_user_has_three_sessions_over_all_pods_and_the_fourth_is_refused_with_4423(
    site: Site, redis_server: RedisServer
) -> None:
    async with (
        two_pods(site, redis_server) as pods,
        raw(pods.one, token=of("anna"), start=True),
        raw(pods.other, token=of("anna"), start=True),
        raw(pods.one, token=of("anna"), start=True) as third,
    ):
        for pod in (pods.one, pods.other):
            code, message = await refused(pod, "anna")
            assert (code, "3 sessions" in message) == (4423, True)
        async with raw(pods.other, token=of("ben"), start=True):
            pass
        await third.send('{"type":"session.end"}')
        await third.until_closed()
        await pods.one.until_metric("voice_sessions_active", 1)
        async with raw(pods.other, token=of("anna"), start=True):
            pass


async def test_g06_a_users_day_ends_sessions_in_all_pods_with_4422_and_lets_nobody_in_till_tomorrow(
    priced: Site, redis_server: RedisServer
) -> None:
    limit(priced, cost={"per_user_per_day": "7", "per_session": "100"})
    async with (
        two_pods(priced, redis_server) as pods,
        raw(pods.one, token=of("anna"), start=True) as here,
        raw(pods.other, token=of("anna"), start=True) as there,
        raw(pods.other, token=of("ben"), start=True) as bystander,
    ):
        await ask(here)
        await ask(there)
        for client in (here, there):
            code, last = await ended(client)
            assert (code, last["reason"]) == (4422, "budget")
        code, message = await refused(pods.other, "anna")
        assert (code, "tomorrow" in message) == (4422, True)
        await ask(bystander)
        assert bystander.messages[-1]["status"] == "completed"


async def test_g06_the_deployments_day_warns_and_ends_everybody(priced: Site, redis_server: RedisServer) -> None:
    limit(priced, cost={"per_day": "5", "per_session": "100"})
    async with (
        two_pods(priced, redis_server) as pods,
        raw(pods.one, token=of("anna"), start=True) as anna,
        raw(pods.other, token=of("ben"), start=True) as ben,
    ):
        await ask(anna)
        warning = await ben.until("budget.warning")
        assert (warning["scope"], warning["spent"]) == ("deployment", "4")
        await ask(anna)
        for client in (anna, ben):
            assert (await ended(client))[0] == 4422
        code, message = await refused(pods.one, "carla")
        assert (code, "this service" in message) == (4422, True)


@pytest.mark.parametrize("when_away", ["Allow", "Refuse"])
async def test_g06_what_happens_while_redis_is_away_is_a_setting_and_who_talks_goes_on(
    site: Site, redis_server: RedisServer, when_away: str
) -> None:
    async with (
        two_pods(site, redis_server, when_away=when_away) as pods,
        raw(pods.one, token=of("anna"), start=True) as client,
    ):
        redis_server.kill()
        if when_away == "Refuse":
            code, message = await refused(pods.one, "ben")
            assert (code, "connect again" in message) == (4424, True)
        else:
            async with raw(pods.one, token=of("ben"), start=True):
                pass
        await ask(client)
        health = (await pods.one.get("/health")).json()
        assert health["dependencies"]["redis"]["status"] == "failing"
        assert (await pods.one.get("/readiness")).status_code == 200


@pytest.mark.parametrize("when_away", ["Allow", "Refuse"])
async def test_g08_a_client_secret_opens_one_session_over_all_pods(
    site: Site, redis_server: RedisServer, when_away: str
) -> None:
    site.settings["redis"] = {"url_file": str(redis_server.url_file), "when_away": when_away}
    with_client_secrets(site)
    async with served(site.config()) as one, served(site.config()) as other:
        used, unused = await minted(one), await minted(one)
        async with raw(one, token=used, start=True):
            pass
        async with raw(other, token=used) as client:
            await client.send(START)
            assert (await client.until_closed())[0] == 4401
        redis_server.kill()
        async with raw(other, token=unused) as client:
            await client.send(START)
            if when_away == "Allow":
                await client.until("session.started")
            else:
                assert (await client.until_closed())[0] == 4424


async def test_g07_a_model_without_a_price_is_said_in_health_and_is_not_a_cost_of_nothing(site: Site) -> None:
    keyed = site.content()["pipeline"]["llm"]
    pipeline = {**site.content()["pipeline"], "llm": {**keyed, "model": "claude-of-tomorrow"}}
    site.settings["pipeline"] = pipeline
    async with served(site.config()) as gateway:
        prices = (await gateway.get("/health")).json()["dependencies"]["prices"]
        assert (prices["status"], prices["unknown"]) == ("failing", ["Anthropic claude-of-tomorrow"])
        assert await gateway.metric('voice_prices_unknown{model="claude-of-tomorrow",provider="Anthropic"}') == 1
