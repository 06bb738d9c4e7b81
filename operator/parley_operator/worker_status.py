"""Whether the worker pools serve: which of them does not, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from parley_operator.api import VoiceDeployment
from parley_operator.api.conditions import ConditionType, Reason
from parley_operator.api.worker_pools import WorkerPoolSpec
from parley_operator.kube.client import Json
from parley_operator.pod_trouble import first_trouble
from parley_operator.render.rendered import Finding
from parley_operator.render.worker_stages import indispensable_pools
from parley_operator.rollout_state import is_stuck
from parley_operator.verdict import Verdict


@dataclass(frozen=True)
class PoolChildren:
    """What is live of one pool, as views; None where there is no such object."""

    deployment: Json | None = None
    autoscaler: Json | None = None
    pods: Mapping[str, Json] = field(default_factory=dict)
    """By name."""
    refused: str | None = None
    """Why one of its manifests could not be brought to the cluster."""

    @property
    def available(self) -> int:
        """Workers that serve."""
        return int((self.deployment or {}).get("availableReplicas", 0))

    @property
    def wanted(self) -> int:
        """Workers that there should be."""
        return int((self.deployment or {}).get("replicas") or 0)


def workers(resource: VoiceDeployment, pools: Mapping[str, PoolChildren]) -> str | None:
    """For status.workers; None where there is no pool."""
    return ", ".join(_count(pool, pools) for pool in resource.spec.worker_pools or ()) or None


def workers_verdict(
    resource: VoiceDeployment, pools: Mapping[str, PoolChildren], findings: Iterable[Finding]
) -> Verdict:
    """The condition WorkersReady: every pool that is not well is named."""
    if not resource.spec.worker_pools:
        return Verdict("True", Reason.NO_WORKER_POOLS, "No worker pools are asked for.")
    if resource.spec.suspend:
        return Verdict("False", Reason.SUSPENDED, "Scaled to zero.")
    wrong = [Verdict("False", f.reason, f.message) for f in findings if f.condition is ConditionType.WORKERS_READY]
    namespace = resource.metadata.namespace
    judged = [
        _judged(pool, pools.get(pool.name, PoolChildren()), namespace=namespace)
        for pool in resource.spec.worker_pools
    ]
    wrong += [verdict for verdict in judged if verdict is not None]
    if wrong:
        return Verdict("False", wrong[0].reason, " ".join(verdict.message for verdict in wrong))
    return Verdict("True", Reason.WORKERS_SERVING, f"Workers ready: {workers(resource, pools)}.")


def leaves_a_stage_mute(resource: VoiceDeployment, pools: Mapping[str, PoolChildren]) -> bool:
    """Whether a pool that a stage depends on has no worker that serves."""
    return any(
        pools.get(pool.name, PoolChildren()).available == 0 and pool.replicas != 0
        for pool in indispensable_pools(resource)
    )


def autoscaling_trouble(pools: Mapping[str, PoolChildren]) -> Verdict | None:
    """Of the first pool whose autoscaler cannot do its work."""
    for name, children in pools.items():
        trouble = (children.autoscaler or {"trouble": None})["trouble"]
        if trouble is None or not children.wanted:
            continue
        said = f"Pool {name}: {trouble['reason']}: {trouble['message']}."
        if trouble["type"] == "AbleToScale":
            return Verdict("False", Reason.UNABLE_TO_SCALE, f"{said} {Reason.UNABLE_TO_SCALE.advice}")
        advice = "Install metrics-server for CPU, and for podMetric an adapter that serves the custom metrics API."
        return Verdict("False", Reason.METRICS_UNAVAILABLE, f"{said} {advice}")
    return None


def _judged(pool: WorkerPoolSpec, children: PoolChildren, *, namespace: str) -> Verdict | None:
    """What is wrong with a pool; None where nothing is."""
    about = f"Pool {pool.name}"
    if children.refused is not None:
        return Verdict("False", Reason.APPLY_FAILED, f"{about}: {children.refused}.")
    if children.deployment is None:
        return Verdict("False", Reason.NO_WORKER_READY, f"{about}: there is no Deployment yet.")
    ready = f"{children.available}/{children.wanted} ready"
    trouble = first_trouble(children.pods.items(), namespace=namespace)
    if trouble is not None:
        return Verdict("False", trouble.reason, f"{about}, {ready}: {trouble.message}")
    if is_stuck(children.deployment):
        return Verdict("False", Reason.ROLLOUT_STUCK, f"{about}, {ready}: new workers do not become ready.")
    if children.available == 0 and children.wanted:
        most = pool.probe.startup_timeout
        said = f"{about}, {ready}: workers start, for which they have {most}."
        return Verdict("False", Reason.NO_WORKER_READY, said)
    return None


def _count(pool: WorkerPoolSpec, pools: Mapping[str, PoolChildren]) -> str:
    children = pools.get(pool.name, PoolChildren())
    return f"{pool.name} {children.available}/{children.wanted}"
