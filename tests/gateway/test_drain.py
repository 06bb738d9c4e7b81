"""The process that a pod runs, and what its signals do."""

from __future__ import annotations

import asyncio
import signal
from decimal import Decimal

import pytest
from websockets.exceptions import InvalidStatus

from parley_client import DisconnectedError
from tests.gateway.calling import START, calling, raw
from tests.gateway.running import Site, process

SIGNALS = [signal.SIGTERM, signal.SIGINT]


async def test_g09_sigterm_tells_clients_waits_for_them_and_cuts_nobody(site: Site) -> None:
    site.settings = {"drain": {"timeout": 60}}
    async with process(site.write_config()) as (running, gateway):
        assert (await gateway.get("/readiness")).status_code == 200
        async with calling(gateway) as (connection, conversation), raw(gateway, start=True) as witness:
            running.signal(signal.SIGTERM)
            draining = await witness.until("session.draining")
            assert 0 < draining["deadline"] <= 60
            readiness = await gateway.get("/readiness")
            assert (readiness.status_code, readiness.json()["phase"]) == (503, "draining")
            assert (await conversation.type("may I finish?")).status == "completed"
            with pytest.raises(InvalidStatus) as refused:
                async with raw(gateway):
                    pass
            assert refused.value.response.status_code == 503
            assert b"going away" in (refused.value.response.body or b"")
            await witness.send('{"type":"session.end"}')
            assert (await witness.until_closed())[0] == 1000
            await connection.end()
        assert await running.exit_status() == 0


async def test_g09_sessions_that_outlast_the_drain_time_are_ended_with_4503(site: Site) -> None:
    site.settings = {"drain": {"timeout": 0.5}}
    async with process(site.write_config()) as (running, gateway), raw(gateway, start=True) as client:
        running.signal(signal.SIGTERM)
        assert (await client.until_closed())[0] == 4503
        ended = client.messages[-1]
        assert (ended["type"], ended["reason"], Decimal(ended["cost"])) == ("session.ended", "drained", Decimal(0))
        assert await running.exit_status() == 0


@pytest.mark.parametrize("second", SIGNALS)
async def test_a_second_signal_ends_sessions_at_once_but_tells_them(site: Site, second: int) -> None:
    async with process(site.write_config()) as (running, gateway), raw(gateway, start=True) as client:
        running.signal(signal.SIGTERM)
        await client.until("session.draining")
        running.signal(second)
        assert (await client.until_closed())[0] == 4503
        assert await running.exit_status() == 0


async def test_a_client_without_a_session_is_sent_away_when_the_drain_begins(site: Site) -> None:
    async with process(site.write_config()) as (running, gateway):
        async with calling(gateway) as (connection, _), raw(gateway) as client:
            # The server has seen this client once it has answered another one that came later.
            await gateway.until_metric("voice_connections_active", 2)
            running.signal(signal.SIGTERM)
            code, reason = await client.until_closed()
            await connection.end()
        assert (code, "connect again" in reason) == (4503, True)
        assert await running.exit_status() == 0


@pytest.mark.parametrize("number", SIGNALS)
async def test_without_sessions_a_signal_ends_the_process_with_status_0(site: Site, number: int) -> None:
    async with process(site.write_config()) as (running, _):
        running.signal(number)
        assert await running.exit_status() == 0


async def test_a_killed_process_is_seen_as_a_disconnection(site: Site) -> None:
    async with process(site.write_config()) as (running, gateway), calling(gateway) as (_, conversation):
        asking = asyncio.create_task(conversation.type("are you there?"))
        running.signal(signal.SIGKILL)
        with pytest.raises(DisconnectedError):
            await asking


async def test_logs_are_json_and_hold_neither_tokens_nor_what_was_said(site: Site) -> None:
    async with process(site.write_config()) as (running, gateway):
        async with calling(gateway) as (connection, conversation):
            await conversation.type("my account number is 4711")
            await connection.end()
        gateway.path += "?token=querysecret"
        async with raw(gateway, token="wrongsecret") as client:
            await client.send(START)
            await client.until_closed()
        async with raw(gateway, start=True) as client:
            await client.send('{"type":"text","text":4711}', "4711 is not JSON")
            await client.until_closed()
        running.signal(signal.SIGTERM)
        await running.exit_status()
        logs = str(running.logs)
        assert "session ended" in logs
        for secret in ("4711", "secret", "correct-horse", "sk-test", "You said"):
            assert secret not in logs
