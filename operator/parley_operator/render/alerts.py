"""What wakes people: a table of alerts. Each has a page in docs/runbooks and a test with series of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from parley_operator.api import VoiceDeployment
from parley_operator.render import alert_conditions as conditions

Severity = Literal["warning", "critical"]


def _always(_: VoiceDeployment) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One rule."""

    name: str
    severity: Severity
    lasting: str = ""
    """How long it must hold; empty for at once."""
    expression: Callable[[VoiceDeployment, str], str]
    """In PromQL, of a resource and what selects its series."""
    summary: str
    """What callers or payers notice; a template of Prometheus."""
    description: str
    """What to look at first."""
    concerns: Callable[[VoiceDeployment], bool] = _always


def _has_day_budget(resource: VoiceDeployment) -> bool:
    cost = resource.spec.limits.cost
    return cost is not None and cost.per_day is not None


def _has_budget(resource: VoiceDeployment) -> bool:
    return resource.spec.limits.cost is not None


def _keeps_records(resource: VoiceDeployment) -> bool:
    return resource.spec.records is not None


def _records_audio(resource: VoiceDeployment) -> bool:
    return resource.spec.recordings is not None


def _lets_in_without_redis(resource: VoiceDeployment) -> bool:
    return resource.spec.sessions is not None and resource.spec.sessions.redis.when_away == "Allow"


def _needs_redis(resource: VoiceDeployment) -> bool:
    return resource.spec.sessions is not None and resource.spec.sessions.redis.when_away == "Refuse"


def _serves_certificate(resource: VoiceDeployment) -> bool:
    endpoint = resource.spec.endpoint
    return endpoint is not None and endpoint.ingress is not None and endpoint.ingress.tls is not None


ALERTS = (
    Alert(
        name="VoiceSynthesisSlow",
        severity="warning",
        lasting="5m",
        expression=conditions.synthesis_slow,
        summary="the voice begins late, 95 % of sentences within {{ $value | humanizeDuration }}",
        description="Callers wait for each answer. Compare the voice's provider with the others in the dashboard.",
    ),
    Alert(
        name="VoicePromisesBroken",
        severity="critical",
        lasting="10m",
        expression=conditions.promises_broken,
        summary="only {{ $value | humanizePercentage }} of turns keep what observability.sla promises",
        description="The dashboard's row Promises says which promise breaks, and the row Latency in which stage.",
    ),
    Alert(
        name="VoiceRepliesFail",
        severity="critical",
        lasting="5m",
        expression=conditions.replies_fail,
        summary="{{ $value | humanizePercentage }} of answers fail",
        description="Callers hear an apology instead. The dashboard's row Providers says whose errors they are.",
    ),
    Alert(
        name="VoiceSessionsFail",
        severity="critical",
        lasting="5m",
        expression=conditions.sessions_fail,
        summary="{{ $value | humanizePercentage }} of sessions end by a failure",
        description="Calls break off. The log of the pods names the session and what failed.",
    ),
    Alert(
        name="VoiceProviderAway",
        severity="warning",
        lasting="5m",
        expression=conditions.provider_away,
        summary="{{ $labels.provider }} ({{ $labels.stage }}) does not answer and is left alone",
        description="Its fallbacks serve instead, where there are any. It is tried again by itself.",
    ),
    Alert(
        name="VoicePodsNearlyFull",
        severity="warning",
        lasting="5m",
        expression=conditions.nearly_full,
        summary="pods hold {{ $value | humanizePercentage }} of the sessions that they may",
        description="Soon callers are turned away. Raise scaling.maxReplicas, replicas or limits.sessionsPerPod.",
    ),
    Alert(
        name="VoiceCallersTurnedAway",
        severity="critical",
        expression=conditions.turned_away,
        summary="about {{ $value | humanize }} callers were turned away in five minutes: pods are full",
        description="They were closed with code 4424. Add pods now: scaling.minReplicas, or replicas.",
    ),
    Alert(
        name="VoiceEventLoopLate",
        severity="warning",
        lasting="5m",
        expression=conditions.loop_late,
        summary="pod {{ $labels.pod }} does what is due {{ $value | humanizeDuration }} late",
        description="Speech stutters and barge-in lags before the CPU looks full. Lower limits.sessionsPerPod.",
    ),
    Alert(
        name="VoiceBudgetNearlyUsed",
        severity="warning",
        expression=conditions.budget_nearly_used,
        summary="{{ $value | humanizePercentage }} of today's budget is used",
        description="At limits.cost.perDay all sessions end until midnight UTC.",
        concerns=_has_day_budget,
    ),
    Alert(
        name="VoiceBudgetUsedUp",
        severity="critical",
        expression=conditions.budget_used_up,
        summary="today's budget is used up: nobody is answered until midnight UTC",
        description="Raise limits.cost.perDay to answer again; the dashboard's row Cost says what it went to.",
        concerns=_has_day_budget,
    ),
    Alert(
        name="VoicePricesUnknown",
        severity="warning",
        lasting="10m",
        expression=conditions.prices_unknown,
        summary="no price is known for {{ $labels.provider }} {{ $labels.model }}: limits of cost leave it out",
        description="Add it to limits.cost.prices, with the price 0 where it costs nothing.",
        concerns=_has_budget,
    ),
    Alert(
        name="VoiceRecordsNotKept",
        severity="warning",
        expression=conditions.records_not_kept,
        summary="sessions' records do not reach {{ $labels.destination }}",
        description="Rows are put aside or lost. The log of the pods says why.",
        concerns=_keeps_records,
    ),
    Alert(
        name="VoiceRecordingsCut",
        severity="warning",
        expression=conditions.recordings_cut,
        summary="about {{ $value | humanize }} recordings in 15 min are not whole: {{ $labels.end }}",
        description="Conversations go on, unrecorded. The volume of spec.recordings is full, slow or broken.",
        concerns=_records_audio,
    ),
    Alert(
        name="VoiceRedisAway",
        severity="warning",
        lasting="5m",
        expression=conditions.redis_away,
        summary="Redis cannot be reached: each pod counts sessions and money alone",
        description="Bounds of users and days may be exceeded by as many times as there are pods.",
        concerns=_lets_in_without_redis,
    ),
    Alert(
        name="VoiceRedisAway",
        severity="critical",
        lasting="5m",
        expression=conditions.redis_away,
        summary="Redis cannot be reached: new sessions are refused",
        description="sessions.redis.whenAway is Refuse; set it to Allow to let callers in meanwhile.",
        concerns=_needs_redis,
    ),
    Alert(
        name="VoiceCertificateExpiring",
        severity="warning",
        lasting="1h",
        expression=conditions.certificate_expiring(14),
        summary="the certificate expires in {{ $value | humanizeDuration }}",
        description="Whoever renews it should have done so by now: see the condition CertificateReady.",
        concerns=_serves_certificate,
    ),
    Alert(
        name="VoiceCertificateExpiring",
        severity="critical",
        lasting="5m",
        expression=conditions.certificate_expiring(3),
        summary="the certificate expires in {{ $value | humanizeDuration }}: then no client connects",
        description="Renew it by hand now, and find out why nobody did.",
        concerns=_serves_certificate,
    ),
)
"""In the order of a caller's troubles."""
