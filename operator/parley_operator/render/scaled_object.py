"""The ScaledObject, by which KEDA scales the gateway on active sessions and on CPU.

KEDA makes a HorizontalPodAutoscaler of it, which behaves as our own would.
"""

from __future__ import annotations

from parley_operator.api import VoiceDeployment
from parley_operator.api.scaling import DEFAULT_MIN_REPLICAS, DEFAULT_TARGET_CPU_PERCENT, PrometheusSpec
from parley_operator.render.apis import OPTIONAL
from parley_operator.render.autoscaler import behaviour
from parley_operator.render.container import CONTAINER
from parley_operator.render.facts import Facts
from parley_operator.render.hpa import SESSIONS_METRIC
from parley_operator.render.labels import metadata
from parley_operator.render.monitoring import selector
from parley_operator.render.names import base_name
from parley_operator.render.rendered import Manifest

KIND = "ScaledObject"
PAUSED_REPLICAS = "autoscaling.keda.sh/paused-replicas"
"""KEDA brings a Deployment without pods back to its minimum, unless it is told that none are wanted."""


def scaled_object(resource: VoiceDeployment, facts: Facts) -> Manifest | None:
    """The ScaledObject; None for another engine, and where KEDA is not installed."""
    scaling, name = resource.spec.scaling, base_name(resource.metadata.name)
    if scaling.type != "KEDA" or scaling.prometheus is None or KIND not in facts.apis:
        return None
    annotations = {PAUSED_REPLICAS: "0"} if resource.spec.suspend else None
    return {
        "apiVersion": OPTIONAL[KIND].api_version,
        "kind": KIND,
        "metadata": metadata(resource, name, annotations=annotations),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicaCount": scaling.min_replicas or DEFAULT_MIN_REPLICAS,
            "maxReplicaCount": scaling.max_replicas,
            "advanced": {
                # Whoever takes over goes on with the pods that there are.
                "restoreToOriginalReplicaCount": False,
                "horizontalPodAutoscalerConfig": {"behavior": behaviour(scaling.scale_down_window)},
            },
            "triggers": [
                _sessions(resource, scaling.prometheus),
                {
                    "type": "cpu",
                    "metricType": "Utilization",
                    "metadata": {
                        "containerName": CONTAINER,
                        "value": str(scaling.target_cpu_percent or DEFAULT_TARGET_CPU_PERCENT),
                    },
                },
            ],
        },
    }


def _sessions(resource: VoiceDeployment, prometheus: PrometheusSpec) -> Manifest:
    """Series that are absent are no reason to believe that nobody talks: then no pod is taken away."""
    login = prometheus.authentication
    trigger: Manifest = {
        "type": "prometheus",
        "name": "sessions",
        "metricType": "AverageValue",
        "metadata": {
            "serverAddress": prometheus.server_address,
            "query": f"sum({SESSIONS_METRIC}{{{selector(resource)}}})",
            "threshold": str(resource.spec.scaling.target_sessions_per_pod),
            "ignoreNullValues": "false",
            **({"authModes": login.mode.lower()} if login else {}),
        },
    }
    if login:
        trigger["authenticationRef"] = {"name": login.name, "kind": login.kind}
    return trigger
