"""O7: a change is tried on a part of new connections, on a real API server with the real Deployment controller.

Nobody serves the Ingress: what a Traefik makes of shares is in test_traefik.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from localcluster import ControlPlane
from tests.operator.cluster import COLLECTED_SECONDS, Check, Json, Namespace
from tests.operator.command import Parley
from tests.operator.process import OperatorProcess

pytestmark = pytest.mark.controlplane

SMALL = {"sessionsPerPod": 7}
NGINX = "nginx"
ROLLOUT: dict[str, Any] = {"canary": {"weightPercent": 10}}


@pytest.fixture(autouse=True)
async def nginx_class(namespace: Namespace) -> None:
    """Nobody serves it: a second Ingress is all that is asked of the operator."""
    path = f"/apis/networking.k8s.io/v1/ingressclasses/{NGINX}"
    body = {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": NGINX}}
    spec = {"controller": "k8s.io/ingress-nginx"}
    await namespace.client.apply(path, {**body, "spec": spec}, field_manager="test", force=True)


def endpoint(namespace: Namespace) -> Json:
    return {"hosts": [f"{namespace.name}.example.com"], "ingress": {"className": NGINX}}


def canary_of(body: Json | None) -> Json:
    assert body is not None
    found: Json = body["status"].get("canary") or {}
    return found


def gets(percent: int) -> Check:
    """The canary gets so many percent of new connections."""
    return lambda body: canary_of(body).get("weightPercent") == percent


def tries_another(before: Json) -> Check:
    return lambda body: canary_of(body).get("revision") not in {None, before["revision"]}


def has_no_canary(edited: Json) -> Check:
    generation = edited["metadata"]["generation"]
    return lambda body: (
        body is not None and (body["status"]["observedGeneration"] >= generation and not canary_of(body))
    )


async def tried(namespace: Namespace, **rollout: Any) -> Json:
    """A resource whose change gets a tenth of new connections; returns the template of the pods that serve."""
    await namespace.voice("receptionist", replicas=3, rollout={**ROLLOUT, **rollout}, endpoint=endpoint(namespace))
    await namespace.until_ready("receptionist")
    template: Json = (await namespace.get("Deployment", "receptionist"))["spec"]["template"]
    await namespace.edit("receptionist", limits=SMALL, agent={"greeting": "Something new"})
    return template


async def until_tried(namespace: Namespace, percent: int = 10) -> None:
    async with namespace.kubelet():
        await namespace.until("VoiceDeployment", "receptionist", gets(percent))


async def children_of_the_canary(namespace: Namespace) -> list[tuple[str, str]]:
    return [child for child in await namespace.children() if "-canary" in child[1]]


async def test_o07_a_change_runs_beside_what_serves_and_gets_its_share_once_it_is_ready(
    namespace: Namespace, operator: OperatorProcess
) -> None:
    assert operator.is_running()
    template = await tried(namespace)
    # Nobody plays the kubelet yet: its pod is not ready, and nobody is led there.
    await namespace.until_exists("Deployment", "receptionist-canary")
    await namespace.until("VoiceDeployment", "receptionist", lambda body: canary_of(body) != {})
    assert await namespace.find("Ingress", "receptionist-canary") is None
    await until_tried(namespace)

    second = await namespace.until_exists("Ingress", "receptionist-canary")
    assert second["metadata"]["annotations"]["nginx.ingress.kubernetes.io/canary-weight"] == "10"
    main, canary = [await namespace.get("Deployment", f"receptionist{suffix}") for suffix in ("", "-canary")]
    assert (main["spec"]["replicas"], canary["spec"]["replicas"]) == (3, 1)
    assert main["spec"]["template"] == template
    texts = [
        (await namespace.get("ConfigMap", f"receptionist{suffix}-agent"))["data"] for suffix in ("", "-canary")
    ]
    assert ["Something new" in str(text) for text in texts] == [False, True]
    body = await namespace.get("VoiceDeployment", "receptionist")
    status = body["status"]
    assert status["canary"]["revision"] == status["updateRevision"] != status["currentRevision"]
    assert (status["replicas"], status["readyReplicas"], status["canary"]["readyReplicas"]) == (3, 3, 1)
    told = await namespace.until_condition("receptionist", "Progressing", "True", "CanaryRunning")
    assert "gets 10 % of new connections" in told["message"]
    await namespace.until_condition("receptionist", "Ready", "True")

    await namespace.edit("receptionist", rollout={"canary": {"weightPercent": 60}})
    await until_tried(namespace, 60)
    assert (await namespace.get("Deployment", "receptionist-canary"))["spec"]["replicas"] == 2
    assert (await namespace.get("Deployment", "receptionist"))["spec"]["template"] == template


def without_canary(_: Json) -> Json:
    return {"spec": {"rollout": {"canary": None}}}


def with_all(_: Json) -> Json:
    return {"spec": {"rollout": {"canary": {"weightPercent": 100}}}}


def promoted(body: Json) -> Json:
    """What `parley promote` does."""
    return {"metadata": {"annotations": {"parley.dev/promote": body["status"]["canary"]["revision"]}}}


@pytest.mark.parametrize("edit", [without_canary, with_all, promoted])
async def test_o07_promoted_it_goes_to_all_pods_and_leaves_nothing_of_the_canary(
    namespace: Namespace, operator: OperatorProcess, edit: Callable[[Json], Json]
) -> None:
    assert operator.is_running()
    template = await tried(namespace)
    await until_tried(namespace)
    body = await namespace.get("VoiceDeployment", "receptionist")
    edited = await namespace.patch("VoiceDeployment", "receptionist", edit(body))
    async with namespace.kubelet():
        await namespace.until("VoiceDeployment", "receptionist", has_no_canary(edited))
        after = await namespace.until(
            "VoiceDeployment",
            "receptionist",
            lambda found: (
                found is not None and found["status"]["currentRevision"] == body["status"]["canary"]["revision"]
            ),
        )
    assert after is not None
    assert after["status"]["currentRevision"] == after["status"]["updateRevision"]
    assert (await namespace.get("Deployment", "receptionist"))["spec"]["template"] != template
    for kind in ("Ingress", "Service", "Deployment", "NetworkPolicy"):
        await namespace.until_gone(kind, "receptionist-canary")
    if edit is promoted:
        # It said so of that revision alone: the next change is tried again.
        await namespace.edit("receptionist", limits={"sessionsPerPod": 8})
        await until_tried(namespace)


async def test_o07_given_up_nothing_is_left_of_it_and_no_pod_that_serves_was_touched(
    namespace: Namespace, operator: OperatorProcess
) -> None:
    assert operator.is_running()
    template = await tried(namespace)
    await until_tried(namespace)
    before = await namespace.get("Deployment", "receptionist")
    edited = await namespace.edit("receptionist", limits=None, agent={"greeting": None})
    await namespace.until("VoiceDeployment", "receptionist", has_no_canary(edited))
    for kind in ("Ingress", "Service", "Deployment", "NetworkPolicy"):
        await namespace.until_gone(kind, "receptionist-canary")
    assert not [name for kind, name in await children_of_the_canary(namespace) if kind != "ConfigMap"]
    after = await namespace.get("Deployment", "receptionist")
    assert after["metadata"]["generation"] == before["metadata"]["generation"]
    assert after["spec"]["template"] == template


async def test_o07_o08_given_up_its_pods_that_drain_keep_their_way_out_until_they_are_gone(
    namespace: Namespace, operator: OperatorProcess
) -> None:
    assert operator.is_running()
    await namespace.voice("receptionist", rollout=ROLLOUT, endpoint=endpoint(namespace))
    await namespace.until_ready("receptionist")
    settled = await namespace.get("NetworkPolicy", "receptionist")
    llm = {"provider": "OpenAICompatible", "baseURL": "http://vllm.models.svc:8000/v1", "model": "m"}
    await namespace.edit("receptionist", pipeline={"llm": llm})
    await until_tried(namespace)
    [pod] = await namespace.find_all("Pod", "app.kubernetes.io/component=gateway-canary")
    talks = {"metadata": {"finalizers": ["example.com/call"]}}
    await namespace.patch("Pod", pod["metadata"]["name"], talks)
    embedded = {"provider": "Embedded", "baseURL": None, "model": None}
    await namespace.edit("receptionist", pipeline={"llm": embedded})
    await namespace.until_gone("NetworkPolicy", "receptionist-canary")
    models = {"to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "models"}}}]}
    wide = await namespace.get("NetworkPolicy", "receptionist")
    assert wide["spec"]["egress"] == [*settled["spec"]["egress"], models]
    await namespace.patch("Pod", pod["metadata"]["name"], {"metadata": {"finalizers": None}})
    await namespace.until(
        "NetworkPolicy",
        "receptionist",
        lambda policy: policy is not None and policy["spec"] == settled["spec"],
        seconds=COLLECTED_SECONDS,
    )


@pytest.mark.parametrize("on_failure", ["Hold", "Rollback"])
async def test_o07_a_canary_that_does_not_become_ready_obeys_on_failure(
    namespace: Namespace, operator: OperatorProcess, on_failure: str
) -> None:
    assert operator.is_running()
    template = await tried(namespace, onFailure=on_failure, progressDeadline="30s")
    reason = {"Hold": "RolloutStuck", "Rollback": "RolledBack"}[on_failure]
    ready = await namespace.until_condition("receptionist", "Ready", "False", reason, seconds=90)
    assert "3/3 pods ready" in ready["message"]
    body = await namespace.get("VoiceDeployment", "receptionist")
    assert body["status"]["failedRevision"] == body["status"]["updateRevision"]
    assert body["spec"]["limits"]["sessionsPerPod"] == 7
    assert await namespace.find("Ingress", "receptionist-canary") is None
    assert (await namespace.get("Deployment", "receptionist"))["spec"]["template"] == template
    if on_failure == "Hold":
        assert canary_of(body)["weightPercent"] == 0
    else:
        await namespace.until_gone("Deployment", "receptionist-canary")


async def test_o07_a_class_that_cannot_share_is_named_and_the_change_is_an_ordinary_rollout(
    namespace: Namespace, operator: OperatorProcess
) -> None:
    assert operator.is_running()
    await namespace.voice("receptionist", rollout=ROLLOUT)
    await namespace.until_ready("receptionist")
    said = await namespace.until_condition("receptionist", "SettingsHonoured", "False", "CanaryNotShared")
    assert "a Service alone cannot share connections" in said["message"]
    edited = await namespace.edit("receptionist", limits=SMALL)
    async with namespace.kubelet():
        after = await namespace.until(
            "VoiceDeployment",
            "receptionist",
            lambda body: (
                body is not None
                and body["status"]["observedGeneration"] >= edited["metadata"]["generation"]
                and body["status"]["currentRevision"] == body["status"]["updateRevision"]
            ),
        )
    assert canary_of(after) == {}
    assert await namespace.find("Deployment", "receptionist-canary") is None


async def test_o07_an_operator_that_was_killed_goes_on_with_what_was_tried(
    namespace: Namespace, operator: OperatorProcess
) -> None:
    template = await tried(namespace)
    await until_tried(namespace)
    before = await namespace.get("VoiceDeployment", "receptionist")
    operator.kill()
    await namespace.delete("Deployment", "receptionist-canary")
    operator.start().wait_for_log("synced")
    await namespace.until_exists("Deployment", "receptionist-canary")
    await until_tried(namespace)
    after = await namespace.get("VoiceDeployment", "receptionist")
    assert canary_of(after)["since"] == canary_of(before)["since"]
    assert (await namespace.get("Deployment", "receptionist"))["spec"]["template"] == template


async def test_o07_nothing_is_written_while_a_canary_runs_and_nothing_changes(
    namespace: Namespace, operator: OperatorProcess, audit: Callable[[], list[dict[str, Any]]]
) -> None:
    assert operator.is_running()
    await tried(namespace)
    await until_tried(namespace)
    await namespace.until_exists("Ingress", "receptionist-canary")
    await namespace.until_condition("receptionist", "Progressing", "True", "CanaryRunning")
    before = len([line for line in audit() if line["verb"] != "get"])
    note = {"metadata": {"annotations": {"example.com/note": "wakes nobody"}}}
    await namespace.patch("Service", "receptionist-canary", {"metadata": {"labels": {"touched": "yes"}}})
    await namespace.patch("VoiceDeployment", "receptionist", note)
    await namespace.edit("receptionist", rollout={"canary": {"weightPercent": 11}})
    await until_tried(namespace, 11)
    written = [line for line in audit() if line["verb"] != "get"][before:]
    touched = {line["objectRef"]["resource"] for line in written}
    assert touched <= {"ingresses", "voicedeployments", "events"}


async def test_o07_o12_the_command_shows_it_gives_it_up_and_promotes_it(
    plane: ControlPlane, namespace: Namespace, operator: OperatorProcess
) -> None:
    assert operator.is_running()
    parley = Parley(plane.kubeconfig, namespace.name)
    await tried(namespace)
    await until_tried(namespace)
    before = canary_of(await namespace.get("VoiceDeployment", "receptionist"))
    # Two changes after what serves: the way back leads there, not to the change before.
    await namespace.edit("receptionist", limits={"sessionsPerPod": 8})
    another = await namespace.until("VoiceDeployment", "receptionist", tries_another(before))
    await namespace.until_exists(
        "ControllerRevision", canary_of(another)["revision"]
    )  # the status tells of it first
    assert "10 % of new connections" in (await parley("status", "receptionist")).out
    marks = [one["marks"] for one in (await parley("history", "receptionist", "-o", "json")).content]
    assert marks == [["current"], [], ["asked for", "canary"]]
    assert "back to revision 1" in (await parley("rollback", "receptionist")).out
    edited = await namespace.get("VoiceDeployment", "receptionist")
    await namespace.until("VoiceDeployment", "receptionist", has_no_canary(edited))
    assert "has no canary" in (await parley("promote", "receptionist")).err

    await namespace.edit("receptionist", limits=SMALL)
    await until_tried(namespace)
    revision = canary_of(await namespace.get("VoiceDeployment", "receptionist"))["revision"]
    assert await parley.offered("promote", "-n", namespace.name, "") == ["receptionist"]
    done = (await parley("promote", "receptionist", "-o", "json")).content
    assert f"revision {revision} goes to all pods" in done["message"]
    assert (done["action"], done["revision"], done["changed"]) == ("promote", revision, True)
    async with namespace.kubelet():
        await namespace.until(
            "VoiceDeployment",
            "receptionist",
            lambda body: body is not None and body["status"]["currentRevision"] == revision,
        )
