"""O5, O7: a burst of edits replaces the pods once, and what no pod notices waits for nothing."""

from __future__ import annotations

import json

import pytest

from tests.operator.cluster import Json, Namespace, condition
from tests.operator.process import OperatorProcess

pytestmark = pytest.mark.controlplane

EDITS = 20


def volumes(deployment: Json) -> list[Json]:
    found: list[Json] = deployment["spec"]["template"]["spec"]["volumes"]
    return found


async def until_rolled_out(namespace: Namespace, generation: int) -> None:
    """Until all pods run the spec of a generation."""

    def check(body: Json | None) -> bool:
        progressing = condition(body, "Progressing")
        if body is None or progressing is None or body["status"]["observedGeneration"] != generation:
            return False
        return bool(progressing["reason"] == "RolloutComplete")

    await namespace.until("VoiceDeployment", "receptionist", check)


@pytest.fixture
async def serving(namespace: Namespace, operator: OperatorProcess) -> Namespace:
    assert operator.is_running()
    await namespace.voice("receptionist")
    await namespace.until_ready("receptionist")
    return namespace


async def test_o07_a_burst_of_edits_is_one_rollout_or_two(serving: Namespace) -> None:
    before = await serving.get("Deployment", "receptionist")
    async with serving.kubelet():
        for number in range(EDITS):
            edited = await serving.edit("receptionist", limits={"sessionsPerPod": 10 + number})
        await until_rolled_out(serving, edited["metadata"]["generation"])
    after = await serving.get("Deployment", "receptionist")
    assert volumes(after) != volumes(before)
    assert len(await serving.find_all("ReplicaSet")) <= 3
    revisions = await serving.find_all("ControllerRevision")
    assert len(revisions) <= 3
    latest = max(revisions, key=lambda body: int(body["revision"]))
    assert latest["data"]["spec"]["limits"]["sessionsPerPod"] == 10 + EDITS - 1


async def test_o07_a_burst_of_prompts_is_no_rollout_and_does_not_push_out_the_history(serving: Namespace) -> None:
    before = await serving.get("Deployment", "receptionist")
    for number in range(EDITS):
        await serving.edit("receptionist", agent={"instructions": f"Be brief, version {number}."})
    await serving.until(
        "ConfigMap", "receptionist-agent", lambda body: f"version {EDITS - 1}." in json.dumps(body)
    )
    await serving.until(
        "VoiceDeployment",
        "receptionist",
        lambda body: body is not None and body["status"]["currentRevision"] == body["status"]["updateRevision"],
    )
    assert (await serving.get("Deployment", "receptionist"))["spec"] == before["spec"]
    assert len(await serving.find_all("ControllerRevision")) <= 3


async def test_o07_suspension_does_not_wait_for_the_pods_to_follow_an_edit(serving: Namespace) -> None:
    """It is the emergency stop: whatever else changed with it."""
    before = await serving.get("Deployment", "receptionist")
    await serving.edit("receptionist", suspend=True, limits={"sessionsPerPod": 7})
    stopped = await serving.until(
        "Deployment", "receptionist", lambda body: body is not None and body["spec"]["replicas"] == 0
    )
    assert stopped is not None
    assert volumes(stopped) == volumes(before)
    await serving.until(
        "Deployment", "receptionist", lambda body: body is not None and volumes(body) != volumes(before)
    )
