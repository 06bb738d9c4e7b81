"""One policy for each condition, and the one for `Ready`: the first thing that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from parley_operator.api.conditions import READY_NEEDS, ConditionType, Reason
from parley_operator.autoscaling_status import autoscaling_verdict
from parley_operator.canary_status import trial_verdict
from parley_operator.kube.client import Json
from parley_operator.render.references import Purpose, references
from parley_operator.rollout_state import is_seen
from parley_operator.route_status import route_verdict
from parley_operator.status_case import Case
from parley_operator.verdict import Verdict
from parley_operator.worker_status import autoscaling_trouble, leaves_a_stage_mute, workers_verdict


def ready(case: Case, verdicts: Mapping[ConditionType, Verdict]) -> Verdict:
    """The condition Ready, from those of the others."""
    if case.blocked is not None:
        return Verdict("False", case.blocked.reason, case.blocked.message)
    if case.resource.spec.suspend:
        return Verdict("False", Reason.SUSPENDED, f"Scaled to zero. {Reason.SUSPENDED.advice}")
    for need in READY_NEEDS:
        if verdicts[need].status == "False":
            return verdicts[need]
    if leaves_a_stage_mute(case.running, case.pools):
        return verdicts[ConditionType.WORKERS_READY]
    if case.is_rolled_back:
        return verdicts[ConditionType.PROGRESSING]
    if case.trial and (case.trial.trouble or case.trial.is_stuck):
        progressing = verdicts[ConditionType.PROGRESSING]
        said = f"The canary does not go on: {progressing.message} {case.pods_ready}, of the older ones."
        return Verdict("False", progressing.reason, said)
    if not case.trial and case.has_older_pods and (halted := _halted(case)):
        said = f"The rollout does not go on: {halted.message} {case.pods_ready}, of the older ones."
        return Verdict("False", halted.reason, said)
    return Verdict("True", Reason.SERVING, case.pods_ready)


def _found(case: Case, condition: ConditionType) -> Verdict | None:
    finding = case.finding(condition)
    return Verdict("False", finding.reason, finding.message) if finding else None


def _credentials(case: Case) -> Verdict:
    if found := _found(case, ConditionType.CREDENTIALS_READY):
        return found
    if all(reference.purpose is Purpose.ISSUED for reference in references(case.resource)):
        return Verdict("True", Reason.NO_CREDENTIALS_NEEDED, "The spec refers to no Secret.")
    return Verdict("True", Reason.CREDENTIALS_FOUND, "Everything that the spec refers to is there.")


def _certificate(case: Case) -> Verdict:
    if found := _found(case, ConditionType.CERTIFICATE_READY):
        return found
    endpoint, certificate = case.resource.spec.endpoint, case.rendered.certificate
    if endpoint is not None and endpoint.gateway is not None:
        said = "The Gateway's listener names the certificate: it is the Gateway's to get and to renew."
        return Verdict("True", Reason.LISTENER_S_CERTIFICATE, said)
    if certificate is None:
        return Verdict("True", Reason.NO_CERTIFICATE, "No TLS at the Ingress is asked for.")
    until = f" until {certificate.not_after:%Y-%m-%d}" if certificate.not_after else ""
    return Verdict("True", Reason.CERTIFICATE_VALID, f"Secret {certificate.secret_name} is valid{until}.")


def _endpoint(case: Case) -> Verdict:
    if found := _found(case, ConditionType.ENDPOINT_READY):
        return found
    led = _led(case)
    if case.resource.spec.suspend and led.status == "True":
        return Verdict("False", Reason.SUSPENDED, "Addresses and routes are kept, and lead to no pod.")
    return led


def _led(case: Case) -> Verdict:
    """Whether clients are led to where pods are, if there are any."""
    endpoint = case.resource.spec.endpoint
    if endpoint is not None and endpoint.gateway is not None:
        return route_verdict(case.children.route) or _routed(case)
    if endpoint is None or endpoint.ingress is None:
        return Verdict("True", Reason.CLUSTER_ONLY, "Reached inside the cluster by its Service.")
    if case.children.ingress and case.children.ingress["addresses"]:
        return _routed(case)
    return Verdict("Unknown", Reason.ADDRESS_PENDING, f"No address yet. {Reason.ADDRESS_PENDING.advice}")


def _routed(case: Case) -> Verdict:
    return Verdict("True", Reason.ROUTED, f"{case.rendered.endpoints[0][1]} is routed to the pods.")


def _workers(case: Case) -> Verdict:
    return workers_verdict(case.running, case.pools, case.rendered.findings)


def _available(case: Case) -> Verdict:
    if case.resource.spec.suspend:
        return Verdict("False", Reason.SUSPENDED, "Scaled to zero.")
    if case.children.deployment is None:
        return _waiting(case) or Verdict("False", Reason.NO_POD_READY, "There is no Deployment yet.")
    if case.deployment["availableReplicas"] > 0:
        return Verdict("True", Reason.PODS_READY, case.pods_ready)
    if case.trouble:
        return Verdict("False", *case.trouble)
    return Verdict("False", Reason.NO_POD_READY, f"{case.pods_ready}. Pods are starting.")


def _progressing(case: Case) -> Verdict:
    if case.paused:
        return Verdict("False", Reason.PAUSED, f"Nothing is changed. {Reason.PAUSED.advice}")
    if case.resource.spec.suspend:
        return Verdict("False", Reason.SUSPENDED, "Scaled to zero: what the spec says is for pods to come.")
    if case.is_rolled_back:
        return _rolled_back(case)
    if case.trial is not None:
        return _waiting(case) or trial_verdict(case.trial)
    if case.children.deployment is None:
        return _waiting(case) or Verdict("True", Reason.ROLLING_OUT, "The Deployment is being made.")
    if any(held.kind == "Deployment" for held in case.held):
        return Verdict("True", Reason.ROLLING_OUT, "Pods follow once the spec is left alone for a moment.")
    if _is_complete(case.deployment):
        return Verdict("False", Reason.ROLLOUT_COMPLETE, "All pods run the current spec.")
    if halted := _halted(case):
        return halted
    view = case.deployment
    unready = view["replicas_seen"] - int(view.get("readyReplicas", 0))
    waits = f", {unready} not ready yet" if unready > 0 else ""
    said = f"{view['updatedReplicas']}/{case.wanted} pods run the current spec{waits}."
    return Verdict("True", Reason.ROLLING_OUT, said)


def _halted(case: Case) -> Verdict | None:
    """What keeps the latest template's pods from serving, beyond that they have only begun."""
    if case.trouble:
        return Verdict("False" if case.is_stuck else "True", *case.trouble)
    if case.is_stuck:
        return Verdict("False", Reason.ROLLOUT_STUCK, case.advice(Reason.ROLLOUT_STUCK))
    return None


def _rolled_back(case: Case) -> Verdict:
    failed, good = case.asked, case.rendered_revision
    deadline = case.resource.spec.rollout.progress_deadline
    said = f"Revision {failed} was not ready within {deadline}; revision {good} runs instead, {case.pods_ready}."
    return Verdict("False", Reason.ROLLED_BACK, f"{said} {Reason.ROLLED_BACK.advice}")


def _waiting(case: Case) -> Verdict | None:
    if case.finding(ConditionType.CREDENTIALS_READY) is None:
        return None
    reason = Reason.WAITING_FOR_CREDENTIALS
    return Verdict("False", reason, reason.advice)


def _autoscaling(case: Case) -> Verdict:
    """Of the gateway's own autoscaler first, then of the pools'."""
    own = _own_autoscaling(case)
    return own if own.status == "False" else autoscaling_trouble(case.pools) or own


def _own_autoscaling(case: Case) -> Verdict:
    return autoscaling_verdict(
        case.resource,
        finding=case.finding(ConditionType.AUTOSCALING_READY),
        scaled_object=case.children.scaled_object,
        autoscaler=case.children.autoscaler,
    )


def _settings(case: Case) -> Verdict:
    missed = [f for f in case.rendered.findings if f.condition is ConditionType.SETTINGS_HONOURED]
    if missed:
        return Verdict("False", missed[0].reason, " ".join(finding.message for finding in missed))
    return Verdict("True", Reason.ALL_HONOURED, "Every setting is in effect.")


def _is_complete(deployment: Json) -> bool:
    wanted = deployment["replicas"]
    counts: Iterable[int] = (
        deployment[name] for name in ("replicas_seen", "updatedReplicas", "availableReplicas")
    )
    return is_seen(deployment) and all(count == wanted for count in counts)


POLICIES: Mapping[ConditionType, Callable[[Case], Verdict]] = {
    ConditionType.CREDENTIALS_READY: _credentials,
    ConditionType.CERTIFICATE_READY: _certificate,
    ConditionType.ENDPOINT_READY: _endpoint,
    ConditionType.WORKERS_READY: _workers,
    ConditionType.AVAILABLE: _available,
    ConditionType.PROGRESSING: _progressing,
    ConditionType.AUTOSCALING_READY: _autoscaling,
    ConditionType.SETTINGS_HONOURED: _settings,
}
"""In the order in which the status lists them."""
