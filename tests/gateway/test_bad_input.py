"""Bad input gets a clear error, and the other sessions go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from parley_client import Conversation
from tests.gateway.calling import START, calling, raw
from tests.gateway.running import Served


@pytest_asyncio.fixture
async def bystander(gateway: Served) -> AsyncIterator[Conversation]:
    """Somebody who talks meanwhile, and is answered as if nothing had happened."""
    async with calling(gateway) as (_, conversation):
        await conversation.type("before")
        yield conversation
        turn = await conversation.type("after")
        assert turn.answer == "You said: after"


@pytest.mark.usefixtures("bystander")
class TestBadInput:
    async def test_a_wrong_token(self, gateway: Served) -> None:
        async with raw(gateway, token="wrong") as client:
            await client.send(START)
            code, reason = await client.until_closed()
        assert code == 4401
        assert "token" in reason
        assert client.error["code"] == "unauthenticated"

    async def test_no_token(self, gateway: Served) -> None:
        async with raw(gateway, token=None) as client:
            await client.send(START)
            assert (await client.until_closed())[0] == 4401
        assert "Authorization" in client.error["message"]

    async def test_a_frame_of_ten_megabytes_is_answered_with_1009_and_the_limit(self, gateway: Served) -> None:
        async with raw(gateway, start=True) as client:
            sending = asyncio.create_task(client.send(b"\0" * 10_000_000))
            code, reason = await client.until_closed()
            await asyncio.wait({sending})
            sending.exception()
        assert code == 1009
        assert "65536" in reason

    async def test_ten_megabytes_in_fragments(self, gateway: Served) -> None:
        async with raw(gateway, start=True) as client:

            async def fragments() -> AsyncIterator[bytes]:
                for _ in range(200):
                    yield b"\0" * 50_000

            sending = asyncio.create_task(client._websocket.send(fragments()))
            code, _ = await client.until_closed()
            await asyncio.wait({sending})
            sending.exception()
        assert code == 1009

    async def test_text_that_is_not_json(self, gateway: Served) -> None:
        async with raw(gateway, start=True) as client:
            await client.send("hello?")
            code, reason = await client.until_closed()
        assert code == 4400
        assert "JSON" in reason
        assert client.messages[-1]["type"] == "session.ended"

    async def test_audio_before_the_session_has_started(self, gateway: Served) -> None:
        async with raw(gateway) as client:
            await client.send(b"\0" * 3200)
            assert (await client.until_closed())[0] == 4400
        assert client.error["code"] == "not_started"
        assert "session.start" in client.error["message"]

    async def test_an_unknown_message_ends_nothing(self, gateway: Served) -> None:
        async with raw(gateway, start=True) as client:
            await client.send('{"type":"sing"}', '{"type":"ping","t":1}')
            assert (await client.until("pong"))["t"] == 1
        assert (client.error["code"], client.error["fatal"]) == ("unknown_type", False)

    async def test_text_that_is_not_utf8(self, gateway: Served) -> None:
        async with raw(gateway, start=True) as client:
            await client._websocket.send(b"\xff\xfe", text=True)
            assert (await client.until_closed())[0] == 1007

    async def test_a_client_that_says_nothing(self, gateway: Served) -> None:
        async with raw(gateway) as client:
            assert (await client.until_closed())[0] == 4408
        assert client.error["code"] == "start_deadline"

    async def test_a_client_that_vanishes(self, gateway: Served) -> None:
        async with raw(gateway, start=True) as client:
            client._websocket.transport.abort()
        await gateway.until_metric('voice_sessions_total{status="client_gone",tenant_id="token"}', 1)
