"""Traefik: the ingress controller, on loopback ports of the machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from localcluster.manifests import Manifest, cluster_role
from localcluster.ports import is_listening
from localcluster.processes import Program

NAME = "traefik"
USER = "localcluster:traefik"
CLASS = "traefik"
ADDRESS = "127.0.0.1"
WEB_PORT, WEBSECURE_PORT = 8080, 8443
"""Preferred ports; others are taken where these are in use."""
CRDS = "kubernetes-crd-definition-v1.yml"
_GATEWAY_KINDS = ("gatewayclasses", "gateways", "httproutes", "grpcroutes", "referencegrants")
"""Of the Gateway API's standard channel, all of which it waits for."""


@dataclass(frozen=True)
class Entrypoints:
    """Where clients connect: plain and with TLS."""

    web: int
    websecure: int

    def answer(self) -> bool:
        """Whether both ports take connections."""
        return all(is_listening(ADDRESS, port) for port in (self.web, self.websecure))


def traefik(binary: Path, *, kubeconfig: Path, entrypoints: Entrypoints) -> Program:
    """The command line.

    Without read and write timeouts, which would cut WebSockets; an idle connection without one
    is closed after three minutes, Traefik's default.
    """
    argv = (
        f"{binary}",
        *_entrypoint("web", entrypoints.web),
        *_entrypoint("websecure", entrypoints.websecure),
        "--entryPoints.websecure.http.tls=true",
        f"--providers.kubernetesIngress.ingressClass={CLASS}",
        f"--providers.kubernetesIngress.ingressEndpoint.ip={ADDRESS}",
        "--providers.kubernetesIngress.throttleDuration=200ms",
        f"--providers.kubernetesCRD.ingressClass={CLASS}",
        "--providers.kubernetesCRD.throttleDuration=200ms",
        "--providers.kubernetesGateway=true",
        f"--providers.kubernetesGateway.statusAddress.ip={ADDRESS}",
        "--providers.kubernetesGateway.throttleDuration=200ms",
        "--providers.providersThrottleDuration=200ms",
        "--global.checkNewVersion=false",
        "--global.sendAnonymousUsage=false",
        "--log.level=INFO",
        "--log.noColor=true",
    )
    return Program(NAME, argv, environment={"KUBECONFIG": str(kubeconfig)})


def manifests() -> list[Manifest]:
    """Its rights and its IngressClass, the default one. A GatewayClass is whoever's that wants Gateways."""
    ingress_class = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {"name": CLASS, "annotations": {"ingressclass.kubernetes.io/is-default-class": "true"}},
        "spec": {"controller": "traefik.io/ingress-controller"},
    }
    watch = "get list watch"
    rules = (
        ("", "services secrets nodes configmaps namespaces pods", watch),
        ("discovery.k8s.io", "endpointslices", "list watch"),
        ("networking.k8s.io", "ingresses ingressclasses", watch),
        ("networking.k8s.io", "ingresses/status", "update"),
        ("traefik.io", "*", watch),
        ("gateway.networking.k8s.io", " ".join(_GATEWAY_KINDS), watch),
        ("gateway.networking.k8s.io", " ".join(f"{kind}/status" for kind in _GATEWAY_KINDS), "update"),
    )
    return [*cluster_role(USER, rules=rules), ingress_class]


def _entrypoint(name: str, port: int) -> tuple[str, ...]:
    """Calls are neither timed out, nor cut within their longest (half an hour by default) when it is to end."""
    timeouts = f"--entryPoints.{name}.transport.respondingTimeouts"
    return (
        f"--entryPoints.{name}.address={ADDRESS}:{port}",
        f"{timeouts}.readTimeout=0s",
        f"{timeouts}.writeTimeout=0s",
        f"--entryPoints.{name}.transport.lifeCycle.graceTimeOut=1800s",
    )
