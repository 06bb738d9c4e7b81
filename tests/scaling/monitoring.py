"""The real Prometheus, told by the operator's PodMonitor and PrometheusRule whom to scrape and what to judge."""

from __future__ import annotations

import asyncio
import base64
import json
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcluster.components import prometheus
from localcluster.engines import PROMETHEUS
from localcluster.ports import free_port
from localcluster.processes import Processes
from localcluster.versions import PROMETHEUS_OPERATOR
from localcluster.waiting import wait_for_part
from tests.cluster.conftest import Cluster
from tests.cluster.kubernetes import Namespace

USER, PASSWORD = "keda", "read-only"
HASH = "$2b$04$N0DKUyWWelFQsHQtWX7DgeKNe/MdVrFS8AxUfXMZQspJ5FdMlzpGK"
"""Of the password, by bcrypt, as Prometheus wants it."""
LOGIN = "prometheus-login"
PORT = 9090
ASKED, STARTED = 10.0, 30.0
"""Seconds for an answer, and until it gives the first."""


@contextmanager
def definitions(cluster: Cluster) -> Iterator[None]:
    """The kinds of the Prometheus operator, by which ours says what is to be scraped."""
    builds = cluster.node.target.cluster.builds
    builds.ensure((PROMETHEUS_OPERATOR, PROMETHEUS))
    files = [
        f"--filename={builds.binary(PROMETHEUS_OPERATOR, Path(asset).name)}"
        for asset in PROMETHEUS_OPERATOR.assets
    ]
    cluster.commands.read("kubectl", "apply", "--server-side", *files)
    cluster.commands.read("kubectl", "wait", "--for=condition=Established", *files)
    try:
        yield
    finally:
        cluster.commands.read("kubectl", "delete", "--ignore-not-found", *files)


def read_by_keda(namespace: Namespace) -> dict[str, Any]:
    """What `scaling.prometheus` says of it; KEDA finds the login in the namespace."""
    namespace.make_secret(LOGIN, username=USER, password=PASSWORD)
    parameters = [{"parameter": key, "name": LOGIN, "key": key} for key in ("username", "password")]
    namespace.apply(
        {
            "apiVersion": "keda.sh/v1alpha1",
            "kind": "TriggerAuthentication",
            "metadata": {"name": LOGIN},
            "spec": {"secretTargetRef": parameters},
        }
    )
    return {
        "serverAddress": f"http://prometheus.{namespace.name}:{PORT}",
        "authentication": {"name": LOGIN, "mode": "Basic"},
    }


@dataclass(frozen=True)
class Prometheus:
    """A running one."""

    address: str

    def value(self, query: str) -> float | None:
        """The one value of a query; None where there is no series."""
        found = self._ask(f"query?query={urllib.parse.quote(query)}")["result"]
        return float(found[0]["value"][1]) if found else None

    def rules(self) -> list[dict[str, Any]]:
        """Each rule, with how it is."""
        return [rule for group in self._ask("rules")["groups"] for rule in group["rules"]]

    async def until(self, holds: Callable[[Prometheus], bool], *, within: float = 60.0) -> None:
        """Wait for what it scrapes and evaluates every two seconds."""
        async with asyncio.timeout(within):
            while True:
                if await asyncio.to_thread(holds, self):
                    return
                await asyncio.sleep(0.5)

    def answers(self) -> bool:
        """Whether it has begun."""
        try:
            self._ask("status/runtimeinfo")
        except OSError:
            return False
        return True

    def _ask(self, path: str) -> dict[str, Any]:
        request = urllib.request.Request(f"http://{self.address}/api/v1/{path}")
        login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        request.add_header("Authorization", f"Basic {login}")
        with urllib.request.urlopen(request, timeout=ASKED) as answer:
            data: dict[str, Any] = json.load(answer)["data"]
        return data


@asynccontextmanager
async def scraping(cluster: Cluster, namespace: Namespace, name: str, folder: Path) -> AsyncIterator[Prometheus]:
    """It runs on this machine, and a Service of the namespace leads to it."""
    [monitor, rule] = [
        (await namespace.until(kind, lambda found: name in found))[name]
        for kind in ("PodMonitor", "PrometheusRule")
    ]
    local = cluster.node.target.cluster
    files, port = prometheus.Files(folder / "prometheus"), free_port(preferred=PORT)
    prometheus.write(
        files, kubeconfig=local.paths.kubeconfig, pod_monitors=[monitor], rules=[rule], users={USER: HASH}
    )
    address, processes = f"{cluster.machine}:{port}", Processes(local.paths)
    program = prometheus.prometheus(local.builds.binary(PROMETHEUS, prometheus.NAME), files=files, address=address)
    for manifest in _service(cluster.machine, port):
        namespace.apply(manifest)
    processes.start(program)
    try:
        running = Prometheus(address)
        wait_for_part(prometheus.NAME, processes=processes, ready=running.answers, seconds=STARTED)
        yield running
    finally:
        processes.stop(prometheus.NAME)


def _service(address: str, port: int) -> list[dict[str, Any]]:
    labels = {"kubernetes.io/service-name": prometheus.NAME}
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": prometheus.NAME},
            "spec": {"ports": [{"name": "http", "port": PORT, "protocol": "TCP"}]},
        },
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": prometheus.NAME, "labels": labels},
            "addressType": "IPv4",
            "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
            "ports": [{"name": "http", "port": port, "protocol": "TCP"}],
        },
    ]
