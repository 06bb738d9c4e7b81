"""kube-proxy: Services as iptables rules of the node's own network namespace."""

from __future__ import annotations

from pathlib import Path

from localcluster.processes import Program

NAME = "kube-proxy"
USER = "system:kube-proxy"


def kube_proxy(binary: Path, *, node_name: str, pod_range: str, kubeconfig: Path) -> Program:
    """The command line; limits of connection tracking belong to the machine and stay as they are."""
    argv = (
        f"{binary}",
        f"--kubeconfig={kubeconfig}",
        f"--hostname-override={node_name}",
        f"--cluster-cidr={pod_range}",
        "--proxy-mode=iptables",
        "--iptables-min-sync-period=100ms",
        "--conntrack-max-per-core=0",
        "--conntrack-tcp-timeout-established=0",
        "--conntrack-tcp-timeout-close-wait=0",
    )
    return Program(NAME, argv)
