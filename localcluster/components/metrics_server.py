"""metrics-server: CPU and memory of pods and nodes, for HPAs and `kubectl top`."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

from localcluster.certificates import KeyPair, Subject
from localcluster.manifests import Manifest, cluster_role, cluster_role_binding, role_binding
from localcluster.processes import Program

NAME = "metrics-server"
USER = "localcluster:metrics-server"
NAMESPACE = "kube-system"
PORT = 10443
LABELS = {"kubernetes.io/service-name": NAME}


@dataclass(frozen=True)
class Trust:
    """The authority that signed the kubelet's certificate and this server's own pair."""

    authority: Path
    serving: KeyPair


def subject(address: str) -> Subject:
    """Whom its certificate names: the Service through which the API server calls it."""
    return Subject(NAME, (), (f"{NAME}.{NAMESPACE}.svc", address))


def metrics_server(binary: Path, *, kubeconfig: Path, trust: Trust) -> Program:
    """The command line; 10 s is the shortest resolution that it accepts."""
    argv = (
        f"{binary}",
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        f"--secure-port={PORT}",
        f"--tls-cert-file={trust.serving.certificate}",
        f"--tls-private-key-file={trust.serving.key}",
        f"--kubelet-certificate-authority={trust.authority}",
        "--kubelet-preferred-address-types=InternalIP",
        "--metric-resolution=10s",
        "--kubelet-request-timeout=5s",
    )
    return Program(NAME, argv)


def manifests(*, address: str, authority: Path) -> list[Manifest]:
    """Its rights, and the API that it serves from outside the cluster's pods."""
    metadata = {"name": NAME, "namespace": NAMESPACE}
    return [
        *cluster_role(USER, rules=(("", "nodes/metrics", "get"), ("", "pods nodes", "get list watch"))),
        cluster_role_binding(USER, role="system:auth-delegator"),
        role_binding(USER, role="extension-apiserver-authentication-reader", namespace=NAMESPACE),
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata,
            "spec": {"ports": [_port(443, target=PORT)]},
        },
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {**metadata, "labels": LABELS},
            "addressType": "IPv4",
            "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
            "ports": [_port(PORT)],
        },
        _api_service(authority),
    ]


def _port(number: int, *, target: int | None = None) -> Manifest:
    port: Manifest = {"name": "https", "port": number, "protocol": "TCP"}
    return port if target is None else {**port, "targetPort": target}


def _api_service(authority: Path) -> Manifest:
    return {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": "v1beta1.metrics.k8s.io"},
        "spec": {
            "group": "metrics.k8s.io",
            "version": "v1beta1",
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            "service": {"name": NAME, "namespace": NAMESPACE, "port": 443},
            "caBundle": base64.b64encode(authority.read_bytes()).decode(),
        },
    }
