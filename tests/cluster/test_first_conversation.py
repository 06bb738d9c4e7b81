"""From `kubectl apply` to a spoken conversation through the ingress (O1, O4, O8, G1, G8, G16)."""

from __future__ import annotations

import array
import json
from dataclasses import replace

import pytest
import yaml

from parley_client.errors import RefusedError, UnreachableError
from quickstart import sample
from tests.cluster.calls import call, line_to, wait_until_routed
from tests.cluster.conftest import Cluster
from tests.cluster.kubernetes import CHILD, CHILDREN, Namespace
from tests.cluster.resources import through_ingress, voice_deployment
from tests.recordings import IN_VOCABULARY, recording

HOST = "first.voice.localhost"
SILENCE = 200
"""Peak of s16 samples below which nobody would hear anything."""


@pytest.mark.takes(seconds=12)
async def test_g16_a_recording_of_a_person_is_understood_and_answered_in_speech(
    cluster: Cluster, namespace: Namespace
) -> None:
    document = yaml.safe_load(sample.FILE.read_text())
    document["spec"]["endpoint"] = through_ingress(HOST)
    namespace.apply(document)
    await namespace.ready(sample.NAME)
    await wait_until_routed(namespace, sample.NAME, host=HOST, entrance=cluster.entrance)

    async with call(namespace, sample.NAME, host=HOST, entrance=cluster.entrance) as made:
        greeting = await made.conversation.greeting(within_s=10)
        turn = await made.conversation.say(recording("go-forward-ten-meters"))
        await made.connection.end()

    assert greeting is not None
    assert greeting.answer == document["spec"]["agent"]["greeting"]
    assert turn.transcript == IN_VOCABULARY["go-forward-ten-meters"]
    assert turn.status == "completed"
    assert turn.answer
    assert max(array.array("h", bytes(turn.pcm))) > SILENCE
    assert turn.first_audio_s is not None


async def test_o1_kubectl_shows_what_a_person_wants_to_know(namespace: Namespace) -> None:
    namespace.apply(voice_deployment("shown", host="shown.voice.localhost", replicas=2))
    await namespace.ready("shown")
    await namespace.until("VoiceDeployment", lambda found: found["shown"]["status"]["readyReplicas"] == 2)
    heading, line = namespace.kubectl("get", "vd", "shown").splitlines()
    assert heading.split() == ["NAME", "READY", "REASON", "URL", "REPLICAS", "SERVING", "AGE"]
    name, ready, reason, url, replicas, serving, _ = line.split()
    assert (name, ready, reason, url) == ("shown", "True", "Serving", "wss://shown.voice.localhost/v1/voice")
    assert (replicas, serving) == ("2", "2")
    assert "SECRET" not in heading
    assert "Serving" in namespace.kubectl("describe", "vd", "shown")


async def test_o2_every_child_is_the_resources_own(namespace: Namespace) -> None:
    namespace.apply(voice_deployment("parent", host="parent.voice.localhost", replicas=2))
    resource = await namespace.ready("parent")
    found = {kind: namespace.all(kind, CHILD) for kind in CHILDREN}
    assert {kind for kind, objects in found.items() if objects} == {
        "ConfigMap",
        "Deployment",
        "Ingress",
        "Middleware",
        "NetworkPolicy",
        "PodDisruptionBudget",
        "Secret",
        "Service",
        "ServiceAccount",
    }
    for objects in found.values():
        for child in objects.values():
            [owner] = child["metadata"]["ownerReferences"]
            assert (owner["uid"], owner["controller"]) == (resource["metadata"]["uid"], True)


async def test_o8_pods_run_where_only_restricted_ones_may(cluster: Cluster, namespace: Namespace) -> None:
    level = "{.metadata.labels.pod-security\\.kubernetes\\.io/enforce}"
    for name in (namespace.name, cluster.operator.name):
        assert (
            cluster.commands.read("kubectl", "get", "namespace", name, "-o", f"jsonpath={level}") == "restricted"
        )
    namespace.apply(voice_deployment("hardened"))
    await namespace.ready("hardened")
    [pod] = namespace.pods("hardened").values()
    identity = namespace.kubectl("exec", pod["metadata"]["name"], "--", "/opt/parley/bin/python", "-c", PROBE)
    assert json.loads(identity) == {"uid": 1000, "root": "read-only", "capabilities": 0, "privileges": "none"}


PROBE = """
import json, os, pathlib
status = dict(line.split(":", 1) for line in pathlib.Path("/proc/self/status").read_text().splitlines())
try:
    pathlib.Path("/opt/parley/x").touch()
    root = "writable"
except OSError as error:
    root = "read-only" if error.errno == 30 else error.strerror
print(json.dumps({
    "uid": os.getuid(),
    "root": root,
    "capabilities": int(status["CapEff"], 16) | int(status["CapBnd"], 16),
    "privileges": "none" if status["NoNewPrivs"].strip() == "1" else "new",
}))
"""


async def test_g8_a_wrong_token_and_an_untrusted_certificate_are_refused(
    cluster: Cluster, namespace: Namespace
) -> None:
    host = "locked.voice.localhost"
    namespace.apply(voice_deployment("locked", host=host))
    namespace.apply(voice_deployment("stranger", host="stranger.voice.localhost", suspend=True))
    await namespace.ready("locked")
    await wait_until_routed(namespace, "locked", host=host, entrance=cluster.entrance)

    with pytest.raises(RefusedError) as refused:
        async with call(namespace, "locked", host=host, entrance=cluster.entrance, token="wrong"):
            pass
    assert refused.value.code in {401, 4401}

    line = line_to(namespace, "locked", host=host, entrance=cluster.entrance)
    stranger = namespace.secret("stranger-tls", "ca.crt")
    for wrong in (replace(line, authority=stranger), replace(line, url=line.url.replace(host, f"other.{host}"))):
        with pytest.raises(UnreachableError, match="not trusted"):
            async with wrong.connect():
                pass
