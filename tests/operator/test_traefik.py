"""O3, O4: what Traefik makes of an Ingress with its Middlewares, and of routes: the real Traefik, without pods.

The operator writes, a real API server keeps, Traefik serves; in place of the gateway stands a server that echoes.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from localcluster import ControlPlane
from localcluster.builds import BuildCache
from localcluster.components.traefik import Entrypoints, traefik
from localcluster.paths import cache_dir
from localcluster.ports import free_ports
from localcluster.progress import Progress
from localcluster.versions import TRAEFIK
from parley_operator.render import certificates
from tests.operator import definitions
from tests.operator.cluster import Json, Namespace, open_namespace
from tests.operator.conftest import CONTROLLERS, OPERATOR_USER, prepare
from tests.operator.process import OperatorProcess

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(900)]  # Traefik may have to be built

SECONDS = 30.0
IDLE = 2.0
"""Traefik's limit for idle connections here, where its default is three minutes."""


@dataclass(frozen=True)
class Served:
    """A cluster with Traefik, and the authority that its certificates come from."""

    plane: ControlPlane
    entrypoints: Entrypoints
    authority: tuple[bytes, bytes]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Traefik with its own definitions and those of the Gateway API."""
    builds = BuildCache(cache_dir(), progress=Progress())
    builds.ensure((TRAEFIK,))
    web_port, websecure_port = free_ports(2)
    entrypoints = Entrypoints(web_port, websecure_port)
    with ControlPlane(controllers=CONTROLLERS) as plane:
        prepare(plane)
        asyncio.run(_install(plane))
        program = traefik(builds.binary(TRAEFIK, "traefik"), kubeconfig=plane.kubeconfig, entrypoints=entrypoints)
        more = (
            "--providers.kubernetesGateway=true",
            "--providers.kubernetesGateway.throttleDuration=200ms",
            f"--entryPoints.web.transport.respondingTimeouts.idleTimeout={IDLE}s",
            f"--entryPoints.websecure.transport.respondingTimeouts.idleTimeout={IDLE}s",
        )
        log = tmp_path_factory.mktemp("traefik") / "traefik.log"
        environment = {**os.environ, "KUBECONFIG": str(plane.kubeconfig)}
        with log.open("wb") as output:
            process = subprocess.Popen([*program.argv, *more], env=environment, stdout=output, stderr=output)
        try:
            yield Served(plane, entrypoints, certificates.new_authority("test", now=datetime.now(UTC)))
        finally:
            process.terminate()
            process.wait(SECONDS)
            print(log.read_text()[-8000:])


async def _install(plane: ControlPlane) -> None:
    async with open_namespace(str(plane.kubeconfig), "default") as namespace:
        client = namespace.client
        await definitions.install(client, [*definitions.all_of_traefik(), *definitions.all_of_the_gateway_api()])
        gateway_class = {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "GatewayClass",
            "metadata": {"name": "traefik"},
            "spec": {"controllerName": "traefik.io/gateway-controller"},
        }
        path = "/apis/gateway.networking.k8s.io/v1/gatewayclasses"
        await client.create(path, gateway_class, field_manager="test")


@pytest.fixture
def plane(served: Served) -> ControlPlane:
    return served.plane


@pytest.fixture
def operator(plane: ControlPlane, namespace: Namespace, tmp_path: Path) -> Iterator[OperatorProcess]:
    scope = ("--namespace", namespace.name, "--lease-namespace", namespace.name)
    process = OperatorProcess(plane.kubeconfig_for(OPERATOR_USER), tmp_path / "operator.log", *scope).start()
    try:
        process.wait_for_log("synced")
        yield process
    finally:
        process.stop()
        print(process.raw_log()[-4000:])


@pytest.fixture
async def backend(namespace: Namespace) -> AsyncIterator[None]:
    """In place of the gateway's pods: every socket echoes, every other request is answered with 200."""
    application = web.Application()
    application.router.add_get("/v1/voice", _echo)
    application.router.add_get("/up", _ok)
    runner = web.AppRunner(application)
    await runner.setup()
    address = _own_address()
    site = web.TCPSite(runner, address, 0)
    await site.start()
    port = runner.addresses[0][1]
    body = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "receptionist-1", "labels": {"kubernetes.io/service-name": "receptionist"}},
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": port, "protocol": "TCP"}],
        "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
    }
    path = f"/apis/discovery.k8s.io/v1/namespaces/{namespace.name}/endpointslices"
    await namespace.client.create(path, body, field_manager="test")
    yield
    await runner.cleanup()


async def _echo(request: web.Request) -> web.WebSocketResponse:
    socket_ = web.WebSocketResponse()
    await socket_.prepare(request)
    async for message in socket_:
        await socket_.send_str(message.data)
    return socket_


async def _ok(_: web.Request) -> web.Response:
    return web.Response(text="ok")


def _own_address() -> str:
    """Of this machine but not loopback, which the API server does not take for an endpoint."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])


class _Here(AbstractResolver):
    """Every host is this machine."""

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        pass


class Outside:
    """A client outside the cluster."""

    def __init__(self, session: aiohttp.ClientSession, served: Served, host: str) -> None:
        self._session, self.host = session, host
        self.plain = f"http://{host}:{served.entrypoints.web}"
        self.secure = f"https://{host}:{served.entrypoints.websecure}"

    async def until(self, url: str, status: int) -> aiohttp.ClientResponse:
        """Ask until the answer has a status: Traefik needs a moment for what is new."""
        seen: Any = None
        try:
            async with asyncio.timeout(SECONDS):
                while True:
                    seen = await self._once(url)
                    if isinstance(seen, aiohttp.ClientResponse) and seen.status == status:
                        return seen
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"{url} did not answer {status}, but {seen}") from None

    async def ask(self, method: str, url: str, **headers: str) -> aiohttp.ClientResponse:
        async with self._session.request(method, url, headers=headers, allow_redirects=False) as response:
            return response

    async def _once(self, url: str) -> aiohttp.ClientResponse | Exception:
        try:
            return await self.ask("GET", url)
        except aiohttp.ClientError as error:
            return error

    async def echoes_after(self, silence: float) -> None:
        """A call that is silent for a while is still there."""
        async with self._session.ws_connect(f"{self.secure}/v1/voice") as call:
            await call.send_str("hello")
            assert await call.receive_str() == "hello"
            await asyncio.sleep(silence)
            await call.send_str("still there")
            assert await call.receive_str() == "still there"


@asynccontextmanager
async def outside(served: Served, namespace: Namespace) -> AsyncIterator[Outside]:
    host = f"{namespace.name}.example.com"
    context = ssl.create_default_context(cadata=served.authority[0].decode())
    connector = aiohttp.TCPConnector(resolver=_Here(), ssl=context, force_close=True)
    async with aiohttp.ClientSession(connector=connector) as session:
        yield Outside(session, served, host)


async def certificate(served: Served, namespace: Namespace, host: str) -> None:
    pem, key = certificates.issue(*served.authority, hosts=[host], now=datetime.now(UTC))
    await namespace.secret("voice", **{"tls.crt": pem.decode(), "tls.key": key.decode()})


def through_traefik(host: str, **more: Any) -> Json:
    tls = {"secretRef": {"name": "voice"}}
    return {
        "hosts": [host],
        "ingress": {"className": "traefik", "tls": tls},
        "healthPaths": ["/up"],
        "allowedOrigins": ["https://example.com", "https://*.example.org"],
        **more,
    }


@pytest.mark.usefixtures("operator", "backend")
async def test_o03_o04_an_ingress_with_middlewares_is_served_as_it_says(
    served: Served, namespace: Namespace
) -> None:
    async with outside(served, namespace) as client:
        await certificate(served, namespace, client.host)
        await namespace.voice("receptionist", endpoint=through_traefik(client.host))
        answer = await client.until(f"{client.secure}/up", 200)
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
        assert "parley=" in answer.headers["Set-Cookie"]
        moved = await client.until(f"{client.plain}/up", 301)
        assert moved.headers["Location"] == f"https://{client.host}/up"
        for origin in ("https://example.com", "https://pages.example.org"):
            preflight = {"Origin": origin, "Access-Control-Request-Method": "GET"}
            allowed = await client.ask("OPTIONS", f"{client.secure}/up", **preflight)
            assert allowed.headers["Access-Control-Allow-Origin"] == origin
        preflight = {"Origin": "https://example.net", "Access-Control-Request-Method": "GET"}
        refused = await client.ask("OPTIONS", f"{client.secure}/up", **preflight)
        assert "Access-Control-Allow-Origin" not in refused.headers
        assert (await client.ask("GET", f"{client.secure}/metrics")).status == 404
        await client.echoes_after(2 * IDLE)


@pytest.mark.usefixtures("operator", "backend")
async def test_o03_a_client_that_asks_too_fast_is_refused(served: Served, namespace: Namespace) -> None:
    limit = {"perClientIP": {"connectionsPerSecond": 1}}
    async with outside(served, namespace) as client:
        await certificate(served, namespace, client.host)
        await namespace.voice("receptionist", endpoint=through_traefik(client.host, rateLimit=limit))
        await client.until(f"{client.secure}/up", 200)
        await client.until(f"{client.secure}/up", 429)


@pytest.mark.usefixtures("operator", "backend")
async def test_o03_o04_routes_are_served_and_accepted(served: Served, namespace: Namespace) -> None:
    async with outside(served, namespace) as client:
        await certificate(served, namespace, client.host)
        tls = {"certificateRefs": [{"name": "voice"}]}
        entrypoints = served.entrypoints
        listeners = [
            {"name": "http", "protocol": "HTTP", "port": entrypoints.web},
            {"name": "https", "protocol": "HTTPS", "port": entrypoints.websecure, "tls": tls},
        ]
        gateway = {"metadata": {"name": "main"}, "spec": {"gatewayClassName": "traefik", "listeners": listeners}}
        await namespace.create("Gateway", {"apiVersion": "gateway.networking.k8s.io/v1", **gateway})
        parent = {"parentRefs": [{"name": "main"}]}
        endpoint = {"hosts": [client.host], "gateway": parent, "healthPaths": ["/up"], "hsts": "Enabled"}
        await namespace.voice("receptionist", endpoint=endpoint)
        said = await namespace.until_condition("receptionist", "EndpointReady", "True", "Routed")
        assert said["message"] == f"wss://{client.host}/v1/voice is routed to the pods."
        answer = await client.until(f"{client.secure}/up", 200)
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
        moved = await client.until(f"{client.plain}/up", 301)
        assert moved.headers["Location"].startswith(f"https://{client.host}")
        await client.echoes_after(2 * IDLE)


@pytest.mark.usefixtures("operator")
async def test_o03_a_gateway_that_takes_no_route_from_here_is_said(served: Served, namespace: Namespace) -> None:
    async with outside(served, namespace) as client:
        elsewhere = {
            "name": "http",
            "protocol": "HTTP",
            "port": served.entrypoints.web,
            "hostname": "a.example.net",
        }
        gateway = {"metadata": {"name": "main"}, "spec": {"gatewayClassName": "traefik", "listeners": [elsewhere]}}
        await namespace.create("Gateway", {"apiVersion": "gateway.networking.k8s.io/v1", **gateway})
        endpoint = {"hosts": [client.host], "gateway": {"parentRefs": [{"name": "main"}]}}
        await namespace.voice("receptionist", endpoint=endpoint)
        said = await namespace.until_condition("receptionist", "EndpointReady", "False", "RouteNotAccepted")
        assert "NoMatchingListenerHostname" in said["message"]
