"""A node under test: what the tests ask of it, and the traces that it could leave."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from localcluster import cgroups
from localcluster.addresses import Addresses
from localcluster.cluster import LocalCluster
from localcluster.processes import marked
from localcluster.progress import Progress
from localcluster.record import other_nodes
from localcluster.target import built_tools

NAME = "localcluster-tests"
MANIFESTS = Path(__file__).with_name("proxy.json")
IMAGE = "localhost/localcluster-tests/kubectl:1"
"""kubectl alone: `kubectl proxy` is a server, and kubectl in a pod is a client of the API."""


def new_node(*, egress: bool = False) -> LocalCluster:
    return LocalCluster(name=NAME, progress=Progress(), egress=egress)


@dataclass(frozen=True)
class Kubectl:
    """kubectl for one cluster: call it with arguments, get its output."""

    cluster: LocalCluster

    def __call__(self, *arguments: str) -> str:
        (tools,) = built_tools(self.cluster.builds)
        command = [f"{tools}/kubectl", f"--kubeconfig={self.cluster.paths.kubeconfig}", *arguments]
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=180)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def refused(self, *arguments: str) -> str:
        """What is said of a command that must fail."""
        (tools,) = built_tools(self.cluster.builds)
        command = [f"{tools}/kubectl", f"--kubeconfig={self.cluster.paths.kubeconfig}", *arguments]
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=180)
        assert result.returncode != 0, result.stdout
        return result.stderr


@dataclass(frozen=True)
class Traces:
    """What of a cluster is on the machine; all empty once it is down."""

    processes: int
    interfaces: list[str]
    routes: list[str]
    rules: list[str]
    mounts: list[str]
    cgroups: list[str]
    files: list[str]

    @classmethod
    def of(cls, cluster: LocalCluster, addresses: Addresses) -> Traces:
        root, link = cluster.paths.root, addresses.interface
        network = (link, addresses.inside, *_prefixes(addresses))
        if addresses.slot in {record.slot for record in other_nodes(cluster.paths)}:
            network = ()  # another node has taken the block since
        return cls(
            processes=len(marked(root)),
            interfaces=_containing(_output("ip", "-oneline", "link"), *network),
            routes=_containing(_output("ip", "route", "show", "table", "all"), *network),
            rules=_containing(_output("iptables-save"), *network),
            mounts=_containing(Path("/proc/self/mounts").read_text(), str(root)),
            cgroups=[str(top / cluster.name) for top in _cgroups_of(cluster)],
            files=[str(root)] if root.exists() else [],
        )


NOTHING = Traces(0, [], [], [], [], [], [])


def wait_until(condition: Callable[[], bool], *, seconds: float) -> None:
    """Look again until it is so: what the world says without announcing it."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not so within {seconds:.0f} s"
        time.sleep(0.05)


def _cgroups_of(cluster: LocalCluster) -> list[Path]:
    names = [hierarchy / f"parley-{cluster.name}" for hierarchy in cgroups.hierarchies()]
    return [path for path in names if path.exists()]


def _prefixes(addresses: Addresses) -> list[str]:
    """How addresses of pods and Services begin, as they stand in iptables rules."""
    return [f" {address.rpartition('.')[0]}." for address in (addresses.node, addresses.kubernetes_service)]


def _containing(text: str, *words: str) -> list[str]:
    return [line for line in text.splitlines() if any(word in line for word in words)]


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
