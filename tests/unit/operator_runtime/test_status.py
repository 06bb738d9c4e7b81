"""Status: `Ready` says the first thing that is wrong, and nothing changes where nothing changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from parley_operator.api import VoiceDeployment
from parley_operator.api.conditions import ConditionType, Reason
from parley_operator.render import Facts, Finding, Rendered, render
from parley_operator.status import Blocked, Children, compute_status, invalid_status, transitions
from tests.unit.operator_runtime.objects import Json
from tests.unit.operator_runtime.objects import resource as body

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SERVING = {
    "generation": 1,
    "observedGeneration": 1,
    "replicas": 2,
    "replicas_seen": 2,
    "updatedReplicas": 2,
    "readyReplicas": 2,
    "availableReplicas": 2,
    "scaled": "x",
    "conditions": [],
}
POD = {"phase": "Running", "leaving": False, "containers": [], "unschedulable": None}


def voice(**spec: Any) -> VoiceDeployment:
    embedded = {stage: {"provider": "Embedded"} for stage in ("stt", "llm", "tts")}
    document = body("receptionist", uid="11111111-1111-1111-1111-111111111111", generation=3)
    document["spec"] = {"agent": {"instructions": "Be brief."}, "pipeline": embedded, "replicas": 2, **spec}
    return VoiceDeployment.parse(document)


def rendered(resource: VoiceDeployment, *findings: Finding) -> Rendered:
    facts = Facts(release="0.1", now=NOW, replicas=2)
    return replace(render(resource, facts), findings=findings)


def status_of(
    resource: VoiceDeployment | None = None,
    *findings: Finding,
    children: Children | None = None,
    blocked: Blocked | None = None,
    previous: Json | None = None,
    now: datetime = NOW,
) -> Json:
    resource, children = resource or voice(), children or Children(deployment=SERVING)
    return compute_status(
        resource, rendered(resource, *findings), children, blocked=blocked, previous=previous or {}, now=now
    )


def condition(status: Json, kind: str) -> tuple[str, str]:
    found = next(entry for entry in status["conditions"] if entry["type"] == kind)
    return found["status"], found["reason"]


def test_all_is_well() -> None:
    status = status_of()
    assert condition(status, "Ready") == ("True", "Serving")
    assert condition(status, "Progressing") == ("False", "RolloutComplete")
    assert (status["observedGeneration"], status["replicas"], status["readyReplicas"]) == (3, 2, 2)
    assert {entry["type"] for entry in status["conditions"]} == {str(kind) for kind in ConditionType}


def test_ready_names_the_deepest_cause() -> None:
    missing = Finding(ConditionType.CREDENTIALS_READY, Reason.SECRET_NOT_FOUND, "Secret keys does not exist")
    conflict = Finding(ConditionType.ENDPOINT_READY, Reason.HOST_CONFLICT, "taken")
    status = status_of(None, conflict, missing, children=Children())
    assert condition(status, "Ready") == ("False", "SecretNotFound")
    assert condition(status, "EndpointReady") == ("False", "HostConflict")
    assert condition(status, "Available") == ("False", "WaitingForCredentials")


def test_what_cannot_be_applied_comes_before_everything_else() -> None:
    status = status_of(blocked=Blocked(Reason.NAME_CONFLICT, "Service receptionist exists"))
    assert condition(status, "Ready") == ("False", "NameConflict")
    assert condition(status, "Available") == ("True", "PodsReady")


def test_a_suspended_resource_is_not_ready_and_says_how_to_resume() -> None:
    status = status_of(voice(suspend=True), children=Children(deployment={**SERVING, "replicas": 0}))
    assert condition(status, "Ready") == ("False", "Suspended")


def test_old_pods_that_serve_keep_it_ready_while_new_ones_cannot_start() -> None:
    container = {
        "name": "g",
        "image": "i",
        "ready": False,
        "waiting": "ImagePullBackOff",
        "message": "",
        "exit_code": None,
    }
    children = Children(
        deployment={**SERVING, "updatedReplicas": 1}, pods={"new": {**POD, "containers": [container]}}
    )
    status = status_of(children=children)
    assert condition(status, "Ready") == ("True", "Serving")
    assert condition(status, "Progressing") == ("True", "ImagePullBackOff")


def test_the_trouble_of_a_pod_that_leaves_is_nobodys() -> None:
    container = {
        "name": "g",
        "image": "i",
        "ready": False,
        "waiting": "CrashLoopBackOff",
        "message": "",
        "exit_code": 1,
    }
    pods = {"old": {**POD, "leaving": True, "containers": [container]}}
    status = status_of(children=Children(deployment={**SERVING, "availableReplicas": 0}, pods=pods))
    assert condition(status, "Available") == ("False", "NoPodReady")


def test_the_same_state_later_is_the_same_status() -> None:
    first = status_of()
    assert status_of(previous=first, now=NOW + timedelta(hours=1)) == first
    assert transitions(first, first) == []


def test_a_condition_keeps_its_time_while_only_its_reason_changes() -> None:
    first = status_of(children=Children(deployment={**SERVING, "availableReplicas": 0}))
    missing = Finding(ConditionType.CREDENTIALS_READY, Reason.SECRET_NOT_FOUND, "keys")
    later = NOW + timedelta(hours=1)
    second = status_of(None, missing, children=Children(), previous=first, now=later)
    times = {entry["type"]: entry["lastTransitionTime"] for entry in second["conditions"]}
    assert times["Ready"] == "2026-11-20T12:00:00Z"
    assert times["CredentialsReady"] == "2026-11-20T13:00:00Z"
    assert {change.type for change in transitions(first, second)} >= {"Ready", "CredentialsReady"}


def test_a_spec_that_cannot_be_used_keeps_all_else_that_is_known() -> None:
    before = status_of()
    after = invalid_status("spec.pipeline: is required", generation=4, previous=before, now=NOW)
    assert condition(after, "Ready") == ("False", "InvalidSpec")
    assert condition(after, "Available") == ("True", "PodsReady")
    assert (after["version"], after["readyReplicas"], after["observedGeneration"]) == ("0.1", 2, 4)
