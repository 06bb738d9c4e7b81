"""What autoscalers say of themselves, as a verdict that a person can act on."""

from __future__ import annotations

from parley_operator.api import VoiceDeployment
from parley_operator.api.conditions import Reason
from parley_operator.kube.client import Json
from parley_operator.render import Finding
from parley_operator.verdict import Truth, Verdict

_REASONS = {
    "FailedGetPodsMetric": Reason.SESSIONS_UNAVAILABLE,
    "FailedGetExternalMetric": Reason.SESSIONS_UNAVAILABLE,
    "AmbiguousSelector": Reason.TWO_AUTOSCALERS,
}
"""By the HorizontalPodAutoscaler's own reason for not being active; any other one is about CPU."""


def autoscaling_verdict(
    resource: VoiceDeployment,
    *,
    finding: Finding | None,
    scaled_object: Json | None,
    autoscaler: Json | None,
) -> Verdict:
    """The condition AutoscalingReady, from what rendering found and from the views of the live objects.

    `autoscaler` is the HorizontalPodAutoscaler of ours, or the one that KEDA made of the ScaledObject.
    """
    scaling = resource.spec.scaling
    if finding is not None:
        status: Truth = "Unknown" if finding.reason is Reason.HANDING_OVER else "False"
        return Verdict(status, finding.reason, finding.message)
    if scaling.type == "Fixed":
        return Verdict("True", Reason.FIXED_REPLICAS, "spec.replicas says how many pods there are.")
    if resource.spec.suspend:
        return Verdict("False", Reason.SUSPENDED, "Scaled to zero: the autoscaler rests.")
    if scaling.type == "KEDA" and (verdict := _keda(scaled_object)):
        return verdict
    return _of_metrics(autoscaler, most=scaling.max_replicas)


def _keda(scaled_object: Json | None) -> Verdict | None:
    """Why KEDA does not scale; None where it does."""
    ready = (scaled_object or {"ready": None})["ready"]
    if ready is None or ready["status"] == "Unknown":
        said = "KEDA has not said anything yet. If that lasts, see that its operator runs."
        return Verdict("Unknown", Reason.AUTOSCALING, said)
    if ready["status"] == "True":
        return None
    reason = Reason.SCALED_OBJECT_NOT_READY
    return Verdict("False", reason, f"KEDA says {ready['reason']}: {ready['message']}. {reason.advice}")


def _of_metrics(autoscaler: Json | None, *, most: int | None) -> Verdict:
    if autoscaler is None or not (autoscaler["told"] or autoscaler["trouble"]):
        return Verdict("Unknown", Reason.AUTOSCALING, "The autoscaler has not said anything yet.")
    if trouble := autoscaler["trouble"]:
        reason = _reason(trouble)
        return Verdict("False", reason, f"{trouble['reason']}: {trouble['message']}. {reason.advice}")
    if autoscaler["at_most"]:
        said = f"There are scaling.maxReplicas pods ({most}), and the load asks for more: raise it if it lasts."
        return Verdict("True", Reason.AUTOSCALING, said)
    return Verdict("True", Reason.AUTOSCALING, "The autoscaler says how many pods there are.")


def _reason(trouble: Json) -> Reason:
    if trouble["type"] == "AbleToScale":
        return Reason.UNABLE_TO_SCALE
    return _REASONS.get(trouble["reason"], Reason.METRICS_UNAVAILABLE)
