"""kwok: plays nodes and the kubelets on them, so that pods become ready of which no container runs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from localcluster.manifests import Manifest
from localcluster.processes import Program

NAME = "kwok"
USER = "localcluster:kwok"
POD_RANGE = "10.128.0.1/10"
"""Where it takes the addresses of pods from; nothing listens there."""

ROOM = {"cpu": "100k", "memory": "1Pi", "pods": "1M"}
"""Of a node: kwok's own TiB is full with 2,700 gateways."""


def kwok(binary: Path, *, kubeconfig: Path, stages: Iterable[Path]) -> Program:
    """The command line; `stages` are files that say what becomes of nodes and pods.

    Nodes renew no lease: nobody looks for it, and a minute in which nothing changes is one.
    """
    argv = (
        f"{binary}",
        f"--kubeconfig={kubeconfig}",
        "--manage-all-nodes=true",
        "--node-lease-duration-seconds=0",
        f"--cidr={POD_RANGE}",
        *(f"--config={stage}" for stage in stages),
    )
    return Program(NAME, argv)


def node(number: int) -> Manifest:
    """One node. It says that it has no taint: the API server puts one on every node that is new."""
    name = f"simulated-{number}"
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"}},
        "spec": {"taints": []},
        "status": {"capacity": ROOM, "allocatable": ROOM},
    }
