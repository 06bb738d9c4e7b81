"""The status of a VoiceDeployment, as a pure function of what was rendered and what is live.

Each condition is decided by its own policy (`condition_policies`); `Ready` says the first thing that is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import datetime

from parley_operator.api import VoiceDeployment
from parley_operator.api.conditions import ConditionType, Reason
from parley_operator.canary_status import canary_status
from parley_operator.condition_policies import POLICIES, ready
from parley_operator.condition_times import Transition, conditions, timestamp, transitions
from parley_operator.kube.client import Json
from parley_operator.render import Rendered
from parley_operator.render.rendered import ObjectKey, ServedCertificate
from parley_operator.rollout_state import is_seen
from parley_operator.status_case import Blocked, Case, Children
from parley_operator.verdict import Verdict
from parley_operator.worker_status import PoolChildren, workers

__all__ = ["Blocked", "Children", "Transition", "compute_status", "invalid_status", "transitions"]

_NO_POOLS: Mapping[str, PoolChildren] = {}


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
    case = Case(resource, running or resource, rendered, children, paused, blocked, pools, held)
    verdicts = {condition: policy(case) for condition, policy in POLICIES.items()}
    verdicts = {ConditionType.READY: ready(case, verdicts), **verdicts}
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
        status["canary"] = canary_status(case.trial, previous=previous, now=timestamp(now))
    return status


def _workers_status(case: Case) -> dict[str, str]:
    counts = workers(case.running, case.pools)
    return {} if counts is None else {"workers": counts}


def _revisions(case: Case) -> dict[str, str]:
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


def _is_running(case: Case) -> bool:
    """Whether all pods that there are belong to what was rendered, and some serve."""
    waits = case.finding(ConditionType.CREDENTIALS_READY) is not None or bool(case.held)
    if waits or case.paused or case.blocked is not None or not case.deployment or not is_seen(case.deployment):
        return False
    return bool(case.deployment["availableReplicas"] > 0 and not case.has_older_pods)


def _certificate_status(certificate: ServedCertificate) -> Json:
    moments = {"notAfter": certificate.not_after, "renewAfter": certificate.renew_after}
    known = {name: timestamp(moment) for name, moment in moments.items() if moment is not None}
    return {"secretName": certificate.secret_name, **known}


def invalid_status(message: str, *, generation: int, previous: Json, now: datetime) -> Json:
    """The status of a resource whose spec cannot be used: what is known stays, and Ready says what is wrong."""
    verdict = Verdict("False", Reason.INVALID_SPEC, message)
    known = {c["type"]: Verdict(c["status"], c["reason"], c["message"]) for c in previous.get("conditions") or ()}
    verdicts: dict[str, Verdict] = {**known, ConditionType.READY: verdict}
    found = conditions(verdicts, previous=previous, generation=generation, now=now)
    return {**previous, "observedGeneration": generation, "conditions": found}
