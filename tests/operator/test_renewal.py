"""O4: a self-signed certificate is renewed under a live call: operator, API server, Traefik and gateway are real.

The operator that makes the certificate lives in the past; the one that renews it in the present.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from localcluster import ControlPlane
from parley_client import Connection, UnreachableError, connect
from parley_contract.native import Ping, Pong
from parley_operator.render import certificates
from parley_operator.render.certificates import AUTHORITY_LIFETIME, CERTIFICATE_LIFETIME
from parley_operator.render.renewal import RENEW_BEFORE
from tests.emulators.emulators import running as emulators_running
from tests.gateway.running import TOKEN, Served, Site
from tests.gateway.running import process as gateway_process
from tests.operator.cluster import Json, Namespace
from tests.operator.conftest import OPERATOR_USER
from tests.operator.process import OperatorProcess
from tests.operator.traefik import Traefik, as_endpoint, own_address, running

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(900)]  # Traefik may have to be built

SECONDS = 30.0
SECRET = "receptionist-tls"


@pytest.fixture(scope="module")
def traefik(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traefik]:
    with running(tmp_path_factory.mktemp("traefik")) as started:
        yield started


@pytest.fixture
def plane(traefik: Traefik) -> ControlPlane:
    return traefik.plane


@pytest.fixture
async def gateway(namespace: Namespace, tmp_path: Path) -> AsyncIterator[Served]:
    """The real gateway, where Traefik looks for the Service's pods."""
    address = own_address()
    async with emulators_running() as emulators:
        site = Site(tmp_path, emulators.url)
        async with gateway_process(site.write_config(), host=address) as (_, served):
            await as_endpoint(namespace, address, served.port)
            yield served


@dataclass
class Operators:
    """One after another, each in a time of its own."""

    plane: ControlPlane
    namespace: str
    folder: Path
    started: list[OperatorProcess] = field(default_factory=list)

    def live(self, *, days: int) -> None:
        """End the one before and start one whose clock is so many days ahead."""
        self.end()
        scope = ("--namespace", self.namespace, "--lease-namespace", self.namespace)
        log = self.folder / f"operator-{len(self.started)}.log"
        process = OperatorProcess(self.plane.kubeconfig_for(OPERATOR_USER), log, *scope, days=days).start()
        self.started.append(process)
        process.wait_for_log("synced")

    def end(self) -> None:
        if self.started and self.started[-1].is_running():
            self.started[-1].terminate()


@pytest.fixture
def operators(plane: ControlPlane, namespace: Namespace, tmp_path: Path) -> Iterator[Operators]:
    operators = Operators(plane, namespace.name, tmp_path)
    yield operators
    for process in operators.started:
        process.stop()
        print(process.raw_log()[-4000:])


class Outside:
    """Clients that trust what ca.crt said when they fetched it."""

    def __init__(self, traefik: Traefik, host: str) -> None:
        self.host, self._address = host, ("127.0.0.1", traefik.entrypoints.websecure)

    @asynccontextmanager
    async def call(self, authorities: bytes) -> AsyncIterator[Connection]:
        context = ssl.create_default_context(cadata=authorities.decode())
        url = f"wss://{self.host}/v1/voice"
        async with connect(url, token=TOKEN, ssl_context=context, address=self._address) as connection:
            yield connection

    async def until_served(self, certificate: bytes) -> None:
        """Traefik needs a moment for what is new."""
        wanted = ssl.PEM_cert_to_DER_cert(certificate.decode())
        async with asyncio.timeout(SECONDS):
            while await self._served() != wanted:  # noqa: ASYNC110 - nothing tells when it is
                await asyncio.sleep(0.1)

    async def _served(self) -> bytes | None:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        _, writer = await asyncio.open_connection(*self._address, ssl=context, server_hostname=self.host)
        found: bytes | None = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
        return found


async def answers(call: Connection, number: float) -> bool:
    """Whether the gateway answers on this very connection."""
    await call.send(Ping(t=number))
    async with asyncio.timeout(SECONDS):
        async for received in call:
            if isinstance(received, Pong):
                return received.t == number
    return False


def of(secret: Json | None, key: str) -> bytes:
    return base64.b64decode(secret["data"][key]) if secret else b""


def expiry(pem: bytes) -> datetime:
    described = certificates.describe(pem)
    assert described is not None
    return described.not_after


async def self_signed(namespace: Namespace, host: str) -> Json:
    endpoint = {"hosts": [host], "ingress": {"className": "traefik", "tls": {"selfSigned": {}}}}
    await namespace.voice("receptionist", endpoint=endpoint)
    return await namespace.until_exists("Secret", SECRET)


async def until_renewed(namespace: Namespace, before: bytes) -> Json:
    found = await namespace.until("Secret", SECRET, lambda secret: of(secret, "tls.crt") not in (b"", before))
    assert found is not None
    return found


@pytest.mark.usefixtures("gateway")
async def test_o04_a_certificate_is_renewed_under_a_live_call(
    traefik: Traefik, namespace: Namespace, operators: Operators
) -> None:
    outside = Outside(traefik, f"{namespace.name}.example.com")
    operators.live(days=-(CERTIFICATE_LIFETIME - RENEW_BEFORE).days)
    first = await self_signed(namespace, outside.host)
    before, authorities = of(first, "tls.crt"), of(first, "ca.crt")
    assert expiry(before) - datetime.now(UTC) < RENEW_BEFORE
    deployment = await namespace.until_exists("Deployment", "receptionist")
    await outside.until_served(before)
    async with outside.call(authorities) as call:
        assert await answers(call, 1)
        operators.live(days=0)
        renewed = of(await until_renewed(namespace, before), "tls.crt")
        assert expiry(renewed) - datetime.now(UTC) > timedelta(days=80)
        await outside.until_served(renewed)
        assert await answers(call, 2), "the call that was there lives on"
        async with outside.call(authorities) as new:
            assert await answers(new, 3)
    status = (await namespace.get("VoiceDeployment", "receptionist"))["status"]["certificate"]
    assert status["notAfter"] == f"{expiry(renewed):%Y-%m-%dT%H:%M:%SZ}"
    after = await namespace.get("Deployment", "receptionist")
    assert after["metadata"]["generation"] == deployment["metadata"]["generation"], "no pod was restarted"


@pytest.mark.usefixtures("gateway")
async def test_o04_one_that_expired_is_made_anew_and_the_next_authority_is_published(
    traefik: Traefik, namespace: Namespace, operators: Operators
) -> None:
    """An operator that was away for years, to within half a year of its authority's end."""
    outside = Outside(traefik, f"{namespace.name}.example.com")
    operators.live(days=120 - AUTHORITY_LIFETIME.days)
    first = await self_signed(namespace, outside.host)
    before, old = of(first, "tls.crt"), of(first, "ca.crt")
    assert expiry(before) < datetime.now(UTC)
    assert old.count(b"BEGIN CERTIFICATE") == 1
    await outside.until_served(before)
    with pytest.raises(UnreachableError, match="certificate is not trusted"):
        async with outside.call(old):
            pass
    operators.live(days=0)
    second = await until_renewed(namespace, before)
    await outside.until_served(of(second, "tls.crt"))
    both = of(second, "ca.crt")
    assert both.count(b"BEGIN CERTIFICATE") == 2
    assert old in both
    for trusted in (old, both):
        async with outside.call(trusted) as call:
            assert await answers(call, 1)
    await namespace.until_condition("receptionist", "CertificateReady", "True", "CertificateValid")
