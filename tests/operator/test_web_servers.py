"""O3: nginx and HAProxy as their controllers configure them: calls that are silent, and calls that are pinged.

The servers are Debian's own, and it is the real gateway that pings. The annotations are those that the operator
renders; what a controller makes of them is said here in the server's own words. All times are a tenth of what they
say, defaults included.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from localcluster.ports import free_ports
from parley_client import Connection, DisconnectedError, connect
from parley_contract.native import Ping, Pong
from parley_gateway import server as gateway_server
from tests.emulators.emulators import running as emulators_running
from tests.gateway.running import TOKEN, Site, served
from tests.operator.web_servers import haproxy, nginx, require_servers, serving, until_listening, words_for

SCALE = 10
DEFAULT = 60.0
"""Seconds of silence after which nginx, by default, cuts a connection; HAProxy takes 50."""
SILENCE = 100.0
CONFIG_MAP = "its ConfigMap"
"""In place of a prefix: a setting of the controller's owner, which the operator names and cannot make."""


def scaled(seconds: float) -> float:
    return seconds / SCALE


@dataclass(frozen=True)
class Case:
    """One configuration of a server, and what becomes of a call through it."""

    name: str
    annotations: Mapping[str, str]
    pinged: bool
    survives: bool


def cases(controller: str) -> list[Case]:
    told, tight = (words_for(controller, connection={"idleTimeout": idle}) for idle in ("5m", "30s"))
    if controller == "haproxy":
        return _of_a_config_map(told)
    return [
        Case("untold, silent", {}, pinged=False, survives=False),
        Case("told, silent", told, pinged=False, survives=True),
        Case("30s of silence at most, silent", tight, pinged=False, survives=False),
        Case("30s of silence at most, pinged", tight, pinged=True, survives=True),
    ]


def _of_a_config_map(told: Mapping[str, str]) -> list[Case]:
    """HAProxy Technologies' controller takes the timeout of tunnels from there alone, an hour by default."""
    tight = {**told, f"{CONFIG_MAP}/timeout-tunnel": "30s"}
    return [
        Case("untold, silent", {}, pinged=False, survives=True),
        Case("told, silent", told, pinged=False, survives=True),
        Case("30s of silence at most, silent", tight, pinged=False, survives=False),
        Case("30s of silence at most, pinged", tight, pinged=True, survives=True),
    ]


def _milliseconds(text: str) -> int:
    """Of seconds, with or without their unit."""
    return round(float(re.sub("s$", "", text)) * 1000 / SCALE)


def nginx_server(port: int, backend: int, annotations: Mapping[str, str]) -> str:
    """What ingress-nginx and F5 NGINX make of an Ingress."""
    said = {name.partition("/")[2]: value for name, value in annotations.items()}
    read, send = (_milliseconds(said.get(f"proxy-{what}-timeout", str(DEFAULT))) for what in ("read", "send"))
    return f"""
    server {{
        listen 127.0.0.1:{port};
        location = /v1/voice {{
            proxy_pass http://127.0.0.1:{backend};
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection upgrade;
            proxy_read_timeout {read}ms;
            proxy_send_timeout {send}ms;
        }}
    }}"""


def haproxy_server(port: int, backend: int, annotations: Mapping[str, str]) -> str:
    """What haproxy-ingress makes of an Ingress. Untold, here, is a HAProxy without a timeout for tunnels."""
    said = {name.partition("/")[2]: value for name, value in annotations.items()}
    server = _milliseconds(said.get("timeout-server", "50s"))
    tunnel = f"timeout tunnel {_milliseconds(said['timeout-tunnel'])}ms" if "timeout-tunnel" in said else ""
    return _haproxy_blocks(port, backend, server=server, tunnel=tunnel)


def haproxy_technologies_server(port: int, backend: int, annotations: Mapping[str, str]) -> str:
    """What HAProxy Technologies' controller makes of a Service, and of its ConfigMap."""
    said = {name.partition("/")[2]: value for name, value in annotations.items()}
    server = _milliseconds(said.get("timeout-server", "50s"))
    tunnel = f"timeout tunnel {_milliseconds(said.get('timeout-tunnel', '3600s'))}ms"
    return _haproxy_blocks(port, backend, server=server, tunnel=tunnel)


def _haproxy_blocks(port: int, backend: int, *, server: int, tunnel: str) -> str:
    return f"""
frontend f{port}
    bind 127.0.0.1:{port}
    timeout client {_milliseconds("50s")}ms
    default_backend b{port}
backend b{port}
    timeout server {server}ms
    {tunnel}
    server gateway 127.0.0.1:{backend}
"""


@asynccontextmanager
async def gateways(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[int, int]]:
    """Ports of a server that echoes and never pings, and of the real gateway."""
    monkeypatch.setattr(gateway_server, "_PING_S", scaled(gateway_server._PING_S))
    async with AsyncExitStack() as stack:
        silent = await stack.enter_async_context(_echoing())
        emulators = await stack.enter_async_context(emulators_running())
        gateway = await stack.enter_async_context(served(Site(folder, emulators.url).config()))
        yield silent, gateway.port


@asynccontextmanager
async def _echoing() -> AsyncIterator[int]:
    async def echo(request: web.Request) -> web.WebSocketResponse:
        call = web.WebSocketResponse()
        await call.prepare(request)
        async for message in call:
            await call.send_str(message.data)
        return call

    application = web.Application()
    application.router.add_get("/v1/voice", echo)
    async with serving(application) as port:
        yield port


async def survives(session: aiohttp.ClientSession, port: int) -> bool:
    """Whether a call is still there after it was silent for longer than the defaults allow."""
    async with session.ws_connect(f"http://127.0.0.1:{port}/v1/voice") as call:
        await call.send_str("hello")
        assert await call.receive_str() == "hello"
        try:
            async with asyncio.timeout(scaled(SILENCE)):
                ended = await call.receive()
        except TimeoutError:
            await call.send_str("still there")
            return bool(await call.receive_str() == "still there")
        return ended.type not in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}


async def survives_at_the_gateway(port: int) -> bool:
    """The same of a call with the gateway, of which nothing is heard meanwhile but its pings."""
    async with connect("ws://gateway/v1/voice", token=TOKEN, address=("127.0.0.1", port)) as call:
        assert await is_answered(call, 1)
        await asyncio.sleep(scaled(SILENCE))
        try:
            return await is_answered(call, 2)
        except DisconnectedError:
            return False


async def is_answered(call: Connection, number: float) -> bool:
    """A message of the protocol, which is no ping of the WebSocket's."""
    await call.send(Ping(t=number))
    async with asyncio.timeout(scaled(SILENCE)):
        async for received in call:
            if isinstance(received, Pong):
                return received.t == number
    return False


SERVERS: dict[str, Any] = {
    "ingress-nginx": (nginx, nginx_server),
    "f5-nginx": (nginx, nginx_server),
    "haproxy-ingress": (haproxy, haproxy_server),
    "haproxy": (haproxy, haproxy_technologies_server),
}


@pytest.mark.parametrize("controller", SERVERS)
async def test_o03_calls_outlive_silence_where_the_server_is_told(
    controller: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNLEVEL", "1")
    require_servers()
    server, words = SERVERS[controller]
    chosen = cases(controller)
    ports = free_ports(len(chosen))
    async with gateways(tmp_path, monkeypatch) as (silent, pinging), aiohttp.ClientSession() as session:
        backends = [pinging if case.pinged else silent for case in chosen]
        blocks = [
            words(port, backend, case.annotations)
            for port, backend, case in zip(ports, backends, chosen, strict=True)
        ]
        with server(tmp_path, "".join(blocks)):
            await until_listening(*ports)
            calls = [
                survives_at_the_gateway(port) if case.pinged else survives(session, port)
                for port, case in zip(ports, chosen, strict=True)
            ]
            found = await asyncio.gather(*calls)
    assert dict(zip((case.name for case in chosen), found, strict=True)) == {
        case.name: case.survives for case in chosen
    }
