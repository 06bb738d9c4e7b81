"""What the gateway tells those who run it."""

from __future__ import annotations

from pydantic import Field

from parley_contract.base import ConfigModel, FilePath, Fraction, HttpPath, Seconds


class TracesConfig(ConfigModel):
    """OpenTelemetry traces, one per session with a span per turn, over OTLP/HTTP (the extra `traces`)."""

    endpoint: str
    """Of the collector, such as http://collector:4318/v1/traces."""
    header_files: dict[str, FilePath] = {}
    sample_ratio: Fraction = 1.0


class SlaConfig(ConfigModel):
    """What is promised; a turn that keeps all of it counts as compliant."""

    first_token: Seconds = 0.3
    partial_transcript: Seconds = 0.15
    barge_in: Seconds = 0.05
    synthesis: Seconds = 0.5
    first_audio: Seconds = 1.5


class AliasesConfig(ConfigModel):
    """Further paths of what is served over HTTP, so that existing probes and clients keep their URLs."""

    health: list[HttpPath] = Field(default=[], max_length=16)
    readiness: list[HttpPath] = Field(default=[], max_length=16)
    liveness: list[HttpPath] = Field(default=[], max_length=16)
    metrics: list[HttpPath] = Field(default=[], max_length=16)


class ObservabilityConfig(ConfigModel):
    """Metrics are always there; the rest is by choice."""

    max_tenants: int = Field(default=100, ge=0, le=10_000)
    """Tenants with a label of their own; the others share `other`."""
    sla: SlaConfig = SlaConfig()
    traces: TracesConfig | None = None
    profiles: FilePath | None = None
    """A folder into which SIGUSR1 begins, and ends, to write a profile."""
    aliases: AliasesConfig = AliasesConfig()
