"""`spec`: what is wanted. Later capabilities bring further blocks."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from parley_operator.api.agent import AgentSpec
from parley_operator.api.auth import AuthSpec
from parley_operator.api.base import ResourceModel, Rule
from parley_operator.api.durations import seconds
from parley_operator.api.endpoint import EndpointSpec
from parley_operator.api.limits import LimitsSpec, RolloutSpec
from parley_operator.api.network_policy import NetworkPolicySpec
from parley_operator.api.observability import ObservabilitySpec
from parley_operator.api.pipeline import PipelineSpec
from parley_operator.api.pod import PodSpec
from parley_operator.api.recordings import RecordingsSpec
from parley_operator.api.scaling import ScalingSpec
from parley_operator.api.state import BillingSpec, RecordsSpec, SessionsSpec
from parley_operator.api.turn_taking import TurnTakingSpec
from parley_operator.api.values import Release
from parley_operator.api.worker_pool_ref import pool_rules
from parley_operator.api.worker_pools import WorkerPools


def _connections_outlive_sessions(spec: Any) -> bool:
    connection = spec.endpoint.connection if spec.endpoint else None
    if connection is None or connection.max_duration is None:
        return True
    return seconds(connection.max_duration) >= seconds(spec.limits.session_duration)


def _scales_before_full(spec: Any) -> bool:
    target = spec.scaling.target_sessions_per_pod
    return target is None or target * 10 <= spec.limits.sessions_per_pod * 9


class VoiceDeploymentSpec(ResourceModel):
    """What is wanted. `agent` and `pipeline` are all that a first resource needs."""

    version: Release | None = None
    """Gateway release to run, in quotes. Absent: the operator's at creation, which is then kept."""
    suspend: bool = False
    """Set to true to scale to zero now: sessions drain, nothing new is answered."""
    replicas: Annotated[int, Field(ge=0, le=1000)] = 1
    """Pods to run, for scaling type Fixed."""
    agent: AgentSpec
    """What the agent is told and says first. An edit reaches new sessions within a minute; no pod restarts."""
    pipeline: PipelineSpec
    """Speech to text, language model, text to speech. A change rolls the pods once their sessions ended."""
    turn_taking: TurnTakingSpec | None = None
    """Who may speak when. A change rolls the pods."""
    endpoint: EndpointSpec | None = None
    """How clients reach the service. Absent: a ClusterIP Service only."""
    auth: AuthSpec | None = None
    """Who may connect. Absent: whoever has the token in the generated Secret NAME-token."""
    limits: LimitsSpec = LimitsSpec()
    """Bounds of one session and of one pod."""
    sessions: SessionsSpec | None = None
    """What sessions of different pods share. Absent: caps and budgets hold in each pod alone."""
    records: RecordsSpec | None = None
    """Where a row is kept of each session. Absent: nowhere."""
    recordings: RecordingsSpec | None = None
    """Where the audio of each session is kept. Absent: nowhere. A change rolls the pods."""
    billing: BillingSpec | None = None
    """Who is told what to bill. It needs records."""
    observability: ObservabilitySpec | None = None
    """What the gateway tells those who run it."""
    scaling: ScalingSpec = ScalingSpec()
    """How many pods there are, and who decides."""
    worker_pools: WorkerPools | None = None
    """Speech servers of your own beside the gateway. A change of a pool rolls that pool alone."""
    network_policy: NetworkPolicySpec = NetworkPolicySpec()
    """With whom the gateway's pods may talk. A change rolls no pod."""
    rollout: RolloutSpec = RolloutSpec()
    """How pods are replaced: one at a time, and only once their sessions ended."""
    pod: PodSpec | None = None
    """What may be said about the gateway's pods. A change rolls them."""

    rules = (
        Rule(
            cel="!has(self.billing) || has(self.records)",
            message="billing needs records: usage is told from their rows, so that none is told twice or lost",
            field="billing",
            holds=lambda spec: spec.billing is None or spec.records is not None,
        ),
        Rule(
            cel="oldSelf.scaling.type == 'Fixed' || self.scaling.type == 'Fixed' || "
            "self.replicas == oldSelf.replicas",
            message="replicas belongs to the autoscaler while scaling.type is HPA or KEDA: "
            "change scaling.minReplicas or scaling.maxReplicas instead",
            field="replicas",
            blame="FieldValueForbidden",
        ),
        # An autoscaler takes a tenth above its target for the target itself: full pods would never be too full.
        Rule(
            cel="!has(self.scaling.targetSessionsPerPod) || "
            "self.scaling.targetSessionsPerPod * 10 <= self.limits.sessionsPerPod * 9",
            message="scaling.targetSessionsPerPod must be at most nine tenths of limits.sessionsPerPod, or pods "
            "are full before one is added: lower the first, or raise the second",
            field="scaling.targetSessionsPerPod",
            holds=_scales_before_full,
        ),
        Rule(
            cel="duration(self.rollout.drainTimeout) >= duration(self.limits.sessionDuration)",
            message="rollout.drainTimeout must be at least limits.sessionDuration, or updates cut sessions: "
            "lengthen the first, or shorten the second",
            field="rollout.drainTimeout",
            holds=lambda spec: seconds(spec.rollout.drain_timeout) >= seconds(spec.limits.session_duration),
        ),
        Rule(
            cel="!has(self.endpoint) || !has(self.endpoint.connection) || "
            "!has(self.endpoint.connection.maxDuration) || "
            "duration(self.endpoint.connection.maxDuration) >= duration(self.limits.sessionDuration)",
            message="endpoint.connection.maxDuration must be at least limits.sessionDuration, or sessions are cut",
            field="endpoint.connection.maxDuration",
            holds=_connections_outlive_sessions,
        ),
        *pool_rules("stt"),
        *pool_rules("tts"),
    )
