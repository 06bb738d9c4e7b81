"""`spec.scaling`: how many pods there are, and who decides."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from parley_operator.api.base import ResourceModel, Rule
from parley_operator.api.durations import seconds
from parley_operator.api.values import Duration

DEFAULT_MIN_REPLICAS = 1
DEFAULT_TARGET_CPU_PERCENT = 70
DEFAULT_SCALE_DOWN_WINDOW = "30m"
"""The autoscaler's own default of 5m removes pods in every pause between calls."""


class ScalingSpec(ResourceModel):
    """How many pods there are, and who decides."""

    type: Literal["Fixed", "HPA"] = "Fixed"
    """Fixed: spec.replicas pods. HPA: a HorizontalPodAutoscaler on the CPU of the gateway."""
    min_replicas: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Fewest pods under HPA. Default 1."""
    max_replicas: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Most pods under HPA, where it is required."""
    target_cpu_percent: Annotated[int | None, Field(ge=10, le=100, alias="targetCPUPercent")] = None
    """CPU use to aim for, in percent of the gateway's CPU request. Default 70."""
    scale_down_window: Duration | None = None
    """How long load must have been low before a pod goes, up to 1h. Default 30m."""

    rules = (
        Rule(
            cel="self.type != 'HPA' || has(self.maxReplicas)",
            message="maxReplicas is required for type HPA",
            field="maxReplicas",
            holds=lambda scaling: scaling.type != "HPA" or scaling.max_replicas is not None,
            blame="FieldValueRequired",
        ),
        Rule(
            cel="self.type == 'HPA' || (!has(self.minReplicas) && !has(self.maxReplicas) && "
            "!has(self.targetCPUPercent) && !has(self.scaleDownWindow))",
            message="minReplicas, maxReplicas, targetCPUPercent and scaleDownWindow are for type HPA; "
            "type Fixed takes spec.replicas",
            holds=lambda scaling: scaling.type == "HPA" or not scaling.autoscales,
            blame="FieldValueForbidden",
        ),
        Rule(
            cel="!has(self.minReplicas) || !has(self.maxReplicas) || self.minReplicas <= self.maxReplicas",
            message="minReplicas must not be greater than maxReplicas",
            field="minReplicas",
            holds=lambda scaling: (scaling.min_replicas or 1) <= (scaling.max_replicas or 1000),
        ),
        Rule(
            cel="!has(self.scaleDownWindow) || duration(self.scaleDownWindow) <= duration('1h')",
            message="scaleDownWindow must be at most 1h",
            field="scaleDownWindow",
            holds=lambda scaling: scaling.scale_down_window is None or seconds(scaling.scale_down_window) <= 3600,
        ),
    )

    @property
    def autoscales(self) -> bool:
        """Whether any of the settings of an autoscaler is there."""
        settings = (self.min_replicas, self.max_replicas, self.target_cpu_percent, self.scale_down_window)
        return any(setting is not None for setting in settings)
