"""The status of a VoiceDeployment, as a pure function of what was rendered and what is live.

Each condition is decided by its own policies; `Ready` then says the first thing that is wrong. A condition keeps
its `lastTransitionTime` until its status changes, so that the same state gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from parley_operator.api import VoiceDeployment
from parley_operator.api.conditions import READY_NEEDS, ConditionType, Reason
from parley_operator.autoscaling_status import autoscaling_verdict
from parley_operator.canary_status import Trial, canary_status, trial_verdict
from parley_operator.kube.client import Json
from parley_operator.pod_trouble import Trouble, first_trouble
from parley_operator.render import Finding, Rendered
from parley_operator.render.references import Purpose, references
from parley_operator.render.rendered import ObjectKey, ServedCertificate
from parley_operator.render.revision import revision_name
from parley_operator.route_status import route_verdict
from parley_operator.verdict import Verdict
from parley_operator.worker_status import (
    PoolChildren,
    autoscaling_trouble,
    leaves_a_stage_mute,
    workers,
    workers_verdict,
)

MESSAGE_LIMIT = 32_768
_NO_POOLS: Mapping[str, PoolChildren] = {}


@dataclass(frozen=True)
class Children:
    """The live children that status depends on, as their views; None where there is no such object."""

    deployment: Json | None = None
    canary: Json | None = None
    """The Deployment of a canary."""
    ingress: Json | None = None
    route: Json | None = None
    autoscaler: Json | None = None
    """The HorizontalPodAutoscaler of the gateway, whoever made it."""
    scaled_object: Json | None = None
    sessions: int | None = None
    """How many callers talk; None where that is not known."""
    pods: Mapping[str, Json] | None = None
    """By name."""


@dataclass(frozen=True)
class Blocked:
    """Why the manifests could not be brought to the cluster; what ran before goes on."""

    reason: Reason
    message: str


@dataclass(frozen=True)
class _Case:
    resource: VoiceDeployment
    running: VoiceDeployment
    rendered: Rendered
    children: Children
    paused: bool
    blocked: Blocked | None
    pools: Mapping[str, PoolChildren]
    held: Set[ObjectKey]

    def finding(self, condition: ConditionType) -> Finding | None:
        return next((f for f in self.rendered.findings if f.condition is condition), None)

    @property
    def deployment(self) -> Json:
        return self.children.deployment or {}

    @property
    def trouble(self) -> Trouble | None:
        return first_trouble((self.children.pods or {}).items())

    @property
    def wanted(self) -> int:
        return int(self.deployment.get("replicas") or 0)

    @property
    def asked(self) -> str:
        """The revision of the resource's own spec."""
        return revision_name(self.resource, self.rendered.version)

    @property
    def rendered_revision(self) -> str:
        """The revision of what was rendered."""
        return revision_name(self.running, self.rendered.version)

    @property
    def is_rolled_back(self) -> bool:
        return self.running is not self.resource and self.trial is None

    @property
    def trial(self) -> Trial | None:
        """The canary, where there is one: the resource's own spec beside the one that serves."""
        share = self.rendered.canary_share
        if share is None:
            return None
        return Trial(
            revision=self.asked,
            serving=self.rendered_revision,
            share=share,
            deployment=self.children.canary,
            pods=self.children.pods or {},
            name=self.resource.metadata.name,
        )

    @property
    def is_stuck(self) -> bool:
        """Whether the pods of the latest template have taken longer than they may."""
        seen = self.children.deployment is not None and _is_seen(self.deployment)
        return seen and any(c["reason"] == "ProgressDeadlineExceeded" for c in self.deployment["conditions"])

    @property
    def has_older_pods(self) -> bool:
        return bool(self.deployment) and self.deployment["replicas_seen"] > self.deployment["updatedReplicas"]


def compute_status(
    resource: VoiceDeployment,
    rendered: Rendered,
    children: Children,
    *,
    pools: Mapping[str, PoolChildren] = _NO_POOLS,
    running: VoiceDeployment | None = None,
    paused: bool = False,
    blocked: Blocked | None,
    held: Set[ObjectKey] = frozenset(),
    applied: str = "",
    previous: Json,
    now: datetime,
) -> Json:
    """The whole status. `previous` is the live one, whose transition times go on where nothing changed.

    `pools` has the children of each worker pool by its name; `running` is the resource with the spec that was
    rendered, where that is not its own. `held` is what waits until the resource is left alone. `applied` is a
    digest of what was applied, empty where that was not all.
    """
    case = _Case(resource, running or resource, rendered, children, paused, blocked, pools, held)
    verdicts = {condition: policy(case) for condition, policy in _POLICIES.items()}
    verdicts = {ConditionType.READY: _ready(case, verdicts), **verdicts}
    status: Json = {
        "observedGeneration": resource.metadata.generation,
        "version": rendered.version,
        "selector": rendered.selector,
        "replicas": int(case.deployment.get("replicas_seen", 0)),
        "readyReplicas": int(case.deployment.get("readyReplicas", 0)),
        "updatedReplicas": case.trial.updated if case.trial else int(case.deployment.get("updatedReplicas", 0)),
        **_workers_status(case),
        **_revisions(case),
        "endpoints": [{"protocol": protocol, "url": url} for protocol, url in rendered.endpoints],
        "conditions": conditions(
            {str(k): v for k, v in verdicts.items()},
            previous=previous,
            generation=resource.metadata.generation,
            now=now,
        ),
    }
    if children.sessions is not None:
        status["sessions"] = {"active": children.sessions}
    if rendered.certificate is not None:
        status["certificate"] = _certificate_status(rendered.certificate)
    if applied_hash := applied or previous.get("appliedHash"):
        status["appliedHash"] = applied_hash
    if case.trial is not None:
        status["canary"] = canary_status(case.trial, previous=previous, now=_timestamp(now))
    return status


def _workers_status(case: _Case) -> dict[str, str]:
    counts = workers(case.running, case.pools)
    return {} if counts is None else {"workers": counts}


def _revisions(case: _Case) -> dict[str, str]:
    """Which states of the spec run, are asked for, and have failed."""
    asked, known = case.asked, case.resource.status
    current = case.rendered_revision if _is_running(case) else known.current_revision
    found = {"currentRevision": current, "updateRevision": asked}
    is_stuck = case.trial.is_stuck if case.trial else case.is_stuck and not case.is_rolled_back
    # What is held is not what the pods are stuck with.
    has_failed = known.failed_revision == asked or (is_stuck and not case.held)
    if has_failed and current != asked:
        found["failedRevision"] = asked
    return {name: value for name, value in found.items() if value}


def _is_running(case: _Case) -> bool:
    """Whether all pods that there are belong to what was rendered, and some serve."""
    waits = case.finding(ConditionType.CREDENTIALS_READY) is not None or bool(case.held)
    if waits or case.paused or case.blocked is not None or not case.deployment or not _is_seen(case.deployment):
        return False
    return bool(case.deployment["availableReplicas"] > 0 and not case.has_older_pods)


def _certificate_status(certificate: ServedCertificate) -> Json:
    moments = {"notAfter": certificate.not_after, "renewAfter": certificate.renew_after}
    known = {name: _timestamp(moment) for name, moment in moments.items() if moment is not None}
    return {"secretName": certificate.secret_name, **known}


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def invalid_status(message: str, *, generation: int, previous: Json, now: datetime) -> Json:
    """The status of a resource whose spec cannot be used: what is known stays, and Ready says what is wrong."""
    verdict = Verdict("False", Reason.INVALID_SPEC, message)
    known = {c["type"]: Verdict(c["status"], c["reason"], c["message"]) for c in previous.get("conditions") or ()}
    verdicts: dict[str, Verdict] = {**known, ConditionType.READY: verdict}
    found = conditions(verdicts, previous=previous, generation=generation, now=now)
    return {**previous, "observedGeneration": generation, "conditions": found}


def conditions(verdicts: Mapping[str, Verdict], *, previous: Json, generation: int, now: datetime) -> list[Json]:
    """Conditions as the API wants them."""
    before = {condition["type"]: condition for condition in previous.get("conditions") or ()}
    return [
        {
            "type": str(kind),
            "status": verdict.status,
            "reason": str(verdict.reason),
            "message": verdict.message[:MESSAGE_LIMIT],
            "observedGeneration": generation,
            "lastTransitionTime": _since(before.get(str(kind)), verdict, now),
        }
        for kind, verdict in verdicts.items()
    ]


class Transition(NamedTuple):
    """A condition that changed its status or its reason."""

    type: str
    status: str
    reason: str
    message: str
    since: str
    """When the state that ended had begun; empty for a condition that is new."""


def transitions(previous: Json, status: Json) -> Sequence[Transition]:
    """What changed between two statuses that a person may want to be told."""
    before = {condition["type"]: condition for condition in previous.get("conditions") or ()}
    changed = []
    for condition in status["conditions"]:
        old = before.get(condition["type"], {})
        if (old.get("status"), old.get("reason")) != (condition["status"], condition["reason"]):
            since = f"{old.get('lastTransitionTime', '')}/{old.get('reason', '')}"
            said = {name: condition[name] for name in ("type", "status", "reason", "message")}
            changed.append(Transition(**said, since=since))
    return changed


def _since(before: Json | None, verdict: Verdict, now: datetime) -> str:
    if before is not None and before["status"] == verdict.status:
        return str(before["lastTransitionTime"])
    return _timestamp(now)


def _ready(case: _Case, verdicts: Mapping[ConditionType, Verdict]) -> Verdict:
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
        said = f"The canary does not go on: {progressing.message} {_pods_ready(case)}, of the older ones."
        return Verdict("False", progressing.reason, said)
    if not case.trial and case.has_older_pods and (case.trouble or case.is_stuck):
        progressing = verdicts[ConditionType.PROGRESSING]
        said = f"The rollout does not go on: {progressing.message} {_pods_ready(case)}, of the older ones."
        return Verdict("False", progressing.reason, said)
    return Verdict("True", Reason.SERVING, _pods_ready(case))


def _found(case: _Case, condition: ConditionType) -> Verdict | None:
    finding = case.finding(condition)
    return Verdict("False", finding.reason, finding.message) if finding else None


def _credentials(case: _Case) -> Verdict:
    if found := _found(case, ConditionType.CREDENTIALS_READY):
        return found
    if all(reference.purpose is Purpose.ISSUED for reference in references(case.resource)):
        return Verdict("True", Reason.NO_CREDENTIALS_NEEDED, "The spec refers to no Secret.")
    return Verdict("True", Reason.CREDENTIALS_FOUND, "Everything that the spec refers to is there.")


def _certificate(case: _Case) -> Verdict:
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


def _endpoint(case: _Case) -> Verdict:
    if found := _found(case, ConditionType.ENDPOINT_READY):
        return found
    endpoint = case.resource.spec.endpoint
    if endpoint is not None and endpoint.gateway is not None:
        return route_verdict(case.children.route) or _routed(case)
    if endpoint is None or endpoint.ingress is None:
        return Verdict("True", Reason.CLUSTER_ONLY, "Reached inside the cluster by its Service.")
    if case.children.ingress and case.children.ingress["addresses"]:
        return _routed(case)
    return Verdict("Unknown", Reason.ADDRESS_PENDING, f"No address yet. {Reason.ADDRESS_PENDING.advice}")


def _routed(case: _Case) -> Verdict:
    return Verdict("True", Reason.ROUTED, f"{case.rendered.endpoints[0][1]} is routed to the pods.")


def _workers(case: _Case) -> Verdict:
    return workers_verdict(case.running, case.pools, case.rendered.findings)


def _available(case: _Case) -> Verdict:
    if case.resource.spec.suspend:
        return Verdict("False", Reason.SUSPENDED, "Scaled to zero.")
    if case.children.deployment is None:
        return _waiting(case) or Verdict("False", Reason.NO_POD_READY, "There is no Deployment yet.")
    if case.deployment["availableReplicas"] > 0:
        return Verdict("True", Reason.PODS_READY, _pods_ready(case))
    if case.trouble:
        return Verdict("False", *case.trouble)
    return Verdict("False", Reason.NO_POD_READY, f"{_pods_ready(case)}. Pods are starting.")


def _progressing(case: _Case) -> Verdict:
    if case.paused:
        return Verdict("False", Reason.PAUSED, f"Nothing is changed. {Reason.PAUSED.advice}")
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
    if case.trouble:
        return Verdict("False" if case.is_stuck else "True", *case.trouble)
    if case.is_stuck:
        return Verdict("False", Reason.ROLLOUT_STUCK, Reason.ROLLOUT_STUCK.advice)
    done, wanted = case.deployment["updatedReplicas"], case.wanted
    return Verdict("True", Reason.ROLLING_OUT, f"{done}/{wanted} pods run the current spec.")


def _rolled_back(case: _Case) -> Verdict:
    failed, good = case.asked, case.rendered_revision
    deadline = case.resource.spec.rollout.progress_deadline
    said = f"Revision {failed} was not ready within {deadline}; revision {good} runs instead, {_pods_ready(case)}."
    return Verdict("False", Reason.ROLLED_BACK, f"{said} {Reason.ROLLED_BACK.advice}")


def _waiting(case: _Case) -> Verdict | None:
    if case.finding(ConditionType.CREDENTIALS_READY) is None:
        return None
    reason = Reason.WAITING_FOR_CREDENTIALS
    return Verdict("False", reason, reason.advice)


def _autoscaling(case: _Case) -> Verdict:
    """Of the gateway's own autoscaler first, then of the pools'."""
    own = _own_autoscaling(case)
    return own if own.status == "False" else autoscaling_trouble(case.pools) or own


def _own_autoscaling(case: _Case) -> Verdict:
    return autoscaling_verdict(
        case.resource,
        finding=case.finding(ConditionType.AUTOSCALING_READY),
        scaled_object=case.children.scaled_object,
        autoscaler=case.children.autoscaler,
    )


def _settings(case: _Case) -> Verdict:
    missed = [f for f in case.rendered.findings if f.condition is ConditionType.SETTINGS_HONOURED]
    if missed:
        return Verdict("False", missed[0].reason, " ".join(finding.message for finding in missed))
    return Verdict("True", Reason.ALL_HONOURED, "Every setting is in effect.")


def _is_complete(deployment: Json) -> bool:
    wanted = deployment["replicas"]
    counts: Iterable[int] = (
        deployment[name] for name in ("replicas_seen", "updatedReplicas", "availableReplicas")
    )
    return _is_seen(deployment) and all(count == wanted for count in counts)


def _is_seen(deployment: Json) -> bool:
    return bool(deployment["observedGeneration"] >= deployment["generation"])


def _pods_ready(case: _Case) -> str:
    ready = int(case.deployment.get("readyReplicas", 0))
    return f"{ready}/{case.wanted} pods ready"


_POLICIES: Mapping[ConditionType, Callable[[_Case], Verdict]] = {
    ConditionType.CREDENTIALS_READY: _credentials,
    ConditionType.CERTIFICATE_READY: _certificate,
    ConditionType.ENDPOINT_READY: _endpoint,
    ConditionType.WORKERS_READY: _workers,
    ConditionType.AVAILABLE: _available,
    ConditionType.PROGRESSING: _progressing,
    ConditionType.AUTOSCALING_READY: _autoscaling,
    ConditionType.SETTINGS_HONOURED: _settings,
}
