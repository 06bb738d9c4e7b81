"""kube-controller-manager: all controllers, or only those a test asks for."""

from __future__ import annotations

from pathlib import Path

from localcluster.pki import Pki
from localcluster.processes import Program

NAME = "kube-controller-manager"
USER = "system:kube-controller-manager"


def kube_controller_manager(
    binary: Path, *, kubeconfig: Path, pki: Pki, controllers: tuple[str, ...] = ("*",)
) -> Program:
    """The command line; no serving port of its own, no leader election: there is only one.

    HPAs look every 5 s and count a pod's CPU 10 s after its start, so that a person who watches
    does not wait for minutes. The request rate is well above the default of 20/s, so that the
    garbage collector of a test that deletes a thousand owners keeps up.
    """
    argv = (
        f"{binary}",
        f"--kubeconfig={kubeconfig}",
        f"--controllers={','.join(controllers)}",
        f"--service-account-private-key-file={pki.service_accounts.key}",
        f"--root-ca-file={pki.authority.certificate}",
        f"--cluster-signing-cert-file={pki.authority.certificate}",
        f"--cluster-signing-key-file={pki.authority.key}",
        "--use-service-account-credentials",
        "--leader-elect=false",
        "--secure-port=0",
        "--horizontal-pod-autoscaler-sync-period=5s",
        "--horizontal-pod-autoscaler-cpu-initialization-period=10s",
        "--horizontal-pod-autoscaler-initial-readiness-delay=5s",
        "--kube-api-qps=200",
        "--kube-api-burst=400",
    )
    return Program(NAME, argv)
