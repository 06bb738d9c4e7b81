"""What was applied stays as it was applied (O2, O6, O10)."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from quickstart.watch import Object, Objects
from tests.cluster.calls import call, wait_until_routed
from tests.cluster.conftest import Cluster, install
from tests.cluster.containers import processes_of
from tests.cluster.kubernetes import Namespace, is_ready, pods_of, uids
from tests.cluster.resources import voice_deployment

FROZEN = 20.0
"""Seconds: longer than the operator's Lease lasts."""


@pytest.mark.parametrize("kind", ["Service", "Ingress", "ServiceAccount", "PodDisruptionBudget"])
async def test_o2_a_deleted_child_comes_back(namespace: Namespace, kind: str) -> None:
    namespace.apply(voice_deployment("kept", host=f"{kind.lower()}.voice.localhost", replicas=2))
    await namespace.ready("kept")
    before = namespace.get(kind, "kept")
    namespace.kubectl("delete", kind, "kept")
    after = await namespace.until(
        kind,
        lambda objects: "kept" in objects and objects["kept"]["metadata"]["uid"] != before["metadata"]["uid"],
    )
    assert after["kept"].get("spec", {}).get("selector") == before.get("spec", {}).get("selector")
    await namespace.ready("kept")


async def test_o2_edits_by_others_are_undone(namespace: Namespace) -> None:
    namespace.apply(voice_deployment("edited", host="edited.voice.localhost"))
    await namespace.ready("edited")

    def port(service: Object) -> int:
        return int(service["spec"]["ports"][0]["port"])

    wanted = port(namespace.get("Service", "edited"))
    patch = f'[{{"op": "replace", "path": "/spec/ports/0/port", "value": {wanted + 1}}}]'
    namespace.kubectl("patch", "service", "edited", "--type=json", f"--patch={patch}")
    await namespace.until("Service", lambda objects: [port(item) for item in objects.values()] == [wanted])

    escalation = '[{"op": "replace", "path": "/spec/template/spec/securityContext/runAsUser", "value": 1001}]'
    namespace.kubectl("patch", "deployment", "edited", "--type=json", f"--patch={escalation}")
    await namespace.until(
        "Deployment",
        lambda objects: all(
            item["spec"]["template"]["spec"]["securityContext"]["runAsUser"] == 1000 for item in objects.values()
        ),
    )
    await namespace.ready("edited")


@pytest.mark.takes(seconds=14)
async def test_o6_kubectl_scale_changes_the_number_of_pods(namespace: Namespace) -> None:
    namespace.apply(voice_deployment("scaled"))
    await namespace.ready("scaled")
    namespace.kubectl("scale", "vd/scaled", "--replicas=3")

    def has_three(resources: Objects) -> bool:
        status = resources["scaled"]["status"]
        return (status["replicas"], status["readyReplicas"]) == (3, 3)

    await namespace.until("VoiceDeployment", has_three)
    pods = namespace.all("Pod", pods_of("scaled"))
    assert [is_ready(pod) for pod in pods.values()] == [True] * 3
    namespace.kubectl("scale", "vd/scaled", "--replicas=1")
    await namespace.until("Pod", lambda pods: len(pods) == 1, query=pods_of("scaled"))


@pytest.mark.takes(seconds=13)
async def test_o7_suspending_ends_all_pods_and_resuming_brings_them_back(namespace: Namespace) -> None:
    namespace.apply(voice_deployment("paused"))
    await namespace.ready("paused")
    namespace.kubectl("patch", "vd", "paused", "--type=merge", '--patch={"spec": {"suspend": true}}')
    await namespace.until("Pod", lambda pods: not pods, query=pods_of("paused"))
    await namespace.condition("paused", "Suspended")
    namespace.kubectl("patch", "vd", "paused", "--type=merge", '--patch={"spec": {"suspend": false}}')
    await namespace.ready("paused")


@pytest.mark.alone
async def test_o10_an_operator_killed_in_the_middle_of_its_work_loses_nothing(
    cluster: Cluster, namespace: Namespace
) -> None:
    leader = (await cluster.operator.until("Lease", lambda leases: bool(holder(leases))))["parley-operator"]
    pod = holder({"parley-operator": leader})
    for number in range(4):
        namespace.apply(voice_deployment(f"many-{number}", host=f"many-{number}.voice.localhost"))
    for pid in processes_of(cluster.operator.get("Pod", pod), command="parley-operator"):
        os.kill(pid, signal.SIGKILL)
    for number in range(4):
        await namespace.ready(f"many-{number}")
    await cluster.operator.until(
        "Pod", lambda pods: [is_ready(item) for item in pods.values()] == [True, True], within=120
    )


def holder(leases: object) -> str:
    """The pod of the operator that works."""
    assert isinstance(leases, dict)
    identity = leases.get("parley-operator", {}).get("spec", {}).get("holderIdentity") or ""
    return str(identity.rpartition("-")[0])


@pytest.mark.alone
async def test_o10_conversations_go_on_while_the_api_server_is_frozen(
    cluster: Cluster, namespace: Namespace
) -> None:
    name, host = "frozen", "frozen.voice.localhost"
    document = voice_deployment(name, host=host)
    namespace.apply(document)
    await namespace.ready(name)
    await wait_until_routed(namespace, name, host=host, entrance=cluster.entrance)
    before = namespace.pods(name)

    async with call(namespace, name, host=host, entrance=cluster.entrance) as made:
        with cluster.frozen_api_server():
            frozen_until = asyncio.get_running_loop().time() + FROZEN
            while asyncio.get_running_loop().time() < frozen_until:
                assert (await made.conversation.type("are you there")).status == "completed"
        assert (await made.conversation.type("and still there")).status == "completed"
        await made.connection.end()

    namespace.kubectl("delete", "service", name)
    await namespace.until("Service", lambda services: name in services, within=180)
    await namespace.ready(name)
    assert uids(namespace.pods(name)) == uids(before)


@pytest.mark.alone
async def test_o10_an_upgrade_of_the_operator_leaves_gateways_alone(
    cluster: Cluster, namespace: Namespace
) -> None:
    namespace.apply(voice_deployment("steady", host="steady.voice.localhost"))
    await namespace.ready("steady")
    before = namespace.pods("steady"), namespace.get("Deployment", "steady")["metadata"]["generation"]
    operators = cluster.operator.all("Pod")
    install(cluster.node, "podAnnotations.upgraded=yes")
    await cluster.operator.until("Pod", lambda pods: not uids(pods) & uids(operators))
    namespace.kubectl("delete", "service", "steady")
    await namespace.until("Service", lambda services: "steady" in services)
    await namespace.ready("steady")
    assert uids(namespace.pods("steady")) == uids(before[0])
    assert namespace.get("Deployment", "steady")["metadata"]["generation"] == before[1]
    install(cluster.node)  # as the others, who may upgrade as well, know it
