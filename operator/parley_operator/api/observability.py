"""`spec.observability`: what the gateway tells those who run it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from parley_operator.api.base import ResourceModel, Rule
from parley_operator.api.pod import without_reserved_keys
from parley_operator.api.tools import SecretHeaders
from parley_operator.api.values import BaseUrl, DecimalText, Duration, LabelValue, QualifiedName, RunbookUrl

Labels = Annotated[dict[QualifiedName, LabelValue], Field(max_length=16)]
Mode = Literal["Auto", "Enabled", "Disabled"]


class SlaSpec(ResourceModel):
    """What is promised to callers: a turn that keeps all of it counts as compliant."""

    first_token: Duration | None = None
    """From the end of the caller's turn to the model's first text. Default 300ms."""
    partial_transcript: Duration | None = None
    """From a word's last sound to the first transcript with the word. Default 150ms."""
    barge_in: Duration | None = None
    """From the caller's first sound to the agent's silence. Default 50ms."""
    synthesis: Duration | None = None
    """From the first sentence to its first audio. Default 500ms."""
    first_audio: Duration | None = None
    """From the end of the caller's turn to the first audio of the answer. Default 1500ms."""


class TracesSpec(ResourceModel):
    """OpenTelemetry traces: one for each session, with a span for each turn and no words in them."""

    endpoint: BaseUrl
    """The collector's address for OTLP over HTTP, such as http://collector:4318/v1/traces."""
    headers: SecretHeaders | None = None
    """Headers with confidential values."""
    sample_ratio: DecimalText | None = None
    """Part of the sessions that is traced, "0" to "1". Default "1"."""

    rules = (
        Rule(
            cel="!has(self.sampleRatio) || double(self.sampleRatio) <= 1.0",
            message='sampleRatio is at most "1"',
            field="sampleRatio",
            holds=lambda traces: float(traces.sample_ratio or 0) <= 1,
        ),
    )


class MonitorSpec(ResourceModel):
    """How Prometheus finds the pods: by an object of the Prometheus operator."""

    type: Literal["Auto", "PodMonitor", "ServiceMonitor", "None"] = "Auto"
    """Auto: a PodMonitor, else a ServiceMonitor, whichever the cluster serves. None: you scrape the pods yourself,
    with the resource's name as the label job."""
    labels: Labels | None = None
    """Further labels of the object, by which Prometheus selects it, such as release: kube-prometheus-stack."""

    rules = (without_reserved_keys("labels"),)


class AlertsSpec(ResourceModel):
    """What wakes people: a PrometheusRule."""

    mode: Mode = "Auto"
    """Auto: where the cluster serves the kind. Enabled: it must."""
    labels: Labels | None = None
    """Further labels of the object, by which Prometheus selects it."""
    runbook_url: Annotated[RunbookUrl | None, Field(alias="runbookURL")] = None
    """Where your runbooks are, with {alert} for the alert's name: each alert has it as runbook_url."""

    rules = (without_reserved_keys("labels"),)


class DashboardSpec(ResourceModel):
    """A Grafana dashboard, in a ConfigMap that Grafana's sidecar loads."""

    mode: Mode = "Auto"
    """Auto: where the cluster serves PodMonitors or ServiceMonitors. Enabled: in any case."""
    labels: Labels | None = None
    """Further labels of the ConfigMap, beside grafana_dashboard: "1"."""

    rules = (without_reserved_keys("labels"),)


class ObservabilitySpec(ResourceModel):
    """What the gateway tells. Metrics are always served on /metrics."""

    log_level: Literal["Debug", "Info", "Warning", "Error"] | None = None
    """Least severity that is logged. Default Info. A change reaches running pods within a minute or two and rolls
    none."""
    max_tenants: Annotated[int, Field(ge=0, le=10_000)] | None = None
    """Tenants with metrics of their own; the others share "other". Default 100."""
    sla: SlaSpec | None = None
    """What is promised to callers."""
    monitor: MonitorSpec = MonitorSpec()
    """How Prometheus finds the pods. A change rolls no pod."""
    alerts: AlertsSpec = AlertsSpec()
    """What wakes people. A change rolls no pod."""
    dashboard: DashboardSpec = DashboardSpec()
    """A Grafana dashboard. A change rolls no pod."""
    traces: TracesSpec | None = None
    """Where traces go. Absent: none are made."""
    profiling: Literal["Enabled", "Disabled"] = "Disabled"
    """Whether SIGUSR1 makes a pod write a profile of itself to /var/lib/parley/profiles."""
