"""Traefik's Middlewares in effect on the node, before a gateway that runs (O3, O4)."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from parley_client.errors import RefusedError
from quickstart.line import Line, through
from tests.cluster.conftest import Cluster
from tests.cluster.kubernetes import SECONDS, Namespace
from tests.cluster.outside import Outside, certify, outside
from tests.cluster.resources import voice_deployment

NAME, HOST = "guarded", "guarded.voice.localhost"
KEY = "a-key-of-a-server-0123456789abcdef"
PAGE = "https://pages.example.org"
LIMIT = {"perClientIP": {"connectionsPerSecond": 1}}
MINTING = "/v1/client_secrets"


def guarded(**endpoint: Any) -> dict[str, Any]:
    """With a certificate of a person's own, and everything that a Middleware says but the rate."""
    tls = {"secretRef": {"name": "voice"}}
    said = {
        "hosts": [HOST],
        "ingress": {"className": "traefik", "tls": tls},
        "healthPaths": ["/up"],
        "allowedOrigins": ["https://*.example.org"],
    }
    keys = [{"name": "backend", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "backend"}}}]
    return voice_deployment(NAME, endpoint=said | endpoint, auth={"apiKeys": keys, "clientSecrets": {}})


async def test_o03_o04_middlewares_are_in_effect_before_a_running_gateway(
    cluster: Cluster, namespace: Namespace
) -> None:
    authority = certify(namespace, "voice", host=HOST)
    namespace.make_secret("keys", backend=KEY)
    namespace.apply(guarded())
    await namespace.ready(NAME)
    async with outside(cluster, host=HOST, authority=authority) as client:
        answer = await client.until("/up", 200)
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
        assert "parley=" in answer.headers["Set-Cookie"]
        moved = await client.until("/up", 301, plain=True)
        assert moved.headers["Location"] == f"https://{HOST}/up"
        assert allowed(await preflight(client, PAGE)) == PAGE
        assert allowed(await preflight(client, "https://example.net")) is None
        assert (await post(client, b'{"user": "ann"}')).status_code == 201
        assert (await post(client, b" " * 10_000)).status_code == 413

        namespace.apply(guarded(rateLimit=LIMIT))
        await client.until("/up", 429)
        line = through(cluster.entrance, host=HOST, token=KEY, authority=authority)
        assert await refusal(line) == 429

        namespace.apply(guarded())
        await namespace.until("Middleware", lambda found: f"{NAME}-rate" not in found)
        await until_unhindered(client)


async def preflight(client: Outside, origin: str) -> httpx.Response:
    asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    return await client.ask("OPTIONS", "/up", headers=asked)


def allowed(answer: httpx.Response) -> str | None:
    """The origin whose pages may read what comes."""
    found: str | None = answer.headers.get("Access-Control-Allow-Origin")
    return found


async def post(client: Outside, body: bytes) -> httpx.Response:
    """Traefik bounds no body, so that it need not keep one: the gateway does, and its answer comes through."""
    return await client.ask("POST", MINTING, headers={"Authorization": f"Bearer {KEY}"}, content=body)


async def refusal(line: Line) -> int:
    """The status of the first handshake that is one too many."""
    async with asyncio.timeout(SECONDS):
        while True:
            try:
                async with line.connect() as connection:
                    await connection.end()
            except RefusedError as refused:
                return refused.code


async def until_unhindered(client: Outside) -> None:
    """Until ten requests at once are all answered: nothing tells when Traefik has taken what is new."""
    async with asyncio.timeout(SECONDS):
        while {answer.status_code for answer in await ten(client)} != {200}:
            pass


async def ten(client: Outside) -> list[httpx.Response]:
    return await asyncio.gather(*(client.ask("GET", "/up") for _ in range(10)))
