"""kube-apiserver: the flags of a small but real one, with Node and RBAC authorization."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from localcluster.pki import Pki
from localcluster.processes import Program

NAME = "kube-apiserver"
ISSUER = "https://kubernetes.default.svc.cluster.local"


@dataclass(frozen=True)
class Listening:
    """Where the API server listens and where it says it is.

    `advertised` becomes the endpoint of the Service `kubernetes`; without one (a control plane
    that no pod ever calls) that Service gets no endpoint.
    """

    bind: str
    port: int
    service_range: str
    advertised: str | None = None


@dataclass(frozen=True)
class Audit:
    """What the API server writes down about requests: a policy file and the log's path."""

    policy: Path
    log: Path


def kube_apiserver(
    binary: Path,
    *,
    pki: Pki,
    listening: Listening,
    etcd_port: int,
    audit: Audit | None = None,
    flags: tuple[str, ...] = (),
) -> Program:
    """The command line of the API server; `flags` come last and so win."""
    argv = (
        f"{binary}",
        *_serving(pki, listening),
        *_etcd(pki, etcd_port),
        *_tokens(pki),
        *_aggregation(pki),
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged",
        "--profiling=false",
        *(_audit(audit) if audit else ()),
        *flags,
    )
    return Program(NAME, argv)


def _serving(pki: Pki, listening: Listening) -> tuple[str, ...]:
    reconciler = "lease" if listening.advertised else "none"
    return (
        f"--bind-address={listening.bind}",
        f"--secure-port={listening.port}",
        f"--advertise-address={listening.advertised or listening.bind}",
        f"--endpoint-reconciler-type={reconciler}",
        f"--service-cluster-ip-range={listening.service_range}",
        f"--tls-cert-file={pki.apiserver.certificate}",
        f"--tls-private-key-file={pki.apiserver.key}",
        f"--client-ca-file={pki.authority.certificate}",
        f"--kubelet-certificate-authority={pki.authority.certificate}",
        f"--kubelet-client-certificate={pki.apiserver_to_kubelet.certificate}",
        f"--kubelet-client-key={pki.apiserver_to_kubelet.key}",
        "--kubelet-preferred-address-types=InternalIP",
    )


def _etcd(pki: Pki, port: int) -> tuple[str, ...]:
    return (
        f"--etcd-servers=https://127.0.0.1:{port}",
        f"--etcd-cafile={pki.etcd_authority.certificate}",
        f"--etcd-certfile={pki.apiserver_to_etcd.certificate}",
        f"--etcd-keyfile={pki.apiserver_to_etcd.key}",
    )


def _tokens(pki: Pki) -> tuple[str, ...]:
    return (
        f"--service-account-issuer={ISSUER}",
        f"--service-account-key-file={pki.service_accounts.certificate}",
        f"--service-account-signing-key-file={pki.service_accounts.key}",
    )


def _aggregation(pki: Pki) -> tuple[str, ...]:
    return (
        f"--requestheader-client-ca-file={pki.front_proxy_authority.certificate}",
        "--requestheader-allowed-names=front-proxy",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-username-headers=X-Remote-User",
        f"--proxy-client-cert-file={pki.front_proxy.certificate}",
        f"--proxy-client-key-file={pki.front_proxy.key}",
        "--enable-aggregator-routing=true",
    )


def _audit(audit: Audit) -> tuple[str, ...]:
    """Blocking mode: a request that was answered is in the log."""
    return (
        f"--audit-policy-file={audit.policy}",
        f"--audit-log-path={audit.log}",
        "--audit-log-mode=blocking",
    )
