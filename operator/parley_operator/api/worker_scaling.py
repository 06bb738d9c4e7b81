"""How many workers a pool has, where load decides: by CPU, or by a metric of the workers' own."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from parley_operator.api.base import ResourceModel, Rule
from parley_operator.api.bounds import between
from parley_operator.api.values import Duration, MetricName, Quantity


class PodMetricSpec(ResourceModel):
    """A figure that the workers give of themselves, served by the custom metrics API (which takes an adapter)."""

    name: MetricName
    """Name of the metric, such as requests_running."""
    average_value: Quantity
    """What to aim for, on average over the workers."""


class WorkerScalingSpec(ResourceModel):
    """An autoscaler for the pool, between two bounds."""

    min_replicas: Annotated[int, Field(ge=1, le=1000)] = 1
    """Fewest workers."""
    max_replicas: Annotated[int, Field(ge=1, le=1000)]
    """Most workers."""
    target_cpu_percent: Annotated[int | None, Field(ge=10, le=100, alias="targetCPUPercent")] = None
    """CPU use to aim for, in percent of the request. Default 70, unless podMetric is said."""
    pod_metric: PodMetricSpec | None = None
    """A metric of the workers' own, such as requests that run: what tells how busy a GPU is."""
    scale_down_window: Duration | None = None
    """How long load must have been low before a worker goes, up to 1h. Default 10m."""

    rules = (
        Rule(
            cel="self.minReplicas <= self.maxReplicas",
            message="minReplicas must not be greater than maxReplicas",
            field="minReplicas",
            holds=lambda scaling: scaling.min_replicas <= scaling.max_replicas,
        ),
        between("scaleDownWindow", "scale_down_window", "0s", "1h"),
    )
