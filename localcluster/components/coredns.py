"""CoreDNS: names of Services, on the node's address; other names only where there is egress."""

from __future__ import annotations

from pathlib import Path

from localcluster.manifests import Manifest, cluster_role
from localcluster.processes import Program

NAME = "coredns"
USER = "localcluster:coredns"


def coredns(binary: Path, *, config: Path) -> Program:
    """The command line of CoreDNS."""
    return Program(NAME, (f"{binary}", f"-conf={config}"))


def configuration(*, address: str, kubeconfig: Path, context: str, upstream: Path | None) -> str:
    """Its Corefile; `upstream` is a resolv.conf for the names of the world."""
    forward = f"    forward . {upstream}\n" if upstream else ""
    return (
        ".:53 {\n"
        f"    bind {address}\n"
        "    errors\n"
        "    cache 5\n"
        "    kubernetes cluster.local in-addr.arpa {\n"
        f"        kubeconfig {kubeconfig} {context}\n"
        "        pods insecure\n"
        "        ttl 5\n"
        "    }\n"
        f"{forward}"
        "}\n"
    )


def manifests() -> list[Manifest]:
    """What it may read."""
    return cluster_role(
        USER,
        rules=(
            ("", "services pods namespaces", "list watch"),
            ("discovery.k8s.io", "endpointslices", "list watch"),
        ),
    )
