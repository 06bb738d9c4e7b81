"""A real cluster with the chart in it, and a namespace of its own for each test."""

from __future__ import annotations

import os
import re
import secrets
import signal
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from localcluster.components import apiserver
from localcluster.components.traefik import Entrypoints
from localcluster.processes import Processes
from localcluster.progress import Progress
from quickstart import release
from quickstart.clusters.base import Entrance
from quickstart.clusters.local import LocalNode
from quickstart.commands import Commands
from quickstart.diagnosis import diagnose
from quickstart.images import images
from tests.cluster.kubernetes import Namespace
from tests.cluster.shared_node import SharedNode
from tests.cluster.turns import Turns

HERE = Path(__file__).parent
WORKER = "PYTEST_XDIST_WORKER"
"""The environment variable that a process of xdist has."""
TEST_SECONDS = 600.0
"""A deadline for one test without its fixtures: a rollout of pods that drain takes a while on two cores."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.cluster)
            item.add_marker(pytest.mark.timeout(TEST_SECONDS, func_only=True))


@pytest.hookimpl(trylast=True)  # when xdist has ended its processes
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Of processes that were cut short, as by Ctrl-C, whoever started them takes the node away."""
    if WORKER not in os.environ:
        folder = session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]  # as xdist itself does
        SharedNode(LocalNode(progress=Progress()), folder).clear()


@dataclass(frozen=True)
class Cluster:
    """The node and the ways to it."""

    node: LocalNode
    commands: Commands

    @property
    def entrance(self) -> Entrance:
        """Where this machine reaches Traefik with TLS."""
        entrance = self.node.entrance()
        assert entrance is not None
        return entrance

    @property
    def entrypoints(self) -> Entrypoints:
        """Traefik's ports, which the listeners of a Gateway have, too."""
        return self.node.target.cluster.parts.entrypoints

    @property
    def machine(self) -> str:
        """This machine's address, as pods reach it."""
        return self.node.target.cluster.layout.addresses.outside

    @contextmanager
    def frozen_api_server(self) -> Iterator[None]:
        """For as long as the block lasts its connections hang and nothing answers."""
        processes = Processes(self.node.target.cluster.paths)
        processes.signal(apiserver.NAME, signal.SIGSTOP)
        try:
            yield
        finally:
            processes.signal(apiserver.NAME, signal.SIGCONT)

    @property
    def operator(self) -> Namespace:
        """The namespace that the operator runs in."""
        return Namespace(release.NAMESPACE, self.commands)


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of all processes of this run: under xdist each has one of its own below it."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if WORKER in os.environ else own


@pytest.fixture(scope="session")
def cluster(run_folder: Path) -> Iterator[Cluster]:
    """The local node with two operators, one for all processes of a run; one that was up before is left up."""
    node = LocalNode(progress=Progress())
    with SharedNode(node, run_folder).used(make=lambda: bring_up(node)):
        yield Cluster(node, node.commands)


def bring_up(node: LocalNode) -> None:
    """The images are made while the node begins."""
    with ThreadPoolExecutor() as pool:
        made = pool.map(node.make, images())
        node.up()
        list(made)
        list(pool.map(node.provide, images()))
    install(node)


def install(node: LocalNode, *values: str) -> None:
    """The release of all tests, with further values as Helm writes them."""
    release.install(node.commands, repository=node.repository, values=("replicas=2", *values))


@pytest.fixture(autouse=True)
def turn(cluster: Cluster, run_folder: Path, request: pytest.FixtureRequest) -> Iterator[None]:
    """Whoever disturbs what the others use has the node alone, its set-up and its end included."""
    turns = Turns(run_folder)
    with turns.alone() if request.node.get_closest_marker("alone") else turns.among_others():
        yield


@pytest.fixture
def namespace(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Namespace]:
    """An empty namespace that takes restricted pods alone; gone afterwards, with whatever still drains in it."""
    readable = re.sub(r"[^a-z0-9]+", "-", request.node.originalname.lower().removeprefix("test_"))[:40].strip("-")
    name = f"{readable}-{secrets.token_hex(2)}"
    release.make_namespace(cluster.commands, name)
    yield Namespace(name, cluster.commands)
    cluster.commands.read("kubectl", "delete", "namespace", name, "--wait=false")
    gone = ("kubectl", "-n", name, "delete", "pods", "--all", "--grace-period=1", "--wait=false")
    cluster.commands.read(*gone)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure shows what a person would look at first."""
    report = yield
    arguments = getattr(item, "funcargs", {})
    cluster, namespace = arguments.get("cluster"), arguments.get("namespace")
    if report.failed and report.when == "call" and namespace is not None:
        commands = cluster.commands if cluster else namespace.commands
        report.sections.append(("the cluster", diagnose(commands, (namespace.name,))))
    return report
