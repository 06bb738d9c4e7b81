"""O3, O4: what Traefik makes of an Ingress with its Middlewares, and of routes: the real Traefik, without pods.

The operator writes, a real API server keeps, Traefik serves; in place of the gateway stands a server that echoes.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import warnings
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
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
from localcluster.components.traefik import Entrypoints
from parley_operator.render import certificates
from parley_operator.render.apis import GATEWAY
from tests.operator.cluster import Json, Namespace, open_namespace
from tests.operator.conftest import OPERATOR_USER
from tests.operator.process import OperatorProcess
from tests.operator.traefik import Traefik, as_endpoint, own_address, running

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(900)]  # Traefik may have to be built

SECONDS = 30.0
IDLE = 2.0
"""All timeouts of Traefik's entry points here, where it reads for a minute and idles for three by default."""
SHARE = 20
HANDSHAKES = 200


@dataclass(frozen=True)
class Served:
    """A cluster with Traefik, and the authority that its certificates come from."""

    traefik: Traefik
    authority: tuple[bytes, bytes]

    @property
    def entrypoints(self) -> Entrypoints:
        return self.traefik.entrypoints


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Traefik with its own definitions and those of the Gateway API."""
    more = (
        f"--entryPoints.{name}.transport.respondingTimeouts.{limit}={IDLE}s"
        for name in ("web", "websecure")
        for limit in ("readTimeout", "writeTimeout", "idleTimeout")
    )
    with running(tmp_path_factory.mktemp("traefik"), *more) as traefik:
        yield Served(traefik, certificates.new_authority("test", now=datetime.now(UTC)))


@pytest.fixture
def plane(served: Served) -> ControlPlane:
    return served.traefik.plane


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
    """In place of the gateway's pods."""
    async with _behind(namespace, "receptionist"):
        yield


@pytest.fixture
async def canary(namespace: Namespace) -> AsyncIterator[None]:
    """In place of a canary's pods."""
    async with _behind(namespace, "receptionist-canary"):
        yield


@asynccontextmanager
async def _behind(namespace: Namespace, service: str) -> AsyncIterator[None]:
    """A server behind a Service: every socket echoes after its name, every other request is answered with 200."""
    application = web.Application()
    application.router.add_get("/v1/voice", _echo)
    application.router.add_get("/up", _ok)
    application[NAME] = service
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    address = own_address()
    site = web.TCPSite(runner, address, 0)
    await site.start()
    port = runner.addresses[0][1]
    await as_endpoint(namespace, address, port, service=service)
    yield
    await runner.cleanup()


NAME = web.AppKey("name", str)


async def _echo(request: web.Request) -> web.WebSocketResponse:
    socket_ = web.WebSocketResponse()
    await socket_.prepare(request)
    await socket_.send_str(request.app[NAME])
    async for message in socket_:
        await socket_.send_str(message.data)
    return socket_


async def _ok(_: web.Request) -> web.Response:
    return web.Response(text="ok")


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

    async def call(self) -> tuple[str, aiohttp.ClientWebSocketResponse]:
        """A call, and the name of who answered it. No cookie leads it back to whom an earlier one had."""
        self._session.cookie_jar.clear()
        call = await self._session.ws_connect(f"{self.secure}/v1/voice")
        return await call.receive_str(), call

    async def echoes_after(self, silence: float) -> None:
        """A call that is silent for a while is still there."""
        _, call = await self.call()
        await echoes(call, "hello")
        await asyncio.sleep(silence)
        await echoes(call, "still there")

    async def call_to(self, service: str) -> aiohttp.ClientWebSocketResponse:
        """The first call that somebody behind this Service answers."""
        async with asyncio.timeout(SECONDS):
            while True:
                answered, call = await self.call()
                if answered == service:
                    return call
                await call.close()

    async def only(self, service: str) -> None:
        """Wait until nobody else answers: Traefik needs a moment for what is new."""
        async with asyncio.timeout(SECONDS):
            while set(await self.answers(2 * 100 // SHARE)) != {service}:
                pass

    async def answers(self, calls: int) -> Counter[str]:
        """Who answers so many calls, one after another."""
        found: Counter[str] = Counter()
        for _ in range(calls):
            answered, call = await self.call()
            found[answered] += 1
            await call.close()
        return found


async def echoes(call: aiohttp.ClientWebSocketResponse, text: str) -> None:
    await call.send_str(text)
    assert await call.receive_str() == text


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


async def main_gateway(served: Served, namespace: Namespace, **tls: Any) -> None:
    """A Gateway with a listener for plain HTTP and one with TLS."""
    tls = tls or {"certificateRefs": [{"name": "voice"}]}
    listeners = [
        {"name": "http", "protocol": "HTTP", "port": served.entrypoints.web},
        {"name": "https", "protocol": "HTTPS", "port": served.entrypoints.websecure, "tls": tls},
    ]
    gateway = {"metadata": {"name": "main"}, "spec": {"gatewayClassName": "traefik", "listeners": listeners}}
    await namespace.create("Gateway", {"apiVersion": "gateway.networking.k8s.io/v1", **gateway})


def through_gateway(host: str, **more: Any) -> Json:
    return {"hosts": [host], "gateway": {"parentRefs": [{"name": "main"}]}, **more}


@pytest.mark.usefixtures("operator", "backend")
async def test_o03_o04_routes_are_served_and_accepted(served: Served, namespace: Namespace) -> None:
    async with outside(served, namespace) as client:
        await certificate(served, namespace, client.host)
        await main_gateway(served, namespace)
        endpoint = through_gateway(client.host, healthPaths=["/up"], hsts="Enabled")
        await namespace.voice("receptionist", endpoint=endpoint)
        said = await namespace.until_condition("receptionist", "EndpointReady", "True", "Routed")
        assert said["message"] == f"wss://{client.host}/v1/voice is routed to the pods."
        answer = await client.until(f"{client.secure}/up", 200)
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
        moved = await client.until(f"{client.plain}/up", 301)
        assert moved.headers["Location"].startswith(f"https://{client.host}")
        await client.echoes_after(2 * IDLE)


@pytest.mark.parametrize("way", [through_traefik, through_gateway])
@pytest.mark.usefixtures("operator", "backend", "canary")
async def test_o07_a_canary_gets_its_share_of_new_calls_and_keeps_its_calls_when_it_is_given_up(
    served: Served, namespace: Namespace, way: Callable[..., Json]
) -> None:
    """Traefik's weighted round robin is deterministic: only where it begins is not known."""
    async with outside(served, namespace) as client, namespace.kubelet():
        await certificate(served, namespace, client.host)
        await main_gateway(served, namespace)
        rollout = {"canary": {"weightPercent": SHARE}}
        await namespace.voice("receptionist", endpoint=way(client.host, healthPaths=["/up"]), rollout=rollout)
        await client.until(f"{client.secure}/up", 200)
        await namespace.until_condition("receptionist", "Available", "True")
        assert set(await client.answers(10)) == {"receptionist"}

        await namespace.edit("receptionist", limits={"sessionsPerPod": 7})
        call = await client.call_to("receptionist-canary")
        found = await client.answers(HANDSHAKES)
        assert found.total() == HANDSHAKES
        assert abs(found["receptionist-canary"] - HANDSHAKES * SHARE / 100) <= 2

        await namespace.edit("receptionist", limits=None)
        await namespace.until_gone("Service", "receptionist-canary")
        await client.only("receptionist")
        await echoes(call, "still there")


@pytest.mark.usefixtures("operator", "backend")
async def test_o04_a_handshake_of_tls_1_1_is_refused(served: Served, namespace: Namespace) -> None:
    async with outside(served, namespace) as client:
        await certificate(served, namespace, client.host)
        await namespace.voice("receptionist", endpoint=through_traefik(client.host))
        await client.until(f"{client.secure}/up", 200)
        old, allowed = ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2
        refusal = await asyncio.to_thread(_refusal, served, client.host, old)
        assert refusal == "TLSV1_ALERT_PROTOCOL_VERSION"
        assert await asyncio.to_thread(_refusal, served, client.host, allowed) is None


def _refusal(served: Served, host: str, version: ssl.TLSVersion) -> str | None:
    """Why a handshake of one version of TLS was refused, in the words of the server's alert; None where not."""
    context = ssl.create_default_context(cadata=served.authority[0].decode())
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # or OpenSSL itself would not offer the older version
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    address = ("127.0.0.1", served.entrypoints.websecure)
    try:
        with socket.create_connection(address, SECONDS) as plain, context.wrap_socket(plain, server_hostname=host):
            return None
    except ssl.SSLError as error:
        return error.reason


async def test_o03_traefiks_own_timeouts_are_in_force_and_yet_touch_no_call(served: Served) -> None:
    """A request that does not come to its end is cut here, while test_o03_o04 above has calls outlive it."""
    async with asyncio.timeout(SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", served.entrypoints.web)
        writer.write(b"GET /up HTTP/1.1\r\n")
        await reader.read()
        writer.close()


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


@pytest.mark.usefixtures("operator", "backend")
async def test_o03_o04_a_certificate_of_another_namespace_needs_its_leave(
    served: Served, plane: ControlPlane, namespace: Namespace
) -> None:
    """Without a ReferenceGrant there is no listener with TLS, and the route says so until there is one."""
    async with (
        outside(served, namespace) as client,
        open_namespace(str(plane.kubeconfig), f"{namespace.name}-keys") as keys,
    ):
        await certificate(served, keys, client.host)
        await main_gateway(served, namespace, certificateRefs=[{"name": "voice", "namespace": keys.name}])
        await namespace.voice("receptionist", endpoint=through_gateway(client.host, healthPaths=["/up"]))
        said = await namespace.until_condition("receptionist", "EndpointReady", "False", "RouteNotAccepted")
        assert "Gateway" in said["message"]
        grant = {
            "apiVersion": "gateway.networking.k8s.io/v1beta1",
            "kind": "ReferenceGrant",
            "metadata": {"name": "gateways"},
            "spec": {
                "from": [{"group": GATEWAY.group, "kind": "Gateway", "namespace": namespace.name}],
                "to": [{"group": "", "kind": "Secret"}],
            },
        }
        path = f"/apis/gateway.networking.k8s.io/v1beta1/namespaces/{keys.name}/referencegrants"
        await keys.client.create(path, grant, field_manager="test")
        await namespace.until_condition("receptionist", "EndpointReady", "True", "Routed")
        await client.until(f"{client.secure}/up", 200)
