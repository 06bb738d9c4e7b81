"""`spec.limits` and `spec.rollout`: bounds of sessions, of pods, and of their end."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from parley_operator.api.base import ResourceModel, Rule
from parley_operator.api.durations import seconds
from parley_operator.api.values import Duration, ModelFamily, Money, Price


class PriceSpec(ResourceModel):
    """What a provider takes, where it is not what the gateway's own price list says."""

    provider: Annotated[str, Field(min_length=1, max_length=64)]
    """As pipeline names it, such as Deepgram."""
    model: ModelFamily
    """The model, with or without the date of a snapshot; one that ends in * is a family."""
    unit: Literal[
        "AudioSeconds",
        "Characters",
        "InputTokens",
        "CachedInputTokens",
        "CacheWriteInputTokens",
        "OutputTokens",
        "AudioOutputTokens",
    ]
    """What is counted."""
    price: Price
    """In US dollars, for so many units as per says, as a quoted decimal."""
    per: Annotated[int, Field(ge=1, le=1_000_000_000)] = 1
    """Units that the price is for."""


class CostSpec(ResourceModel):
    """Bounds in money, as quoted decimals in US dollars. Whoever reaches one is told, and ended with code 4422."""

    currency: Literal["USD"] = "USD"
    """US dollars, in which providers bill."""
    per_session: Money | None = None
    """Of one session. Default "5.00"."""
    per_user_per_day: Money | None = None
    """Of one user in a day (UTC). Absent: no bound."""
    per_day: Money | None = None
    """Of the deployment in a day (UTC). Absent: no bound."""
    warn_at_percent: Annotated[int, Field(ge=1, le=100)] | None = None
    """Part of a bound at which clients are warned. Default 80."""
    prices: (
        Annotated[
            tuple[PriceSpec, ...],
            Field(max_length=64, json_schema_extra={"x-kubernetes-list-type": "atomic"}),
        ]
        | None
    ) = None
    """Prices that differ from the gateway's own list, or are not on it."""


class LimitsSpec(ResourceModel):
    """Bounds of one session and of one pod."""

    session_duration: Duration = "30m"
    """Longest session; it ends with close code 4421. At least 10s, at most 24h."""
    idle_timeout: Duration = "5m"
    """Longest silence of caller and agent; the session ends with close code 4420. At least 5s."""
    sessions_per_pod: Annotated[int, Field(ge=1, le=10_000)] = 100
    """Sessions in one pod; the next is refused with close code 4424."""
    connections_per_pod: Annotated[int, Field(ge=1, le=100_000)] = 1000
    """Open connections of one pod, talking or not."""

    messages_per_second: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """Control messages of one client; a faster one is closed with 4413. Audio has its own bound. Default 50."""
    max_frame_size: Annotated[int, Field(ge=1024, le=1_048_576)] | None = None
    """Bytes of the largest WebSocket message that a client may send. Default 65536."""
    sessions_per_user: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """Sessions of one user at a time, across all pods where sessions.redis is set, else in each; one more is
    refused with close code 4423. Users are told apart by jwt and by client secrets. Default 3."""
    cost: CostSpec | None = None
    """Bounds in money. Absent: a session ends at 5 US dollars."""

    rules = (
        Rule(
            cel="duration(self.sessionDuration) >= duration('10s') && "
            "duration(self.sessionDuration) <= duration('24h')",
            message="sessionDuration must be between 10s and 24h",
            field="sessionDuration",
            holds=lambda limits: 10 <= seconds(limits.session_duration) <= 86_400,
        ),
        Rule(
            cel="duration(self.idleTimeout) >= duration('5s')",
            message="idleTimeout must be at least 5s",
            field="idleTimeout",
            holds=lambda limits: seconds(limits.idle_timeout) >= 5,
        ),
        Rule(
            cel="self.connectionsPerPod >= self.sessionsPerPod",
            message="connectionsPerPod must be at least sessionsPerPod: every session is a connection",
            field="connectionsPerPod",
            holds=lambda limits: limits.connections_per_pod >= limits.sessions_per_pod,
        ),
    )


class CanarySpec(ResourceModel):
    """A change that replaces pods runs beside the old ones first, and gets a part of new connections.

    The part is a percentage of new connections; sessions stay where they are. It goes to no pod before one of the
    canary's is ready. `parley promote NAME` brings the change to all pods, as does weightPercent 100 or a spec
    without canary; going back to the old spec gives it up. Shared by HTTPRoutes, ingress-nginx and Traefik: with
    anything else the change is an ordinary rollout, and SettingsHonoured says so.
    """

    weight_percent: Annotated[int, Field(ge=1, le=100)]
    """Percent of new connections for the changed pods, whose number is the same part of all, and at least one;
    100 brings the change to all pods."""


class RolloutSpec(ResourceModel):
    """How pods are replaced: one at a time, and only once their sessions ended."""

    drain_timeout: Duration = "30m"
    """How long a pod that is to go may finish its sessions. At least limits.sessionDuration, at most 24h."""
    progress_deadline: Duration = "10m"
    """How long new pods may take to become ready, before the rollout has failed. At least 30s, at most 24h."""
    on_failure: Literal["Hold", "Rollback"] = "Hold"
    """What a failed rollout leads to. Old pods keep serving in any case; Rollback also ends the new ones, and runs
    the last revision that was ready, without a change to the spec, until the spec changes."""
    canary: CanarySpec | None = None
    """Try a change on a part of new connections first. Absent: pods are replaced one after another."""
    revision_history_limit: Annotated[int, Field(ge=1, le=100)] = 10
    """Old revisions to keep, for `parley history` and `parley rollback`."""

    rules = (
        Rule(
            cel="duration(self.progressDeadline) >= duration('30s') && "
            "duration(self.progressDeadline) <= duration('24h')",
            message="progressDeadline must be between 30s and 24h",
            field="progressDeadline",
            holds=lambda rollout: 30 <= seconds(rollout.progress_deadline) <= 86_400,
        ),
        Rule(
            cel="duration(self.drainTimeout) >= duration('10s') && duration(self.drainTimeout) <= duration('24h')",
            message="drainTimeout must be between 10s and 24h",
            field="drainTimeout",
            holds=lambda rollout: 10 <= seconds(rollout.drain_timeout) <= 86_400,
        ),
    )
