"""The HorizontalPodAutoscaler of a worker pool: on CPU, or on a metric of the workers' own."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from parley_operator.api import VoiceDeployment
from parley_operator.api.durations import seconds
from parley_operator.api.quantities import canonical_quantity
from parley_operator.api.worker_pools import WorkerPoolSpec, WorkerScalingSpec
from parley_operator.render.rendered import Manifest
from parley_operator.render.worker_labels import worker_metadata, worker_name
from parley_operator.render.worker_pod import CONTAINER

DEFAULT_TARGET_CPU_PERCENT = 70
DEFAULT_SCALE_DOWN_WINDOW = "10m"
"""Requests are short, so that a worker may go at any time; but its successor must load the models again."""
SCALE_DOWN_PERIOD_SECONDS = 60


def worker_hpa(resource: VoiceDeployment, pool: WorkerPoolSpec) -> Manifest | None:
    """The autoscaler; None for a fixed number. It rests by itself while a suspension holds the replicas at 0."""
    scaling = pool.scaling
    if scaling is None:
        return None
    window = math.ceil(seconds(scaling.scale_down_window or DEFAULT_SCALE_DOWN_WINDOW))
    name = worker_name(resource, pool)
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": worker_metadata(resource, pool),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": scaling.min_replicas,
            "maxReplicas": scaling.max_replicas,
            "metrics": list(_metrics(scaling)),
            "behavior": _behavior(window),
        },
    }


def _metrics(scaling: WorkerScalingSpec) -> Iterator[dict[str, Any]]:
    """Of two the one that wants more workers decides."""
    if scaling.target_cpu_percent is not None or scaling.pod_metric is None:
        percent = scaling.target_cpu_percent or DEFAULT_TARGET_CPU_PERCENT
        use = {"type": "Utilization", "averageUtilization": percent}
        own = {"name": "cpu", "container": CONTAINER, "target": use}
        yield {"type": "ContainerResource", "containerResource": own}
    if scaling.pod_metric is not None:
        target = {
            "type": "AverageValue",
            "averageValue": canonical_quantity(scaling.pod_metric.average_value),
        }
        yield {"type": "Pods", "pods": {"metric": {"name": scaling.pod_metric.name}, "target": target}}


def _behavior(window: int) -> dict[str, Any]:
    """Up at once, and doubled if need be; down by one worker at a time, after `window` seconds of less load."""
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
            "stabilizationWindowSeconds": window,
            "selectPolicy": "Max",
            "policies": [{"type": "Pods", "value": 1, "periodSeconds": SCALE_DOWN_PERIOD_SECONDS}],
        },
    }
