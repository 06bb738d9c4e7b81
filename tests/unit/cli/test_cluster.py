"""O12: how a command asks an API server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml
from aiohttp import web

from parley_cli.cluster import CONNECTIONS, Cluster, on_cluster
from parley_cli.target import Target


class Crowd:
    """An API server that answers nobody before as many ask at the same time as are let."""

    def __init__(self) -> None:
        self.connections: set[object] = set()
        self._full = asyncio.Event()

    async def answer(self, request: web.Request) -> web.Response:
        assert request.transport is not None
        self.connections.add(request.transport.get_extra_info("peername"))
        if len(self.connections) == CONNECTIONS:
            self._full.set()
        await self._full.wait()
        return web.json_response({"items": []})


@pytest.fixture
async def crowd(tmp_path: Path) -> AsyncIterator[tuple[Crowd, Target]]:
    crowd, app = Crowd(), web.Application()
    app.router.add_get("/{path:.*}", crowd.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    kubeconfig = {
        "current-context": "c",
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{runner.addresses[0][1]}"}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
    }
    file = tmp_path / "kubeconfig"
    file.write_text(yaml.safe_dump(kubeconfig))
    yield crowd, Target(kubeconfig=str(file))
    await runner.cleanup()


async def test_o12_many_requests_share_a_few_connections(crowd: tuple[Crowd, Target]) -> None:
    api_server, target = crowd

    async def work(cluster: Cluster) -> int:
        asked = (cluster.client.list(f"/api/v1/namespaces/{number}/pods") for number in range(3 * CONNECTIONS))
        return len(await asyncio.gather(*asked))

    assert await asyncio.to_thread(on_cluster, target, work) == 3 * CONNECTIONS
    assert len(api_server.connections) == CONNECTIONS


async def test_o12_what_every_cluster_serves_is_not_asked_for(crowd: tuple[Crowd, Target]) -> None:
    api_server, target = crowd
    path = await asyncio.to_thread(on_cluster, target, lambda cluster: cluster.collection("Pod", "v1"))
    assert (path, len(api_server.connections)) == ("/api/v1/namespaces/default/pods", 0)
