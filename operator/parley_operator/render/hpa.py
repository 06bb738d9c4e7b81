"""The HorizontalPodAutoscaler: quick to add pods, slow to take one away."""

from __future__ import annotations

import math

from parley_operator.api import VoiceDeployment
from parley_operator.api.durations import seconds
from parley_operator.api.scaling import (
    DEFAULT_MIN_REPLICAS,
    DEFAULT_SCALE_DOWN_WINDOW,
    DEFAULT_TARGET_CPU_PERCENT,
)
from parley_operator.render.labels import metadata
from parley_operator.render.names import base_name
from parley_operator.render.pod import CONTAINER
from parley_operator.render.rendered import Manifest

SCALE_DOWN_PERIOD_SECONDS = 120
"""One pod in two minutes: the defaults, every pod above need in 15 s, end busy pods."""


def hpa(resource: VoiceDeployment) -> Manifest | None:
    """The autoscaler; None for fixed scaling. It rests by itself while a suspension holds the replicas at 0."""
    scaling, name = resource.spec.scaling, base_name(resource.metadata.name)
    if scaling.type != "HPA":
        return None
    target = {
        "type": "Utilization",
        "averageUtilization": scaling.target_cpu_percent or DEFAULT_TARGET_CPU_PERCENT,
    }
    window = math.ceil(seconds(scaling.scale_down_window or DEFAULT_SCALE_DOWN_WINDOW))
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata(resource, name),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": scaling.min_replicas or DEFAULT_MIN_REPLICAS,
            "maxReplicas": scaling.max_replicas,
            # The container's own use: a sidecar of the user's mesh does not count.
            "metrics": [
                {
                    "type": "ContainerResource",
                    "containerResource": {"name": "cpu", "container": CONTAINER, "target": target},
                }
            ],
            "behavior": {
                "scaleUp": {
                    "stabilizationWindowSeconds": 0,
                    "selectPolicy": "Max",
                    "policies": [
                        {"type": "Percent", "value": 100, "periodSeconds": 15},
                        {"type": "Pods", "value": 4, "periodSeconds": 15},
                    ],
                },
                "scaleDown": {
                    "stabilizationWindowSeconds": window,
                    "selectPolicy": "Max",
                    "policies": [{"type": "Pods", "value": 1, "periodSeconds": SCALE_DOWN_PERIOD_SECONDS}],
                },
            },
        },
    }
