"""Which engine scales the gateway, and how one takes over from another.

Two autoscalers of one Deployment undo each other's decisions. So the one that is no longer wanted goes first, with
all that it made; only then comes the other, or the fixed number. In between nobody touches the replicas.
"""

from __future__ import annotations

from collections.abc import Iterator

from parley_operator.api import VoiceDeployment
from parley_operator.api.conditions import ConditionType, Reason
from parley_operator.render.facts import Facts
from parley_operator.render.names import base_name
from parley_operator.render.rendered import Finding, ObjectKey
from parley_operator.render.scaled_object import KIND as SCALED_OBJECT

KINDS = {"HPA": "HorizontalPodAutoscaler", "KEDA": SCALED_OBJECT}
"""What is made for each engine."""
ENGINES = {kind: engine for engine, kind in KINDS.items()}


def made_by_keda(name: str) -> str:
    """The name of the HorizontalPodAutoscaler that KEDA makes of a ScaledObject, whose labels it has."""
    return f"keda-hpa-{name}"


def leaving(resource: VoiceDeployment, facts: Facts) -> str | None:
    """The engine that has to go before the wanted one scales; None once it is gone."""
    return next(iter(sorted(facts.engines - {resource.spec.scaling.type})), None)


def held_engine(resource: VoiceDeployment, facts: Facts) -> set[ObjectKey]:
    """The object of the wanted engine for as long as another one is there: neither made nor removed."""
    kind = KINDS.get(resource.spec.scaling.type)
    if kind is None or leaving(resource, facts) is None:
        return set()
    return {ObjectKey(kind, base_name(resource.metadata.name))}


def autoscaling(resource: VoiceDeployment, facts: Facts) -> Iterator[Finding]:
    """The cluster has what the engine needs, and no other one is still there."""
    yield from _served(resource, facts)
    if former := leaving(resource, facts):
        message = (
            f"{KINDS[former]} {base_name(resource.metadata.name)} still goes; the number of pods stays as it is. "
            f"{Reason.HANDING_OVER.advice}"
        )
        yield Finding(ConditionType.AUTOSCALING_READY, Reason.HANDING_OVER, message)


def _served(resource: VoiceDeployment, facts: Facts) -> Iterator[Finding]:
    scaling = resource.spec.scaling
    if scaling.type == "KEDA" and SCALED_OBJECT not in facts.apis:
        message = (
            "the cluster does not serve ScaledObject (keda.sh), so that the number of pods stays as it is: "
            "install KEDA, or set scaling.type to HPA"
        )
        yield Finding(ConditionType.AUTOSCALING_READY, Reason.API_NOT_SERVED, message)
    elif scaling.type == "HPA" and scaling.target_sessions_per_pod is not None and not facts.custom_metrics:
        message = (
            "the cluster does not serve custom.metrics.k8s.io, so that scaling.targetSessionsPerPod has no effect "
            "and CPU alone decides: install a server of it such as prometheus-adapter, or set scaling.type to KEDA"
        )
        yield Finding(ConditionType.SETTINGS_HONOURED, Reason.API_NOT_SERVED, message)
