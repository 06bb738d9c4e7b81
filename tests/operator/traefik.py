"""The real Traefik beside a real API server, and what stands in for the gateway's pods behind it."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from localcluster import ControlPlane
from localcluster.builds import BuildCache
from localcluster.components.traefik import Entrypoints, traefik
from localcluster.paths import cache_dir
from localcluster.ports import free_ports
from localcluster.progress import Progress
from localcluster.versions import TRAEFIK
from tests.operator import definitions
from tests.operator.cluster import Namespace, open_namespace
from tests.operator.conftest import CONTROLLERS, prepare

STOP_SECONDS = 30.0


@dataclass(frozen=True)
class Traefik:
    """A cluster with Traefik."""

    plane: ControlPlane
    entrypoints: Entrypoints


@contextmanager
def running(folder: Path, *more: str) -> Iterator[Traefik]:
    """Traefik with its own definitions and those of the Gateway API, and further arguments."""
    builds = BuildCache(cache_dir(), progress=Progress())
    builds.ensure((TRAEFIK,))
    web_port, websecure_port = free_ports(2)
    entrypoints = Entrypoints(web_port, websecure_port)
    with ControlPlane(controllers=CONTROLLERS) as plane:
        prepare(plane)
        asyncio.run(_install(plane))
        program = traefik(builds.binary(TRAEFIK, "traefik"), kubeconfig=plane.kubeconfig, entrypoints=entrypoints)
        log = folder / "traefik.log"
        environment = {**os.environ, "KUBECONFIG": str(plane.kubeconfig)}
        with log.open("wb") as output:
            process = subprocess.Popen([*program.argv, *more], env=environment, stdout=output, stderr=output)
        try:
            yield Traefik(plane, entrypoints)
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)
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


async def as_endpoint(namespace: Namespace, address: str, port: int, *, service: str = "receptionist") -> None:
    """Let a Service lead to this address."""
    body = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": f"{service}-1", "labels": {"kubernetes.io/service-name": service}},
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": port, "protocol": "TCP"}],
        "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
    }
    path = f"/apis/discovery.k8s.io/v1/namespaces/{namespace.name}/endpointslices"
    await namespace.client.create(path, body, field_manager="test")


def own_address() -> str:
    """Of this machine but not loopback, which the API server does not take for an endpoint."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])
