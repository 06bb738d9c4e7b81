"""What every autoscaler has in common: quick to add pods, slow to take one away."""

from __future__ import annotations

import math
from collections.abc import Sequence

from parley_operator.api.durations import seconds
from parley_operator.api.scaling import DEFAULT_SCALE_DOWN_WINDOW
from parley_operator.render.rendered import Manifest

SCALE_DOWN_PERIOD_SECONDS = 120
"""One pod in two minutes: the defaults, every pod above need in 15 s, end busy pods."""


def behaviour(scale_down_window: str | None) -> Manifest:
    """How fast pods come and go; `scale_down_window` as the resource writes durations, None for the default."""
    return {
        "scaleUp": {
            "stabilizationWindowSeconds": 0,
            "selectPolicy": "Max",
            "policies": [
                {"type": "Percent", "value": 100, "periodSeconds": 15},
                {"type": "Pods", "value": 4, "periodSeconds": 15},
            ],
        },
        "scaleDown": {
            "stabilizationWindowSeconds": math.ceil(seconds(scale_down_window or DEFAULT_SCALE_DOWN_WINDOW)),
            "selectPolicy": "Max",
            "policies": [{"type": "Pods", "value": 1, "periodSeconds": SCALE_DOWN_PERIOD_SECONDS}],
        },
    }


def cpu(container: str, percent: int) -> Manifest:
    """One container's CPU, in percent of its request: a sidecar of the user's mesh does not count."""
    target = {"type": "Utilization", "averageUtilization": percent}
    return {
        "type": "ContainerResource",
        "containerResource": {"name": "cpu", "container": container, "target": target},
    }


def per_pod(metric: str, target: int | str) -> Manifest:
    """A metric that each pod has in custom.metrics.k8s.io, and its average to aim for."""
    return {
        "type": "Pods",
        "pods": {"metric": {"name": metric}, "target": {"type": "AverageValue", "averageValue": str(target)}},
    }


def autoscaler(
    metadata: Manifest,
    *,
    least: int,
    most: int,
    metrics: Sequence[Manifest],
    scale_down_window: str | None,
) -> Manifest:
    """A HorizontalPodAutoscaler of the Deployment that has its name."""
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata,
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": metadata["name"]},
            "minReplicas": least,
            "maxReplicas": most,
            "metrics": list(metrics),
            "behavior": behaviour(scale_down_window),
        },
    }
