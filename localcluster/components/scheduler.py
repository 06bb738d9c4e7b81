"""kube-scheduler: the only one, so without leader election."""

from __future__ import annotations

from pathlib import Path

from localcluster.processes import Program

NAME = "kube-scheduler"
USER = "system:kube-scheduler"


def kube_scheduler(binary: Path, *, kubeconfig: Path) -> Program:
    """The command line of the scheduler."""
    argv = (f"{binary}", f"--kubeconfig={kubeconfig}", "--leader-elect=false", "--secure-port=0")
    return Program(NAME, argv)
