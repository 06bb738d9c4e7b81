"""Calls from outside, through Traefik, over WSS with TLS that is verified."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from parley_client.connection import Connection, Received
from parley_client.conversation import Conversation
from quickstart.clusters.base import Entrance
from quickstart.line import Line, through
from tests.cluster.kubernetes import Namespace


class Call:
    """A live session: who is called can be talked to, and all that was received is kept."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.received: list[Received] = []
        self._arrived = asyncio.Event()
        self.conversation = Conversation(connection, on_received=self._keep)

    @property
    def session(self) -> str:
        """The session's id."""
        return self.connection.started.session

    def of_type(self, kind: str) -> list[Received]:
        """What was received of this type of message."""
        return [message for message in self.received if getattr(message, "type", None) == kind]

    async def until(self, holds: Callable[[], bool], *, within: float = 60.0) -> None:
        """Wait for something to be received."""
        async with asyncio.timeout(within):
            while not holds():
                self._arrived.clear()
                await self._arrived.wait()

    def _keep(self, message: Received) -> None:
        self.received.append(message)
        self._arrived.set()


def line_to(namespace: Namespace, name: str, *, host: str, entrance: Entrance, token: str | None = None) -> Line:
    """The line through the ingress, with the generated token unless another is given."""
    return through(
        entrance,
        host=host,
        token=token or namespace.secret(f"{name}-token", "token"),
        authority=namespace.secret(f"{name}-tls", "ca.crt"),
    )


@asynccontextmanager
async def call(
    namespace: Namespace, name: str, *, host: str, entrance: Entrance, token: str | None = None
) -> AsyncIterator[Call]:
    """A session with a VoiceDeployment."""
    async with on(line_to(namespace, name, host=host, entrance=entrance, token=token)) as made:
        yield made


@asynccontextmanager
async def on(line: Line) -> AsyncIterator[Call]:
    """A session on a line."""
    async with line.connect() as connection:
        made = Call(connection)
        async with made.conversation:
            yield made


async def wait_until_routed(namespace: Namespace, name: str, *, host: str, entrance: Entrance) -> None:
    """Until the ingress controller serves the host with its certificate."""
    await line_to(namespace, name, host=host, entrance=entrance).wait_until_routed()
