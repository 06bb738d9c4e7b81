"""O7: revisions, going back, and standing still, on a real API server with the real Deployment controller."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operator.cluster import Check, Json, Namespace, condition
from tests.operator.process import OperatorProcess

pytestmark = pytest.mark.controlplane

SMALL = {"sessionsPerPod": 7}
ROLLING_BACK = {"onFailure": "Rollback", "progressDeadline": "30s"}


def status(body: Json | None) -> Any:
    assert body is not None
    return body["status"]


def is_running(edited: Json) -> Check:
    """The pods run this very spec."""
    generation = edited["metadata"]["generation"]

    def check(body: Json | None) -> bool:
        found = status(body)
        return bool(
            found["observedGeneration"] >= generation and found["currentRevision"] == found["updateRevision"]
        )

    return check


async def revisions(namespace: Namespace) -> dict[int, Json]:
    """By number."""
    return {one["revision"]: one for one in await namespace.find_all("ControllerRevision")}


async def test_o07_each_spec_has_its_revision_and_the_number_of_pods_has_none(
    namespace: Namespace, operator: OperatorProcess
) -> None:
    assert operator.is_running()
    await namespace.voice("receptionist", rollout={"revisionHistoryLimit": 2})
    await namespace.until_ready("receptionist")
    first = status(await namespace.get("VoiceDeployment", "receptionist"))["currentRevision"]
    await namespace.edit("receptionist", replicas=3)
    await namespace.until_ready("receptionist")
    assert list(await revisions(namespace)) == [1]

    for number in range(2, 6):
        body = await namespace.edit("receptionist", agent={"greeting": f"Hello {number}"})
        await namespace.until("VoiceDeployment", "receptionist", is_running(body))
    found = await revisions(namespace)
    assert max(found) == 5
    assert found[5]["data"]["spec"]["agent"]["greeting"] == "Hello 5"
    assert {"replicas", "rollout"}.isdisjoint(found[5]["data"]["spec"])
    assert len(found) <= 4
    assert first not in {one["metadata"]["name"] for one in found.values()}


async def test_o07_a_failed_rollout_is_rolled_back_without_touching_the_spec_and_a_new_spec_goes_forward(
    namespace: Namespace, operator: OperatorProcess
) -> None:
    assert operator.is_running()
    await namespace.voice("receptionist", rollout=ROLLING_BACK)
    await namespace.until_ready("receptionist")
    good = status(await namespace.get("VoiceDeployment", "receptionist"))["currentRevision"]
    template = (await namespace.get("Deployment", "receptionist"))["spec"]["template"]

    # Nobody plays the kubelet: the new pod never becomes ready.
    await namespace.edit("receptionist", version="9.9", limits=SMALL)
    await namespace.let_deadline_pass("receptionist")
    ready = await namespace.until_condition("receptionist", "Ready", "False", "RolledBack")
    assert f"revision {good} runs instead, 1/1 pods ready" in ready["message"]
    body = await namespace.until(
        "Deployment",
        "receptionist",
        lambda found: found is not None and found["spec"]["template"] == template,
    )
    assert body is not None
    resource = await namespace.get("VoiceDeployment", "receptionist")
    assert resource["spec"]["version"] == "9.9"
    assert status(resource)["failedRevision"] == status(resource)["updateRevision"] != good
    assert status(resource)["currentRevision"] == good

    edited = await namespace.edit("receptionist", version="0.1")
    async with namespace.kubelet():
        after = status(await namespace.until("VoiceDeployment", "receptionist", is_running(edited)))
    assert "failedRevision" not in after
    assert after["currentRevision"] != good


async def test_o07_an_operator_that_was_killed_knows_what_had_failed(
    namespace: Namespace, lone_operator: OperatorProcess
) -> None:
    await namespace.voice("receptionist", rollout=ROLLING_BACK)
    await namespace.until_ready("receptionist")
    await namespace.edit("receptionist", limits=SMALL)
    await namespace.let_deadline_pass("receptionist")
    await namespace.until_condition("receptionist", "Ready", "False", "RolledBack")
    template = (await namespace.get("Deployment", "receptionist"))["spec"]["template"]
    lone_operator.kill()
    lone_operator.start().wait_for_log("synced")
    await namespace.edit("receptionist", replicas=2)
    async with namespace.kubelet():
        await namespace.until(
            "Deployment",
            "receptionist",
            lambda found: found is not None and found.get("status", {}).get("readyReplicas") == 2,
        )
    assert (await namespace.get("Deployment", "receptionist"))["spec"]["template"] == template


async def test_o07_held_a_failed_rollout_keeps_the_old_pods_and_says_so(
    namespace: Namespace, operator: OperatorProcess
) -> None:
    assert operator.is_running()
    await namespace.voice("receptionist", rollout={"progressDeadline": "30s"})
    await namespace.until_ready("receptionist")
    [old] = await namespace.find_all("Pod", "parley.dev/name=receptionist")
    await namespace.edit("receptionist", limits=SMALL)
    await namespace.let_deadline_pass("receptionist")
    ready = await namespace.until_condition("receptionist", "Ready", "False", "RolloutStuck")
    assert "1/1 pods ready, of the older ones" in ready["message"]
    names = [pod["metadata"]["name"] for pod in await namespace.find_all("Pod", "parley.dev/name=receptionist")]
    assert old["metadata"]["name"] in names
    assert len(names) == 2


async def test_o07_paused_nothing_is_changed_and_resumed_everything_is_made_good(
    namespace: Namespace, operator: OperatorProcess
) -> None:
    assert operator.is_running()
    await namespace.voice("receptionist")
    await namespace.until_ready("receptionist")
    pause: Json = {"metadata": {"annotations": {"parley.dev/paused": "true"}}}
    await namespace.patch("VoiceDeployment", "receptionist", pause)
    await namespace.until_condition("receptionist", "Progressing", "False", "Paused")
    await namespace.edit("receptionist", replicas=4)
    await namespace.delete("Service", "receptionist")
    paused = await namespace.until(
        "VoiceDeployment",
        "receptionist",
        lambda body: status(body)["observedGeneration"] == (body or {})["metadata"]["generation"],
    )
    found = condition(paused, "Progressing")
    assert found is not None
    assert found["reason"] == "Paused"
    assert (await namespace.get("Deployment", "receptionist"))["spec"]["replicas"] == 1
    assert await namespace.find("Service", "receptionist") is None

    resume: Json = {"metadata": {"annotations": {"parley.dev/paused": None}}}
    await namespace.patch("VoiceDeployment", "receptionist", resume)
    await namespace.until_exists("Service", "receptionist")
    await namespace.until(
        "Deployment", "receptionist", lambda body: body is not None and body["spec"]["replicas"] == 4
    )
