"""Kinds of children whose API somebody else installs, so that a cluster may have it or not.

Their objects are made only where the API server serves the kind; `Facts.apis` says which it does. A new kind is a
line here, a view in `views.py` and a rule in the chart.
"""

from __future__ import annotations

from typing import NamedTuple


class Api(NamedTuple):
    """Where a kind is served."""

    group: str
    version: str
    plural: str

    @property
    def api_version(self) -> str:
        """As manifests have it."""
        return f"{self.group}/{self.version}"

    @property
    def definition(self) -> str:
        """The name of its CustomResourceDefinition."""
        return f"{self.plural}.{self.group}"


OPTIONAL: dict[str, Api] = {
    "Certificate": Api("cert-manager.io", "v1", "certificates"),
    "HTTPRoute": Api("gateway.networking.k8s.io", "v1", "httproutes"),
    "BackendTrafficPolicy": Api("gateway.envoyproxy.io", "v1alpha1", "backendtrafficpolicies"),
    "Middleware": Api("traefik.io", "v1alpha1", "middlewares"),
    "IngressRoute": Api("traefik.io", "v1alpha1", "ingressroutes"),
    "BackendConfig": Api("cloud.google.com", "v1", "backendconfigs"),
    "FrontendConfig": Api("networking.gke.io", "v1beta1", "frontendconfigs"),
    "DestinationRule": Api("networking.istio.io", "v1", "destinationrules"),
    "KongPlugin": Api("configuration.konghq.com", "v1", "kongplugins"),
    "KongUpstreamPolicy": Api("configuration.konghq.com", "v1beta1", "kongupstreampolicies"),
    "PodMonitor": Api("monitoring.coreos.com", "v1", "podmonitors"),
    "ServiceMonitor": Api("monitoring.coreos.com", "v1", "servicemonitors"),
    "PrometheusRule": Api("monitoring.coreos.com", "v1", "prometheusrules"),
    "ScaledObject": Api("keda.sh", "v1alpha1", "scaledobjects"),
}
"""By kind."""

CUSTOM_METRICS = "custom.metrics.k8s.io"
"""The API group by which autoscalers read what each pod tells; whoever installs a server of it registers it."""

GATEWAY = Api("gateway.networking.k8s.io", "v1", "gateways")
"""Read, never made."""
