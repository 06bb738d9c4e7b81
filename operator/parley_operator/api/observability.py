"""`spec.observability`: what the gateway tells those who run it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from parley_operator.api.base import ResourceModel, Rule
from parley_operator.api.tools import SecretHeaders
from parley_operator.api.values import BaseUrl, DecimalText, Duration


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


class ObservabilitySpec(ResourceModel):
    """What the gateway tells. Metrics are always served on /metrics."""

    log_level: Literal["Debug", "Info", "Warning", "Error"] | None = None
    """Least severity that is logged. Default Info."""
    max_tenants: Annotated[int, Field(ge=0, le=10_000)] | None = None
    """Tenants with metrics of their own; the others share "other". Default 100."""
    sla: SlaSpec | None = None
    """What is promised to callers."""
    traces: TracesSpec | None = None
    """Where traces go. Absent: none are made."""
    profiling: Literal["Enabled", "Disabled"] = "Disabled"
    """Whether SIGUSR1 makes a pod write a profile of itself to /var/lib/parley/profiles."""
