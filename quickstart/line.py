"""A line to a VoiceDeployment: where it is reached from outside, and what lets a caller in."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from parley_client.connection import Connection, connect
from parley_client.conversation import FEATURES
from parley_client.errors import UnreachableError
from quickstart.clusters.base import Entrance
from quickstart.commands import Commands, StepError

PATH = "/v1/voice"
ROUTED_SECONDS = 60.0
PAUSE_SECONDS = 0.2
FORWARD_SECONDS = 15.0


@dataclass(frozen=True)
class Line:
    """Everything that a client must know."""

    url: str
    token: str = field(repr=False)
    authority: str | None = None
    """PEM of the only certificate authority to trust; None without TLS."""
    address: tuple[str, int] | None = None
    """Where the name in the URL really is; None where it resolves."""

    def connect(self) -> AbstractAsyncContextManager[Connection]:
        """Open a session."""
        trust = ssl.create_default_context(cadata=self.authority) if self.authority else None
        return connect(self.url, token=self.token, ssl_context=trust, address=self.address, features=FEATURES)

    async def wait_until_routed(self) -> None:
        """Until the ingress controller leads to the gateway with its certificate.

        Controllers follow the cluster with a delay that nothing tells of, so this tries until it works.

        Raises:
            UnreachableError: what the last attempt met, after `ROUTED_SECONDS`.
            RefusedError: the gateway is there and does not want this caller.
        """
        deadline = asyncio.get_running_loop().time() + ROUTED_SECONDS
        while True:
            try:
                async with self.connect() as connection:
                    await connection.end()
                    return
            except UnreachableError:
                if asyncio.get_running_loop().time() > deadline:
                    raise
                await asyncio.sleep(PAUSE_SECONDS)


def through(entrance: Entrance, *, host: str, token: str, authority: str) -> Line:
    """Through the ingress with TLS, without a need for DNS."""
    return Line(f"wss://{host}{PATH}", token, authority, (entrance.host, entrance.port))


@asynccontextmanager
async def forwarded(commands: Commands, *, namespace: str, service: str, token: str) -> AsyncIterator[Line]:
    """To the Service by a port-forward, for as long as the block lasts."""
    process = await asyncio.create_subprocess_exec(
        *(commands.path("kubectl"), "-n", namespace, "port-forward", f"service/{service}", ":http"),
        env=commands.all(),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(FORWARD_SECONDS):
            # Forwarding from 127.0.0.1:40123 -> 8080
            said = await process.stdout.readline() if process.stdout else b""
        port = int(said.decode().partition(" -> ")[0].rpartition(":")[2])
        yield Line(f"ws://127.0.0.1:{port}{PATH}", token)
    except (TimeoutError, ValueError):
        raise StepError("kubectl port-forward gave no port", "see its message above") from None
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
