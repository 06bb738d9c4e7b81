"""What the process counts, under the names that dashboards and autoscalers know."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector

from parley_contract.codes import CloseCode
from parley_contract.observability import ObservabilityConfig
from parley_gateway.conversation.events import EndReason, FailureKind, Stage
from parley_gateway.conversation.history import ToolStatus
from parley_gateway.conversation.notices import ReplyStatus
from parley_gateway.health import Health
from parley_gateway.ports import Usage
from parley_gateway.session.observer import Latency, Unobserved
from parley_gateway.telemetry.providers import ProviderMetrics
from parley_gateway.telemetry.sla import ALL, TurnSla
from parley_gateway.telemetry.summary import Summary
from parley_gateway.telemetry.tenants import Tenants

_LATENCY_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
"""With an edge at each promise: barge-in 50 ms, partial transcript 150 ms, first token 300 ms."""
_DURATION_BUCKETS = (5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600)
_COST_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_LAG_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)


class Metrics:
    """All series of one process. Also what protocols report to."""

    def __init__(
        self,
        config: ObservabilityConfig | None = None,
        *,
        sessions_per_pod: int = 100,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.config = config or ObservabilityConfig()
        self.tenants = Tenants(self.config.max_tenants)
        self._most = sessions_per_pod
        self._summary = Summary(clock)
        registry = self.registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        GCCollector(registry=registry)
        self.sessions = Counter(
            "voice_sessions", "Sessions that ended.", ["tenant_id", "status"], registry=registry
        )
        self.active = Gauge("voice_sessions_active", "Sessions that talk now.", registry=registry)
        self.durations = Histogram(
            "voice_session_duration_seconds",
            "How long sessions took.",
            buckets=_DURATION_BUCKETS,
            registry=registry,
        )
        self.connections = Gauge("voice_connections_active", "WebSockets that are open now.", registry=registry)
        self.closes = Counter("voice_connection_closes", "Closed WebSockets.", ["code"], registry=registry)
        self.refused = Counter(
            "voice_connections_refused", "Handshakes answered with an error.", ["reason"], registry=registry
        )
        self.latency = Histogram(
            "voice_latency_seconds",
            "Spans that a caller feels.",
            ["type"],
            buckets=_LATENCY_BUCKETS,
            registry=registry,
        )
        self.replies = Counter("voice_replies", "Replies that are over.", ["status"], registry=registry)
        self.errors = Counter(
            "voice_provider_errors", "Failures of providers.", ["stage", "kind"], registry=registry
        )
        self.usage = Counter(
            "voice_usage",
            "What providers bill, in their units.",
            ["stage", "provider", "model", "unit"],
            registry=registry,
        )
        self.tools = Histogram(
            "voice_tool_seconds",
            "How long calls of tools took.",
            ["tool", "status"],
            buckets=_LATENCY_BUCKETS,
            registry=registry,
        )
        self.dropped = Counter(
            "voice_input_dropped_seconds", "Callers' audio that was left out.", registry=registry
        )
        self.underruns = Counter(
            "voice_underruns", "Times a client ran out of audio within a reply.", registry=registry
        )
        self.starved = Counter("voice_underrun_seconds", "Silence within replies.", registry=registry)
        self.lag = Histogram(
            "voice_event_loop_lag_seconds",
            "How late the event loop runs what is due.",
            buckets=_LAG_BUCKETS,
            registry=registry,
        )
        self.sla_turns = Counter(
            "voice_sla_turns", "Turns that put a promise to the test.", ["promise", "kept"], registry=registry
        )
        compliance = Gauge(
            "voice_sla_compliance", "Part of the last minutes' turns that kept all promises.", registry=registry
        )
        compliance.set_function(lambda: _or_one(self._summary.compliance()))
        utilisation = Gauge(
            "voice_worker_utilization", "Sessions that talk, of those that may.", registry=registry
        )
        utilisation.set_function(lambda: self.active_sessions / self._most)
        self.costs = Histogram(
            "voice_session_cost_dollars", "What sessions cost.", buckets=_COST_BUCKETS, registry=registry
        )
        self.tenant_costs = Counter(
            "voice_tenant_cost_dollars", "What tenants' sessions cost.", ["tenant_id"], registry=registry
        )
        self.providers = ProviderMetrics(registry)
        self.active_sessions = 0
        self.active.set_function(lambda: self.active_sessions)
        self._begin_at_zero()

    def _begin_at_zero(self) -> None:
        """A series that exists before its first event can be alerted on."""
        for kind in Latency:
            self.latency.labels(kind.value)
        for status in ReplyStatus:
            self.replies.labels(status.value)
        for code in CloseCode:
            self.closes.labels(str(code.value))
        for kept in ("true", "false"):
            self.sla_turns.labels(ALL, kept)

    def input_dropped(self, ms: int) -> None:
        """That much of a caller's audio was left out."""
        self.dropped.inc(ms / 1000)

    def session_cost(self, tenant: str, dollars: Decimal | None) -> None:
        """What a session has cost in the end, where that is counted."""
        if dollars is not None:
            self.costs.observe(float(dollars))
            self.tenant_costs.labels(self.tenants.label(tenant)).inc(float(dollars))
            self._summary.cost(dollars)

    def latency_measured(self, kind: Latency, seconds: float) -> None:
        """A span of any session."""
        self.latency.labels(kind.value).observe(seconds)
        self._summary.latency(kind, seconds)

    def turn_over(self, kept: dict[str, bool]) -> None:
        """A turn of any session, and the promises that it has kept or not."""
        for promise, was_kept in kept.items():
            self.sla_turns.labels(promise, "true" if was_kept else "false").inc()
        self._summary.turn(kept)

    def session_over(self, tenant: str, reason: EndReason, seconds: float) -> None:
        """A session has ended."""
        self.sessions.labels(self.tenants.label(tenant), reason.value).inc()
        self.durations.observe(seconds)
        self._summary.session_ended(reason)

    def summary(self) -> dict[str, Any]:
        """The body of /metrics/summary."""
        return self._summary.report(active=self.active_sessions, most=self._most)

    def exposition(self) -> bytes:
        """All series in the text format of Prometheus."""
        return generate_latest(self.registry)


class SessionMetrics(Unobserved):
    """Counts what one session reports, and lets the process's health know."""

    def __init__(self, metrics: Metrics, health: Health, *, tenant: str) -> None:
        self._metrics = metrics
        self._health = health
        self._tenant = tenant
        self._turn = TurnSla(metrics.config.sla)

    def latency(self, kind: Latency, seconds: float) -> None:
        """A span was measured."""
        self._metrics.latency_measured(kind, seconds)
        self._turn.latency(kind, seconds)
        self._health.latency(kind)

    def reply_over(self, _reply: int, status: ReplyStatus) -> None:
        """A reply is over."""
        self._metrics.replies.labels(status.value).inc()
        self._metrics.turn_over(self._turn.close(failed=status is ReplyStatus.FAILED))

    def provider_failed(self, stage: Stage, kind: FailureKind) -> None:
        """A provider failed."""
        self._metrics.errors.labels(stage.value, kind.value).inc()
        self._health.provider_failed(stage, kind)

    def used(self, usage: Usage) -> None:
        """A provider will bill for this."""
        for unit, amount in usage.amounts.items():
            self._metrics.usage.labels(usage.stage.value, usage.provider, usage.model, unit.value).inc(amount)

    def tool_over(self, name: str, status: ToolStatus, seconds: float) -> None:
        """A tool has answered, or failed."""
        self._metrics.tools.labels(name, status.value).observe(seconds)

    def underrun(self, ms: int) -> None:
        """The client ran out of audio."""
        self._metrics.underruns.inc()
        self._metrics.starved.inc(ms / 1000)

    def session_ended(self, reason: EndReason, seconds: float) -> None:
        """A session is over."""
        self._metrics.session_over(self._tenant, reason, seconds)


def _or_one(ratio: float | None) -> float:
    """Where no promise was put to the test, none was broken."""
    return 1.0 if ratio is None else ratio
