"""Conditions of alerts in PromQL, each for one resource and what selects its series.

Rates are taken over five minutes, and must hold for at least as long before anybody is called: one bad turn in a
quiet night is over before that.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from parley_operator.api import VoiceDeployment
from parley_operator.api.durations import seconds
from parley_operator.api.tls import DEFAULT_DURATION
from parley_operator.render.monitoring import observability
from parley_operator.render.renewal import RENEW_BEFORE
from parley_operator.render.served_secret import cert_manager

DAY = 86_400
SYNTHESIS_SECONDS = 0.5
"""What is promised where the spec promises nothing else."""
WARN_AT_PERCENT = 80
"""The gateway's own default."""


# --- what callers hear ---


def synthesis_slow(resource: VoiceDeployment, at: str) -> str:
    """The 95th percentile of the voice's first sound is later than promised."""
    sla = observability(resource).sla
    most = seconds(sla.synthesis) if sla and sla.synthesis else SYNTHESIS_SECONDS
    spans = f'rate(voice_latency_seconds_bucket{{{at},type="synthesis"}}[5m])'
    return f"histogram_quantile(0.95, sum by (namespace, job, le) ({spans})) > {most:g}"


def promises_broken(_: VoiceDeployment, at: str) -> str:
    """More than one turn in twenty breaks a promise."""
    kept = f'sum by (namespace, job) (rate(voice_sla_turns_total{{{at},promise="all",kept="true"}}[5m]))'
    turns = f'sum by (namespace, job) (rate(voice_sla_turns_total{{{at},promise="all"}}[5m]))'
    return f"{kept} / {turns} < 0.95"


def replies_fail(_: VoiceDeployment, at: str) -> str:
    """More than one answer in ten fails."""
    failed = f'sum by (namespace, job) (rate(voice_replies_total{{{at},status="failed"}}[5m]))'
    return f"{failed} / sum by (namespace, job) (rate(voice_replies_total{{{at}}}[5m])) > 0.1"


def sessions_fail(_: VoiceDeployment, at: str) -> str:
    """More than one session in ten ends by a failure of ours or of a provider."""
    cut = f'sum by (namespace, job) (rate(voice_sessions_total{{{at},status=~"providers_failed|internal"}}[5m]))'
    return f"{cut} / sum by (namespace, job) (rate(voice_sessions_total{{{at}}}[5m])) > 0.1"


def provider_away(_: VoiceDeployment, at: str) -> str:
    """A provider's breaker is not closed: it is left alone, or tried again."""
    return f"max by (namespace, job, stage, provider) (voice_provider_breaker{{{at}}}) > 0"


# --- room ---


def nearly_full(_: VoiceDeployment, at: str) -> str:
    """All pods together have little room left."""
    return f"avg by (namespace, job) (voice_worker_utilization{{{at}}}) > 0.85"


def turned_away(_: VoiceDeployment, at: str) -> str:
    """Somebody was closed with 4424 because pods are full."""
    return f'sum by (namespace, job) (increase(voice_connection_closes_total{{{at},code="4424"}}[5m])) > 0'


def loop_late(_: VoiceDeployment, at: str) -> str:
    """A pod runs late what is due, in more than one look of twenty."""
    lags = f"rate(voice_event_loop_lag_seconds_bucket{{{at}}}[5m])"
    return f"histogram_quantile(0.95, sum by (namespace, job, pod, le) ({lags})) > 0.05"


# --- money ---


def _used(at: str) -> str:
    """Of the day's budget, by the pod that knows of most."""
    spent, most = (f'voice_budget_{which}{{{at},scope="deployment"}}' for which in ("spent_dollars", "dollars"))
    return f"max by (namespace, job) ({spent} / {most})"


def budget_nearly_used(resource: VoiceDeployment, at: str) -> str:
    """As much of the day's budget is used as clients are warned at."""
    cost = resource.spec.limits.cost
    percent = (cost.warn_at_percent if cost else None) or WARN_AT_PERCENT
    return f"{_used(at)} >= {percent / 100:g} < 1"


def budget_used_up(_: VoiceDeployment, at: str) -> str:
    """Nothing of the day's budget is left."""
    return f"{_used(at)} >= 1"


def prices_unknown(_: VoiceDeployment, at: str) -> str:
    """Something is used or configured whose price is not known."""
    return f"max by (namespace, job, provider, model) (voice_prices_unknown{{{at}}}) == 1"


def records_not_kept(_: VoiceDeployment, at: str) -> str:
    """Rows or events were put aside, or lost."""
    lost, refused = (
        f"sum by (namespace, job, destination) (increase(voice_records_{what}_total{{{at}}}[15m])) > 0"
        for what in ("lost", "refused")
    )
    return f"({lost}) or ({refused})"


def recordings_cut(_: VoiceDeployment, at: str) -> str:
    """Recordings ended before their sessions, or never began."""
    ends = 'end!~"session|duration"'
    return f"sum by (namespace, job, end) (increase(voice_recordings_total{{{at},{ends}}}[15m])) > 0"


# --- what it stands on ---


def redis_away(_: VoiceDeployment, at: str) -> str:
    """A pod cannot reach Redis."""
    return f"min by (namespace, job) (voice_redis_up{{{at}}}) == 0"


def certificate_expiring(days: int) -> Callable[[VoiceDeployment, str], str]:
    """The endpoint's certificate is good for fewer days. The operator tells, which alone sees it.

    One that cert-manager renews later than that is late in proportion to the time it has for that.
    """

    def expression(resource: VoiceDeployment, _: str) -> str:
        names = {"voice_namespace": resource.metadata.namespace, "voice_deployment": resource.metadata.name}
        at = ",".join(f'{name}="{value}"' for name, value in names.items())
        moment = f"parley_operator_certificate_not_after_seconds{{{at}}}"
        late = min(days * DAY, _late(resource, days))
        return f"min by (voice_namespace, voice_deployment) ({moment}) - time() < {late:.0f}"

    return expression


def _late(resource: VoiceDeployment, days: int) -> float:
    """Seconds before its end at which one of cert-manager's is as late as one that is renewed after 30 days."""
    wanted = cert_manager(resource)
    if wanted is None:
        return math.inf
    lifetime = seconds(wanted.duration or DEFAULT_DURATION)
    renewed = seconds(wanted.renew_before) if wanted.renew_before else lifetime / 3
    return renewed * days * DAY / RENEW_BEFORE.total_seconds()
