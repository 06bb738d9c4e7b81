"""O12: the commands that look into pods, and that take one out of service, on a node."""

from __future__ import annotations

import asyncio
import json
import sys

import pytest

from tests.cluster.calls import call, wait_until_routed
from tests.cluster.conftest import Cluster
from tests.cluster.kubernetes import Namespace, is_leaving, pods_of, uids
from tests.cluster.resources import voice_deployment

PROGRAM = "from parley_cli.main import main; main()"


@pytest.mark.takes(seconds=20)
async def test_o12_sessions_are_counted_by_pod_and_a_drained_pod_cuts_none(
    cluster: Cluster, namespace: Namespace
) -> None:
    name, host = "drained", "drained.voice.localhost"
    namespace.apply(voice_deployment(name, host=host, replicas=2))
    await namespace.ready(name)
    await wait_until_routed(namespace, name, host=host, entrance=cluster.entrance)
    before = namespace.pods(name)

    async def parley(*arguments: str) -> str:
        command = (sys.executable, "-c", PROGRAM, *arguments, "-n", namespace.name)
        return await asyncio.to_thread(cluster.commands.read, *command)

    async with call(namespace, name, host=host, entrance=cluster.entrance) as made:
        assert (await made.conversation.type("are you there")).status == "completed"
        told = json.loads(await parley("sessions", name, "-o", "json"))
        assert sorted(pod["health"]["sessions"] for pod in told) == [0, 1]
        busy = next(pod["pod"] for pod in told if pod["health"]["sessions"])

        assert "drains" in await parley("drain", busy, "--no-wait")
        await made.until(lambda: bool(made.of_type("session.draining")))
        assert is_leaving(namespace.get("Pod", busy))
        assert (await made.conversation.type("and still there")).status == "completed"
        await made.connection.end()

    others = {pod: body for pod, body in before.items() if pod != busy}
    pods = await namespace.until(
        "Pod", lambda pods: busy not in pods and len(pods) == 2, query=pods_of(name), within=180
    )
    assert uids(others) < uids(pods)
    await namespace.ready(name)


async def test_o12_the_doctor_finds_a_healthy_service_healthy(cluster: Cluster, namespace: Namespace) -> None:
    namespace.apply(voice_deployment("healthy"))
    await namespace.ready("healthy")
    command = (sys.executable, "-c", PROGRAM, "doctor", "healthy", "-n", namespace.name, "-o", "json")
    found = json.loads(await asyncio.to_thread(cluster.commands.read, *command))
    assert {one["grade"] for one in found} <= {"ok", "warning"}
    told = [one["message"] for one in found if one["grade"] == "ok"]
    assert any(message.startswith("stt Embedded: ok in pod") for message in told)
    assert any(message.startswith("Ready: 1/1") for message in told)
