"""An ASGI application on a real socket of this machine, in the test's own loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn

from parley_gateway.listener import listen
from tests.gateway.servers.process import HOST


class _Server(uvicorn.Server):
    """Leaves the signals of the process to the tests."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def web(app: Any, *, port: int = 0) -> AsyncIterator[int]:
    """Serves until the end, then cuts whoever is still connected; yields the port."""
    listener = listen(HOST, port)
    config = uvicorn.Config(app, log_config=None, lifespan="on", interface="asgi3", timeout_graceful_shutdown=0)
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]), name="web server")
    try:
        async with asyncio.timeout(30):
            while not server.started:
                assert not serving.done(), "the server did not start"
                await asyncio.sleep(0.01)
        yield int(listener.getsockname()[1])
    finally:
        server.should_exit = True
        await asyncio.wait({serving}, timeout=10)
        listener.close()
