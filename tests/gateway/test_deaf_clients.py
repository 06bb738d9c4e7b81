"""Clients that do not read cost neither memory nor anybody else's conversation."""

from __future__ import annotations

import gc

import pytest

from parley_gateway.server import WebSocketProtocol
from tests.emulators.anthropic_messages import AnthropicScript
from tests.emulators.emulators import Emulators
from tests.gateway.calling import calling
from tests.gateway.deaf import deaf_client
from tests.gateway.running import Served, Site, served


async def test_a_client_that_does_not_read_is_given_up_and_the_others_go_on(
    gateway: Served, emulators: Emulators
) -> None:
    emulators.anthropic.set_script(AnthropicScript(replies=["A very long answer. " * 30, "Yes, I am."]))
    async with deaf_client(gateway) as client:
        client.start(audio={"output_rate": 48_000})
        client.say("tell me everything")
        await gateway.until_metric("voice_sessions_active", 1)
        async with calling(gateway) as (_, conversation):
            await gateway.until_metric('voice_sessions_total{status="slow_client",tenant_id="token"}', 1)
            await gateway.until_metric("voice_connections_active", 1)
            assert (await conversation.type("still there?")).answer == "Yes, I am."


async def test_a_client_that_answers_no_ping_is_gone(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley_gateway.server._PING_S", 0.2)
    async with served(site.config()) as gateway, deaf_client(gateway) as client:
        client.start()
        await gateway.until_metric('voice_sessions_total{status="client_gone",tenant_id="token"}', 1)
        await gateway.until_metric("voice_connections_active", 0)


async def test_pings_of_a_client_that_reads_no_answer_are_not_answered_for_ever(gateway: Served) -> None:
    async with deaf_client(gateway) as client:
        client.start()
        await client.ping(20_000)  # 2.5 MB of answers
        await gateway.until_metric("voice_sessions_active", 1)
        (served_to,) = [one for one in gc.get_objects() if isinstance(one, WebSocketProtocol)]
        # The high-water mark of the transport, and the answers to what one read of 256 KiB had in it.
        assert served_to.transport.get_write_buffer_size() < 512 * 1024
