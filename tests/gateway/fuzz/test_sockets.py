"""What is almost right, on real sockets: messages, and frames that no library would send."""

from __future__ import annotations

import logging
import random
from contextlib import suppress

import orjson
import pytest
from websockets.asyncio.client import connect as connect_websocket
from websockets.exceptions import ConnectionClosed

from tests.gateway.calling import calling
from tests.gateway.fuzz.clients import Dialect, Native, Twilio
from tests.gateway.fuzz.frames import TEXT, RawSocket, frame, odd_frames
from tests.gateway.fuzz.spoiling import spoilt
from tests.gateway.running import HOST, TOKEN, Served, Site, served

CLIENTS = 40
MESSAGES = 50
PATHS = {"native": "/v1/voice", "twilio": "/v1/twilio"}


@pytest.fixture
def both(site: Site) -> Site:
    """A pod that serves both protocols."""
    site.settings["protocols"] = [{"name": "Native"}, {"name": "Twilio"}]
    return site


def said(dialect: Dialect, name: str, generator: random.Random) -> str | bytes:
    message = dialect.any(name, generator)
    return message if isinstance(message, bytes) else spoilt(message, generator)


def is_mistake(record: logging.LogRecord) -> bool:
    """uvicorn's own log tells of text that is not UTF-8 as an error: of the client's."""
    return record.levelno >= logging.ERROR and not record.name.startswith("uvicorn")


async def messages(gateway: Served, path: str, dialect: Dialect, generator: random.Random, *, name: str) -> None:
    """One client of the official library."""
    url, headers = f"ws://{HOST}:{gateway.port}{path}", {"Authorization": f"Bearer {TOKEN}"}
    async with connect_websocket(url, additional_headers=headers, proxy=None, max_queue=None) as websocket:
        with suppress(ConnectionClosed):
            for first in dialect.first(name):
                await websocket.send(orjson.dumps(first), text=True)
            for _ in range(MESSAGES):
                message = said(dialect, name, generator)
                surrogate = isinstance(message, str) and not message.isascii() and "\ud800" in message
                await websocket.send("{" if surrogate else message)


async def frames(gateway: Served, path: str, dialect: Dialect, generator: random.Random, *, name: str) -> None:
    """One client without a library."""
    socket = await RawSocket.to(gateway, path)
    for first in dialect.first(name):
        await socket.send(frame(orjson.dumps(first), opcode=TEXT), generator)
    for _ in range(MESSAGES):
        if socket.over:
            break
        message = said(dialect, name, generator)
        payload = message if isinstance(message, bytes) else message.encode(errors="replace")
        await socket.send(odd_frames(payload, generator), generator)
    await socket.leave()


@pytest.mark.parametrize("client", [messages, frames])
@pytest.mark.parametrize("dialect", [Native(), Twilio()], ids=["native", "twilio"])
async def test_a_bystander_notices_nothing(
    both: Site, dialect: Dialect, client: object, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    generator = random.Random(4)
    path = PATHS[request.node.callspec.id.split("-")[0]]
    async with served(both.config()) as gateway, calling(gateway) as (_, conversation):
        for number in range(CLIENTS):
            await client(gateway, path, dialect, generator, name=f"client-{number}")  # type: ignore[operator]
        assert (await conversation.type("still there?")).answer == "You said: still there?"
        await gateway.until_metric("voice_connections_active", 1)
        await gateway.until_metric("voice_sessions_active", 1)
    assert [record.getMessage() for record in caplog.records if is_mistake(record)] == []
