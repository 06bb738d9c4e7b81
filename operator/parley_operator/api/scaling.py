"""`spec.scaling`: how many pods there are, and who decides."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from parley_operator.api.base import ResourceModel, Rule
from parley_operator.api.durations import seconds
from parley_operator.api.values import BaseUrl, Duration, ObjectName

DEFAULT_MIN_REPLICAS = 1
DEFAULT_TARGET_CPU_PERCENT = 70
DEFAULT_SCALE_DOWN_WINDOW = "30m"
"""The autoscaler's own default of 5m removes pods in every pause between calls."""


class PrometheusAuthentication(ResourceModel):
    """How KEDA logs in to Prometheus: by an object of KEDA's own, which holds or finds the credentials."""

    kind: Literal["TriggerAuthentication", "ClusterTriggerAuthentication"] = "TriggerAuthentication"
    """The first lies in the resource's namespace, the second is the cluster's."""
    name: ObjectName
    """Name of that object."""
    mode: Literal["Bearer", "Basic", "TLS", "Custom"]
    """What it has: a token, a user and a password, a client certificate, or a header of your own."""


class PrometheusSpec(ResourceModel):
    """The Prometheus that scrapes the gateway's pods, as KEDA's operator reaches it."""

    server_address: BaseUrl
    """Its address, such as http://prometheus-operated.monitoring:9090."""
    authentication: PrometheusAuthentication | None = None
    """How KEDA logs in there. Absent: not at all."""


class ScalingSpec(ResourceModel):
    """How many pods there are, and who decides."""

    type: Literal["Fixed", "HPA", "KEDA"] = "Fixed"
    """Fixed: spec.replicas pods. HPA: a HorizontalPodAutoscaler on the gateway's CPU and, given a
    targetSessionsPerPod, on active sessions, which it reads from custom.metrics.k8s.io. KEDA: a ScaledObject on
    both, which reads sessions from Prometheus. A change hands over the pods that there are, but for one to Fixed,
    which says their number."""
    min_replicas: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Fewest pods under an autoscaler. Default 1."""
    max_replicas: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Most pods under an autoscaler, where it is required."""
    target_sessions_per_pod: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """Active sessions to aim for in each pod, at most nine tenths of limits.sessionsPerPod. Required for KEDA.
    Absent under HPA: CPU alone decides."""
    target_cpu_percent: Annotated[int | None, Field(ge=10, le=100, alias="targetCPUPercent")] = None
    """CPU use to aim for, in percent of the gateway's CPU request. Default 70."""
    scale_down_window: Duration | None = None
    """How long load must have been low before a pod goes, up to 1h; then one goes in two minutes. Default 30m."""
    prometheus: PrometheusSpec | None = None
    """Where KEDA reads active sessions. Required for KEDA, and for it alone."""

    rules = (
        Rule(
            cel="self.type == 'Fixed' || has(self.maxReplicas)",
            message="maxReplicas is required for types HPA and KEDA",
            field="maxReplicas",
            holds=lambda scaling: scaling.type == "Fixed" or scaling.max_replicas is not None,
            blame="FieldValueRequired",
        ),
        Rule(
            cel="self.type != 'Fixed' || (!has(self.minReplicas) && !has(self.maxReplicas) && "
            "!has(self.targetSessionsPerPod) && !has(self.targetCPUPercent) && !has(self.scaleDownWindow))",
            message="minReplicas, maxReplicas, targetSessionsPerPod, targetCPUPercent and scaleDownWindow are for "
            "types HPA and KEDA; type Fixed takes spec.replicas",
            holds=lambda scaling: scaling.type != "Fixed" or not scaling.autoscales,
            blame="FieldValueForbidden",
        ),
        Rule(
            cel="self.type != 'KEDA' || (has(self.prometheus) && has(self.targetSessionsPerPod))",
            message="type KEDA needs targetSessionsPerPod, and prometheus to read sessions from; "
            "type HPA scales on CPU alone",
            holds=lambda scaling: (
                scaling.type != "KEDA"
                or (scaling.prometheus is not None and scaling.target_sessions_per_pod is not None)
            ),
            blame="FieldValueRequired",
        ),
        Rule(
            cel="self.type == 'KEDA' || !has(self.prometheus)",
            message="prometheus is for type KEDA: a HorizontalPodAutoscaler reads custom.metrics.k8s.io",
            field="prometheus",
            holds=lambda scaling: scaling.type == "KEDA" or scaling.prometheus is None,
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
        settings = (
            self.min_replicas,
            self.max_replicas,
            self.target_sessions_per_pod,
            self.target_cpu_percent,
            self.scale_down_window,
        )
        return any(setting is not None for setting in settings)
