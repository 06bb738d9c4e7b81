"""A conversation that is heard and answered by worker pools (O9)."""

from __future__ import annotations

import pytest

from quickstart.watch import Objects
from tests.cluster.calls import wait_until_routed
from tests.cluster.conftest import Cluster
from tests.cluster.kubernetes import Namespace, is_leaving, is_ready, uids
from tests.cluster.pools import PIPELINE, converse, pool
from tests.cluster.resources import voice_deployment

NAME, HOST = "pooled", "pooled.voice.localhost"


@pytest.mark.takes(seconds=50)
async def test_o9_worker_pools_hear_and_answer_a_caller(cluster: Cluster, namespace: Namespace) -> None:
    pools = [pool(cluster, "voice", "TTS"), pool(cluster, "ears", "STT")]
    namespace.apply(voice_deployment(NAME, host=HOST, pipeline=PIPELINE, workerPools=pools))
    await namespace.ready(NAME)
    body = await namespace.until("VoiceDeployment", lambda found: _workers(found) == "voice 1/1, ears 1/1")
    assert body[NAME]["status"]["readyReplicas"] == 1
    await wait_until_routed(namespace, NAME, host=HOST, entrance=cluster.entrance)
    await converse(cluster, namespace, NAME, host=HOST)

    # A change of one pool replaces its worker, and nobody else's pod.
    before = namespace.all("Pod")
    pools[0]["env"] = [{"name": "CHANGED", "value": "yes"}]
    namespace.apply(voice_deployment(NAME, host=HOST, pipeline=PIPELINE, workerPools=pools))
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
    await converse(cluster, namespace, NAME, host=HOST)


def _workers(found: Objects) -> str:
    return str(found.get(NAME, {}).get("status", {}).get("workers"))
