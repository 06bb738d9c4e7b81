"""What a change does to conversations that are open: nothing (O3, O7, G9)."""

from __future__ import annotations

import asyncio
import copy

import pytest

from quickstart.watch import Objects
from tests.cluster.calls import call, wait_until_routed
from tests.cluster.conftest import Cluster
from tests.cluster.kubernetes import Namespace, is_leaving, is_ready, pods_of, uids
from tests.cluster.resources import through_ingress, voice_deployment


@pytest.mark.takes(seconds=30)
async def test_o7_a_changed_spec_rolls_out_one_by_one_around_an_open_session(
    cluster: Cluster, namespace: Namespace
) -> None:
    name, host = "rolled", "rolled.voice.localhost"
    document = voice_deployment(name, host=host, replicas=2)
    namespace.apply(document)
    await namespace.ready(name)
    await wait_until_routed(namespace, name, host=host, entrance=cluster.entrance)
    before = namespace.pods(name)
    fewest = 2

    def rolled_out(pods: Objects) -> bool:
        nonlocal fewest
        serving = [pod for pod in pods.values() if is_ready(pod) and not is_leaving(pod)]
        fewest = min(fewest, len(serving))
        return len(serving) == 2 and not uids(before) & {pod["metadata"]["uid"] for pod in serving}

    async with call(namespace, name, host=host, entrance=cluster.entrance) as made:
        assert (await made.conversation.type("are you there")).status == "completed"
        document["spec"]["pipeline"] = copy.deepcopy(document["spec"]["pipeline"])
        document["spec"]["pipeline"]["tts"]["embedded"] = {"wordsPerMinute": 200}
        namespace.apply(document)
        await made.until(lambda: bool(made.of_type("session.draining")), within=180)
        pods = await namespace.until("Pod", rolled_out, query=pods_of(name), within=180)

        drained = [pod for pod in pods.values() if pod["metadata"]["uid"] in uids(before)]
        assert drained
        assert all(is_leaving(pod) for pod in drained)
        assert (await made.conversation.type("and still there")).status == "completed"
        async with call(namespace, name, host=host, entrance=cluster.entrance) as second:
            assert (await second.conversation.type("who is new")).status == "completed"
            assert second.of_type("session.draining") == []
            await second.connection.end()
        await made.connection.end()

    await namespace.until("Pod", lambda pods: not uids(pods) & uids(before), query=pods_of(name))
    await namespace.ready(name)
    assert fewest == 2


@pytest.mark.takes(seconds=20)
async def test_o3_an_open_session_does_not_notice_a_changed_ingress(
    cluster: Cluster, namespace: Namespace
) -> None:
    name, host, added = "moved", "moved.voice.localhost", "added.voice.localhost"
    document = voice_deployment(name, host=host)
    namespace.apply(document)
    await namespace.ready(name)
    await wait_until_routed(namespace, name, host=host, entrance=cluster.entrance)
    before = namespace.pods(name)

    async with call(namespace, name, host=host, entrance=cluster.entrance) as made:
        assert (await made.conversation.type("are you there")).status == "completed"
        namespace.apply(document | {"spec": document["spec"] | {"endpoint": through_ingress(added)}})
        await namespace.ready(name)
        await wait_until_routed(namespace, name, host=added, entrance=cluster.entrance)
        assert (await made.conversation.type("and still there")).status == "completed"
        async with call(namespace, name, host=added, entrance=cluster.entrance) as second:
            assert (await second.conversation.type("hello by the new name")).status == "completed"
            await second.connection.end()
        assert made.of_type("session.draining") == []
        await made.connection.end()

    assert uids(namespace.pods(name)) == uids(before)


async def test_o5_changed_words_reach_new_sessions_without_a_restart(
    cluster: Cluster, namespace: Namespace
) -> None:
    name, host = "reworded", "reworded.voice.localhost"
    document = voice_deployment(name, host=host)
    document["spec"]["agent"]["greeting"] = "First greeting."
    namespace.apply(document)
    await namespace.ready(name)
    await wait_until_routed(namespace, name, host=host, entrance=cluster.entrance)
    before = namespace.pods(name)

    document["spec"]["agent"]["greeting"] = "Second greeting."
    namespace.apply(document)
    # The kubelet takes the change to the pod within its sync period of ten seconds; nothing tells when it has.
    async with asyncio.timeout(300):
        while await greeting_of(cluster, namespace, name, host=host) != "Second greeting.":
            pass
    assert uids(namespace.pods(name)) == uids(before)


async def greeting_of(cluster: Cluster, namespace: Namespace, name: str, *, host: str) -> str:
    """What a new caller hears first."""
    async with call(namespace, name, host=host, entrance=cluster.entrance) as made:
        turn = await made.conversation.greeting(within_s=10)
        await made.connection.end()
    return turn.answer if turn else ""


@pytest.mark.takes(seconds=13)
async def test_o7_deletion_leaves_nothing_but_pods_that_drain(cluster: Cluster, namespace: Namespace) -> None:
    name, host = "deleted", "deleted.voice.localhost"
    namespace.apply(voice_deployment(name, host=host, replicas=2))
    await namespace.ready(name)
    await wait_until_routed(namespace, name, host=host, entrance=cluster.entrance)

    async with call(namespace, name, host=host, entrance=cluster.entrance) as made:
        assert (await made.conversation.type("are you there")).status == "completed"
        namespace.kubectl("delete", "vd", name)
        await namespace.until_no_children()
        await made.until(lambda: bool(made.of_type("session.draining")))
        pods = await namespace.until("Pod", lambda pods: len(pods) == 1, query=pods_of(name))
        assert all(is_leaving(pod) for pod in pods.values())
        await made.connection.end()

    await namespace.until("Pod", lambda pods: not pods, query=pods_of(name))
