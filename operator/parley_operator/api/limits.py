"""`spec.limits` and `spec.rollout`: bounds of sessions, of pods, and of their end."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from parley_operator.api.base import ResourceModel, Rule
from parley_operator.api.durations import seconds
from parley_operator.api.values import Duration


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


class RolloutSpec(ResourceModel):
    """How pods are replaced: one at a time, and only once their sessions ended."""

    drain_timeout: Duration = "30m"
    """How long a pod that is to go may finish its sessions. At least 10s, at most 24h."""

    rules = (
        Rule(
            cel="duration(self.drainTimeout) >= duration('10s') && duration(self.drainTimeout) <= duration('24h')",
            message="drainTimeout must be between 10s and 24h",
            field="drainTimeout",
            holds=lambda rollout: 10 <= seconds(rollout.drain_timeout) <= 86_400,
        ),
    )
