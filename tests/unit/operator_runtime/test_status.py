"""Status: `Ready` says the first thing that is wrong, and nothing changes where nothing changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from parley_operator.api import VoiceDeployment
from parley_operator.api.conditions import ConditionType, Reason
from parley_operator.render import Facts, Finding, Rendered, render
from parley_operator.render.rendered import ObjectKey
from parley_operator.render.revision import revision_name
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
AT_REST = {name: 0 if "eplicas" in name else value for name, value in SERVING.items()}
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
    running: VoiceDeployment | None = None,
    paused: bool = False,
    held: frozenset[ObjectKey] = frozenset(),
) -> Json:
    resource, children = resource or voice(), children or Children(deployment=SERVING)
    return compute_status(
        resource,
        rendered(running or resource, *findings),
        children,
        running=running,
        paused=paused,
        blocked=blocked,
        held=held,
        previous=previous or {},
        now=now,
    )


def known(resource: VoiceDeployment, **status: str) -> VoiceDeployment:
    """The resource with a status from before."""
    document = resource.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return VoiceDeployment.parse({**document, "status": status})


def condition(status: Json, kind: str) -> tuple[str, str]:
    found = next(entry for entry in status["conditions"] if entry["type"] == kind)
    return found["status"], found["reason"]


def said(status: Json, kind: str) -> str:
    message: str = next(entry["message"] for entry in status["conditions"] if entry["type"] == kind)
    return message


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
    status = status_of(voice(suspend=True), children=Children(deployment=AT_REST))
    assert condition(status, "Ready") == ("False", "Suspended")


def test_whatever_depends_on_pods_says_that_a_suspended_resource_has_none() -> None:
    status = status_of(voice(suspend=True), children=Children(deployment=AT_REST))
    for kind in ("EndpointReady", "Available", "Progressing"):
        assert condition(status, kind) == ("False", "Suspended"), kind
    assert condition(status, "CredentialsReady") == ("True", "NoCredentialsNeeded")


def test_a_suspended_resource_still_says_what_keeps_clients_away_besides() -> None:
    taken = Finding(ConditionType.ENDPOINT_READY, Reason.HOST_CONFLICT, "taken")
    status = status_of(voice(suspend=True), taken, children=Children(deployment=AT_REST))
    assert condition(status, "EndpointReady") == ("False", "HostConflict")
    assert condition(status, "Ready") == ("False", "Suspended")


def waiting_pod(reason: str) -> Json:
    said = {"name": "g", "image": "i", "ready": False, "waiting": reason, "message": "", "exit_code": 1}
    return {**POD, "containers": [said]}


ROLLING = {**SERVING, "generation": 2, "observedGeneration": 2, "replicas_seen": 3, "updatedReplicas": 1}
"""Two old pods serve while a new one comes."""
STUCK = {
    **ROLLING,
    "conditions": [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}],
}


def test_o07_a_rollout_that_goes_on_keeps_it_ready() -> None:
    status = status_of(children=Children(deployment=ROLLING, pods={"new": POD}))
    assert condition(status, "Ready") == ("True", "Serving")
    assert condition(status, "Progressing") == ("True", "RollingOut")
    assert said(status, "Progressing") == "1/2 pods run the current spec, 1 not ready yet."


def test_o07_a_pod_that_never_gets_ready_is_led_to_by_commands_that_can_be_run() -> None:
    status = status_of(children=Children(deployment=STUCK))
    assert "See why: parley -n ns doctor receptionist, or" in said(status, "Progressing")


def test_o07_what_is_wrong_is_told_until_the_spec_that_mends_it_is_brought_to_the_pods() -> None:
    waiting = Children(deployment=ROLLING, pods={"new": waiting_pod("ImagePullBackOff")})
    status = status_of(children=waiting, held=frozenset({ObjectKey("Deployment", "receptionist")}))
    assert condition(status, "Progressing") == ("True", "RollingOut")
    assert "The rollout does not go on: pod new cannot pull" in said(status, "Ready")


def test_o07_ready_says_that_new_pods_cannot_start_and_that_old_ones_serve() -> None:
    status = status_of(children=Children(deployment=ROLLING, pods={"new": waiting_pod("ImagePullBackOff")}))
    assert condition(status, "Ready") == ("False", "ImagePullBackOff")
    assert condition(status, "Available") == ("True", "PodsReady")
    message = status["conditions"][0]["message"]
    assert "pod new cannot pull" in message
    assert "2/2 pods ready, of the older ones" in message


def test_o06_a_pod_more_that_finds_no_node_is_no_failed_rollout() -> None:
    """An autoscaler asks for more than the cluster has: all pods are of the current spec."""
    more = {**SERVING, "replicas": 3, "replicas_seen": 3, "updatedReplicas": 3}
    pods = {"new": {**POD, "unschedulable": "0/1 nodes are available"}}
    assert condition(status_of(children=Children(deployment=more, pods=pods)), "Ready") == ("True", "Serving")


class TestRevisions:
    def test_o07_what_runs_is_what_was_asked_for_once_its_pods_are_ready(self) -> None:
        status = status_of()
        assert status["currentRevision"] == status["updateRevision"] == revision_name(voice(), "0.1")
        assert "failedRevision" not in status

    def test_o07_until_then_it_is_what_ran_before(self) -> None:
        resource = known(voice(limits={"sessionsPerPod": 7}), currentRevision="before")
        status = status_of(resource, children=Children(deployment=ROLLING))
        assert (status["currentRevision"], status["updateRevision"]) == ("before", revision_name(resource, "0.1"))

    def test_o07_pods_that_take_too_long_have_failed(self) -> None:
        resource = known(voice(), currentRevision="before")
        status = status_of(resource, children=Children(deployment=STUCK))
        assert status["failedRevision"] == revision_name(resource, "0.1")
        assert condition(status, "Ready") == ("False", "RolloutStuck")

    def test_o07_what_a_controller_said_of_an_older_template_is_not_held_against_this_one(self) -> None:
        unseen = {**STUCK, "generation": 3}
        status = status_of(known(voice(), currentRevision="before"), children=Children(deployment=unseen))
        assert "failedRevision" not in status

    def test_o07_rolled_back_it_says_what_failed_what_runs_and_what_to_do(self) -> None:
        asked = voice(limits={"sessionsPerPod": 7}, rollout={"onFailure": "Rollback", "progressDeadline": "2m"})
        good = voice()
        asked = known(
            asked, currentRevision=revision_name(good, "0.1"), failedRevision=revision_name(asked, "0.1")
        )
        status = status_of(asked, running=good)
        assert condition(status, "Ready") == ("False", "RolledBack")
        assert status["failedRevision"] == status["updateRevision"] == revision_name(asked, "0.1")
        assert status["currentRevision"] == revision_name(good, "0.1")
        message = status["conditions"][0]["message"]
        assert f"Revision {revision_name(asked, '0.1')} was not ready within 2m" in message
        assert f"revision {revision_name(good, '0.1')} runs instead, 2/2 pods ready" in message

    def test_o07_another_spec_is_another_chance(self) -> None:
        resource = known(voice(limits={"sessionsPerPod": 8}), currentRevision="before", failedRevision="failed")
        assert "failedRevision" not in status_of(resource, children=Children(deployment=ROLLING))

    @pytest.mark.parametrize(
        "why",
        [
            {"paused": True},
            {"blocked": Blocked(Reason.NAME_CONFLICT, "Service receptionist exists")},
            {"children": Children(deployment={**SERVING, "availableReplicas": 0})},
        ],
        ids=["paused", "blocked", "none serves"],
    )
    def test_o07_a_spec_that_no_pod_runs_is_not_what_runs(self, why: dict[str, Any]) -> None:
        status = status_of(known(voice(), currentRevision="before"), **why)
        assert status["currentRevision"] == "before"


CANARY = {**SERVING, "replicas": 1, "replicas_seen": 1, "updatedReplicas": 1, "readyReplicas": 1}


class TestCanary:
    """What serves is a revision from before; the resource's own spec is tried beside it."""

    def status(
        self,
        *,
        available: int = 1,
        view: Json | None = None,
        pods: Json | None = None,
        previous: Json | None = None,
    ) -> Json:
        serving = voice(limits={"sessionsPerPod": 50})
        resource = known(
            voice(rollout={"canary": {"weightPercent": 10}}), currentRevision=revision_name(serving, "0.1")
        )
        facts = Facts(release="0.1", now=NOW, replicas=2, canary_available=available)
        children = Children(deployment=SERVING, canary=CANARY if view is None else view, pods=pods)
        return compute_status(
            resource,
            replace(render(serving, facts, canary=resource), findings=()),
            children,
            running=serving,
            blocked=None,
            previous=previous or {},
            now=NOW,
        )

    def test_o07_it_is_ready_and_says_what_is_tried_and_how_that_ends(self) -> None:
        status = self.status()
        assert condition(status, "Ready") == ("True", "Serving")
        assert condition(status, "Progressing") == ("True", "CanaryRunning")
        assert status["canary"] == {
            "revision": status["updateRevision"],
            "weightPercent": 10,
            "readyReplicas": 1,
            "since": "2026-11-20T12:00:00Z",
        }
        assert status["currentRevision"] != status["updateRevision"]
        assert (status["replicas"], status["readyReplicas"], status["updatedReplicas"]) == (2, 2, 1)
        assert "failedRevision" not in status

    def test_o07_it_gets_nothing_before_it_is_ready(self) -> None:
        status = self.status(available=0)
        assert status["canary"]["weightPercent"] == 0
        assert condition(status, "Progressing") == ("True", "RollingOut")

    def test_o07_the_same_revision_is_tried_since_it_began(self) -> None:
        before = self.status()
        before["canary"]["since"] = "2026-11-01T00:00:00Z"
        assert self.status(previous=before)["canary"]["since"] == "2026-11-01T00:00:00Z"
        before["canary"]["revision"] = "receptionist-other"
        assert self.status(previous=before)["canary"]["since"] == "2026-11-20T12:00:00Z"

    def test_o07_pods_that_take_too_long_have_failed_and_the_others_serve(self) -> None:
        stuck = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": ""}
        status = self.status(available=0, view={**CANARY, "readyReplicas": 0, "conditions": [stuck]})
        assert status["failedRevision"] == status["updateRevision"]
        assert condition(status, "Progressing") == ("False", "RolloutStuck")
        assert condition(status, "Ready") == ("False", "RolloutStuck")
        assert condition(status, "Available") == ("True", "PodsReady")

    def test_o07_its_pods_trouble_is_told_and_is_not_taken_for_that_of_the_others(self) -> None:
        crash = {
            "name": "gateway",
            "image": "x",
            "ready": False,
            "waiting": "CrashLoopBackOff",
            "message": "",
            "exit_code": 1,
        }
        pods = {"receptionist-canary-5d4-x": {**POD, "containers": [crash]}, "receptionist-7c8-y": POD}
        status = self.status(pods=pods)
        assert condition(status, "Progressing") == ("True", "CrashLoopBackOff")
        assert condition(status, "Ready") == ("False", "CrashLoopBackOff")
        assert "kubectl -n ns logs receptionist-canary-5d4-x --previous" in said(status, "Ready")
        others = {"receptionist-canary-5d4-x": POD, "receptionist-7c8-y": {**POD, "containers": [crash]}}
        assert condition(self.status(pods=others), "Ready") == ("True", "Serving")


def test_o07_paused_is_said_with_how_to_go_on() -> None:
    status = status_of(paused=True)
    assert condition(status, "Progressing") == ("False", "Paused")
    assert condition(status, "Ready") == ("True", "Serving")


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


def test_o07_pods_that_do_not_follow_yet_are_told_and_their_revision_does_not_run() -> None:
    old = known(voice(), currentRevision="receptionist-old")
    status = status_of(old, held=frozenset({ObjectKey("Deployment", "receptionist")}))
    assert condition(status, "Progressing") == ("True", "RollingOut")
    assert condition(status, "Ready") == ("True", "Serving")
    assert status["currentRevision"] == "receptionist-old"
    assert status_of(old)["currentRevision"] != "receptionist-old"


def test_o10_what_was_applied_is_remembered_where_not_all_of_it_could_be() -> None:
    blocked = Blocked(Reason.APPLY_FAILED, "refused")
    assert status_of(blocked=blocked, previous={"appliedHash": "before"})["appliedHash"] == "before"
