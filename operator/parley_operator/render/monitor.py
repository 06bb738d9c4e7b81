"""The PodMonitor or the ServiceMonitor, by which the Prometheus operator finds the gateway's pods."""

from __future__ import annotations

from typing import Any

from parley_operator.api import VoiceDeployment
from parley_operator.render.apis import OPTIONAL
from parley_operator.render.facts import Facts
from parley_operator.render.labels import NAME, all_pods
from parley_operator.render.monitoring import labelled, monitor_kind, observability
from parley_operator.render.names import base_name
from parley_operator.render.rendered import Manifest

_ENDPOINT = {"port": "http", "path": "/metrics", "scheme": "http"}
"""The interval is Prometheus' own."""


def pod_monitor(resource: VoiceDeployment, facts: Facts) -> Manifest | None:
    """A target for each pod, whether it is ready or drains; None where another way is chosen, or none."""
    return _monitor("PodMonitor", resource, facts, {"podMetricsEndpoints": [dict(_ENDPOINT)]})


def service_monitor(resource: VoiceDeployment, facts: Facts) -> Manifest | None:
    """The same by the Service, where no PodMonitors are served; None where another way is chosen, or none."""
    return _monitor("ServiceMonitor", resource, facts, {"endpoints": [dict(_ENDPOINT)]})


def _monitor(kind: str, resource: VoiceDeployment, facts: Facts, endpoints: dict[str, Any]) -> Manifest | None:
    if monitor_kind(resource, facts) != kind:
        return None
    wanted = observability(resource).monitor
    return {
        "apiVersion": OPTIONAL[kind].api_version,
        "kind": kind,
        "metadata": labelled(resource, base_name(resource.metadata.name), wanted.labels),
        "spec": {
            # Alerts and the dashboard find the series by it.
            "jobLabel": NAME,
            "selector": all_pods(resource),
            **endpoints,
        },
    }
