"""Hosts outside the cluster, at the end of the node's link: servers of this machine."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from localcluster.debian import command_path
from tests.cluster.conftest import Cluster

PUBLIC = "198.51.100.{}"
"""Addresses for documentation (RFC 5737): nobody has them, and no policy takes them for private."""


@contextmanager
def public_address(cluster: Cluster) -> Iterator[str]:
    """A public address of this machine, as the node's pods see it."""
    node, addresses = cluster.node.target.cluster.node, cluster.node.target.cluster.layout.addresses
    address = PUBLIC.format(addresses.slot + 1)
    _ip("address", "add", f"{address}/32", "dev", addresses.interface)
    try:
        node.run("ip", "route", "replace", f"{address}/32", "via", addresses.outside)
        try:
            yield address
        finally:
            node.run("ip", "route", "delete", f"{address}/32")
    finally:
        _ip("address", "delete", f"{address}/32", "dev", addresses.interface)


@asynccontextmanager
async def listening(address: str, port: int) -> AsyncIterator[None]:
    """A server there that takes connections and says nothing."""

    async def taken(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(taken, address, port)
    try:
        yield
    finally:
        server.close()


def _ip(*arguments: str) -> None:
    subprocess.run([command_path("ip"), *arguments], capture_output=True, text=True, check=True)
