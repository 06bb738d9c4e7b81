"""kube-scheduler: the only one, so without leader election."""

from __future__ import annotations

from pathlib import Path

from localcluster.processes import Program

NAME = "kube-scheduler"
USER = "system:kube-scheduler"


def kube_scheduler(binary: Path, *, kubeconfig: Path) -> Program:
    """The command line of the scheduler; its request rate is that of the controllers, who make the pods."""
    argv = (
        f"{binary}",
        f"--kubeconfig={kubeconfig}",
        "--leader-elect=false",
        "--secure-port=0",
        "--kube-api-qps=200",
        "--kube-api-burst=400",
    )
    return Program(NAME, argv)
