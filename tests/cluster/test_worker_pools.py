"""A conversation that is heard and answered by worker pools, made of the gateway's own image (O9, O8)."""

from __future__ import annotations

import array
from pathlib import Path
from typing import Any

from quickstart.images import images
from quickstart.watch import Objects
from tests.cluster.calls import call, wait_until_routed
from tests.cluster.conftest import Cluster
from tests.cluster.kubernetes import Namespace, is_leaving, is_ready, uids
from tests.cluster.resources import voice_deployment
from tests.recordings import IN_VOCABULARY, recording

NAME, HOST = "pooled", "pooled.voice.localhost"
SERVER = (Path(__file__).parent / "speech_worker.py").read_text()
SPOKEN = 200
"""Peak of s16 samples below which nobody would hear anything."""
HEARS = {"provider": "WorkerPool", "workerPool": {"name": "ears"}, "model": "embedded"}
SPEAKS = {
    "provider": "WorkerPool",
    "workerPool": {"name": "voice"},
    "model": "embedded",
    "voice": "en-us",
    "openAICompatible": {"sampleRate": 22050},
}


def pool(cluster: Cluster, name: str, role: str, **said: Any) -> dict[str, Any]:
    (image,) = [one.reference(cluster.node.repository) for one in images() if one.name == "gateway"]
    return {
        "name": name,
        "role": role,
        "image": image,
        "command": ["/opt/parley/bin/python", "-c", SERVER],
        "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}},
        "probe": {"path": "/health", "startupTimeout": "3m"},
        **said,
    }


async def test_o9_worker_pools_hear_and_answer_a_caller(cluster: Cluster, namespace: Namespace) -> None:
    pools = [pool(cluster, "voice", "TTS"), pool(cluster, "ears", "STT")]
    pipeline = {"stt": HEARS, "llm": {"provider": "Embedded"}, "tts": SPEAKS}
    namespace.apply(voice_deployment(NAME, host=HOST, pipeline=pipeline, workerPools=pools))
    await namespace.ready(NAME)
    body = await namespace.until("VoiceDeployment", lambda found: _workers(found) == "voice 1/1, ears 1/1")
    assert body[NAME]["status"]["readyReplicas"] == 1
    await wait_until_routed(namespace, NAME, host=HOST, entrance=cluster.entrance)
    await _converse(cluster, namespace)

    # A change of one pool replaces its worker, and nobody else's pod.
    before = namespace.all("Pod")
    pools[0]["env"] = [{"name": "CHANGED", "value": "yes"}]
    namespace.apply(voice_deployment(NAME, host=HOST, pipeline=pipeline, workerPools=pools))
    await namespace.until(
        "Pod",
        lambda pods: (
            bool(pods)
            and not uids(pods) & uids(before)
            and all(is_ready(p) and not is_leaving(p) for p in pods.values())
        ),
        query="labelSelector=parley.dev/pool=voice",
        within=240,
    )
    others = "labelSelector=parley.dev/pool!=voice"
    assert uids(namespace.all("Pod", others)) <= uids(before)
    await _converse(cluster, namespace)


def _workers(found: Objects) -> str:
    return str(found.get(NAME, {}).get("status", {}).get("workers"))


async def _converse(cluster: Cluster, namespace: Namespace) -> None:
    async with call(namespace, NAME, host=HOST, entrance=cluster.entrance) as made:
        turn = await made.conversation.say(recording("numbers"))
        await made.connection.end()
    assert turn.transcript == IN_VOCABULARY["numbers"]
    assert turn.status == "completed"
    assert turn.answer
    assert max(array.array("h", bytes(turn.pcm))) > SPOKEN
