"""The HorizontalPodAutoscaler of a worker pool: on CPU, or on a metric of the workers' own."""

from __future__ import annotations

from collections.abc import Iterator

from parley_operator.api import VoiceDeployment
from parley_operator.api.quantities import canonical_quantity
from parley_operator.api.worker_pools import WorkerPoolSpec
from parley_operator.api.worker_scaling import WorkerScalingSpec
from parley_operator.render.autoscaler import autoscaler, cpu, per_pod
from parley_operator.render.rendered import Manifest
from parley_operator.render.worker_labels import worker_metadata
from parley_operator.render.worker_pod import CONTAINER

DEFAULT_TARGET_CPU_PERCENT = 70
DEFAULT_SCALE_DOWN_WINDOW = "10m"
"""Requests are short, so that a worker may go at any time; but its successor must load the models again."""


def worker_hpa(resource: VoiceDeployment, pool: WorkerPoolSpec) -> Manifest | None:
    """The autoscaler; None for a fixed number. It rests by itself while a suspension holds the replicas at 0."""
    scaling = pool.scaling
    if scaling is None:
        return None
    return autoscaler(
        worker_metadata(resource, pool),
        least=scaling.min_replicas,
        most=scaling.max_replicas,
        metrics=list(_metrics(scaling)),
        scale_down_window=scaling.scale_down_window or DEFAULT_SCALE_DOWN_WINDOW,
    )


def _metrics(scaling: WorkerScalingSpec) -> Iterator[Manifest]:
    """Of two the one that wants more workers decides."""
    if scaling.target_cpu_percent is not None or scaling.pod_metric is None:
        yield cpu(CONTAINER, scaling.target_cpu_percent or DEFAULT_TARGET_CPU_PERCENT)
    if scaling.pod_metric is not None:
        yield per_pod(scaling.pod_metric.name, canonical_quantity(scaling.pod_metric.average_value))
