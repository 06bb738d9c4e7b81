"""O3: the largest body of a request, as controllers bound it or leave it to the gateway, by the real servers.

Of Traefik, which leaves it to the gateway, tests/cluster/test_ingress.py knows.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from localcluster.ports import free_ports
from tests.operator.web_servers import haproxy, nginx, require_servers, serving, until_listening, words_for

MEBIBYTE = 1024 * 1024
PATH = "/v1/client_secrets"
MESSAGES, OF_BYTES = 24, 64 * 1024


def nginx_server(port: int, backend: int, said: Mapping[str, str]) -> str:
    """What ingress-nginx (proxy-body-size) and F5 NGINX (client-max-body-size) make of an Ingress.

    Its owner lets any body through elsewhere, so that what is refused is refused because of the Ingress.
    """
    size = next((value for name, value in said.items() if name.endswith("-body-size")), None)
    bound = f"client_max_body_size {size};" if size else ""
    return f"""
    server {{
        listen 127.0.0.1:{port};
        client_max_body_size 0;
        location / {{
            {bound}
            proxy_pass http://127.0.0.1:{backend};
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection upgrade;
        }}
    }}"""


def haproxy_server(port: int, backend: int, said: Mapping[str, str]) -> str:
    """What haproxy-ingress (proxy-body-size) makes of an Ingress; HAProxy's own bounds nothing."""
    size = next((value for name, value in said.items() if name.endswith("/proxy-body-size")), None)
    bytes_ = int(size.removesuffix("k")) * 1024 if size else 0
    bound = f"http-request deny deny_status 413 if {{ req.body_size,sub({bytes_}) gt 0 }}" if size else ""
    return f"""
frontend f{port}
    bind 127.0.0.1:{port}
    timeout client 10s
    default_backend b{port}
backend b{port}
    timeout server 10s
    {bound}
    server gateway 127.0.0.1:{backend}
"""


SERVERS: dict[str, tuple[Any, Any, bool]] = {
    "ingress-nginx": (nginx, nginx_server, True),
    "f5-nginx": (nginx, nginx_server, True),
    "haproxy-ingress": (haproxy, haproxy_server, True),
    "haproxy": (haproxy, haproxy_server, False),
}
"""The server, the words, and whether it is the controller that bounds."""


@asynccontextmanager
async def unbounded() -> AsyncIterator[int]:
    """A server that takes any body, and a call of any length."""

    async def post(request: web.Request) -> web.Response:
        return web.Response(text=str(len(await request.read())))

    async def call(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_bytes(message.data[:1])
        return socket

    application = web.Application(client_max_size=0)
    application.router.add_post(PATH, post)
    application.router.add_get("/v1/voice", call)
    async with serving(application) as port:
        yield port


@pytest.mark.parametrize("controller", SERVERS)
async def test_o03_a_body_is_bounded_and_a_call_is_not(
    controller: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNLEVEL", "1")
    require_servers()
    server, words, bounds = SERVERS[controller]
    told, untold = free_ports(2)
    async with unbounded() as backend, aiohttp.ClientSession() as session:
        blocks = [words(told, backend, words_for(controller)), words(untold, backend, {})]
        with server(tmp_path, "".join(blocks)):
            await until_listening(told, untold)
            assert await posted(session, told, MEBIBYTE) == 200
            assert await posted(session, told, MEBIBYTE + 1) == (413 if bounds else 200)
            assert await posted(session, untold, MEBIBYTE + 1) == 200
            async with session.ws_connect(f"http://127.0.0.1:{told}/v1/voice") as call:
                for _ in range(MESSAGES):
                    await call.send_bytes(b"x" * OF_BYTES)
                    assert await call.receive_bytes() == b"x"


async def posted(session: aiohttp.ClientSession, port: int, size: int) -> int:
    """The status of a POST of so many bytes. Who refuses it need not read it: the client asks before it sends."""
    async with session.post(f"http://127.0.0.1:{port}{PATH}", data=b"x" * size, expect100=True) as answer:
        return answer.status
