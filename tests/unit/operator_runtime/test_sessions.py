"""O6: pods are asked how many sessions they have, and may answer anything."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from parley_operator.render.container import PORT
from parley_operator.sessions import ANSWER_BYTES, open_session, sessions_at

LONG = '{"sessions": 3' + " " * ANSWER_BYTES + "}"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def pod(handler: Handler) -> AsyncIterator[str]:
    """The address of a pod that answers like this."""
    application = web.Application()
    application.router.add_get("/health", handler)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    address = "127." + ".".join(str(random.randint(1, 254)) for _ in range(3))
    await web.TCPSite(runner, address, PORT).start()
    try:
        yield address
    finally:
        await runner.cleanup()


async def answer(handler: Handler) -> int | None:
    async with pod(handler) as address, open_session() as http:
        return await sessions_at(http, address)


def body(text: str) -> Handler:
    async def handler(_: web.Request) -> web.StreamResponse:
        return web.Response(text=text)

    return handler


async def test_it_says_how_many() -> None:
    assert await answer(body('{"status": "ok", "sessions": 3}')) == 3


@pytest.mark.parametrize(
    "handler",
    [body("{}"), body("[]"), body("three"), body('{"sessions": null}'), body(""), body(LONG)],
    ids=["no number", "a list", "no JSON", "null", "nothing", "too many words"],
)
async def test_whoever_answers_otherwise_says_nothing(handler: Handler) -> None:
    assert await answer(handler) is None


async def test_nobody_is_sent_elsewhere() -> None:
    """A pod could make the operator ask what only the operator reaches."""
    async with pod(body('{"sessions": 3}')) as other:

        async def redirect(_: web.Request) -> web.StreamResponse:
            raise web.HTTPFound(f"http://{other}:{PORT}/health")

        assert await answer(redirect) is None


async def test_whoever_does_not_listen_says_nothing() -> None:
    async with open_session() as http:
        assert await sessions_at(http, "127.254.254.254") is None
