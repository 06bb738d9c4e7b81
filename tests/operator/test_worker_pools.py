"""O9: worker pools on a real API server: made, mended, scaled, changed and removed, each by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from localcluster import ControlPlane
from parley_operator.kube.errors import InvalidError
from tests.operator.cluster import Json, Namespace, condition
from tests.operator.command import Parley
from tests.operator.process import OperatorProcess

pytestmark = pytest.mark.controlplane

NAME, TTS, STT = "receptionist", "receptionist-pool-tts", "receptionist-pool-stt"
SPEAKS = {"provider": "WorkerPool", "workerPool": {"name": "tts"}, "model": "amy", "voice": "amy"}
HEARS = {"provider": "WorkerPool", "workerPool": {"name": "stt"}, "model": "large-v3"}
EMBEDDED = {"provider": "Embedded"}


def pool(name: str = "tts", **said: Any) -> dict[str, Any]:
    return {"name": name, "role": name.upper(), "image": "example.com/worker:1", **said}


def cached(**claim: Any) -> dict[str, Any]:
    wanted = {"size": "1Gi", "accessModes": ["ReadWriteMany"], **claim}
    return {"modelCache": {"type": "PersistentVolumeClaim", "persistentVolumeClaim": wanted}}


def speaks(**fallbacks: Any) -> dict[str, Any]:
    return {"stt": EMBEDDED, "llm": EMBEDDED, "tts": {**SPEAKS, **fallbacks}}


def replaced(stage: dict[str, Any]) -> dict[str, Any]:
    """For a merge patch: what the stage had before goes."""
    return {"workerPool": None, "model": None, **stage}


def holds(kind: str, status: str, reason: str) -> Callable[[Json | None], bool]:
    def check(body: Json | None) -> bool:
        found = condition(body, kind)
        return found is not None and (found["status"], found["reason"]) == (status, reason)

    return check


async def made(namespace: Namespace, *pools: dict[str, Any], **spec: Any) -> None:
    """A resource with pools, Ready, its workers too."""
    await namespace.voice(NAME, workerPools=list(pools), **spec)
    await serving(namespace)


async def serving(namespace: Namespace) -> None:
    async with namespace.kubelet():
        await namespace.until_condition(NAME, "WorkersReady", "True", "WorkersServing")
        await namespace.until_condition(NAME, "Ready", "True")


async def test_o09_a_pool_is_made_mended_and_removed(namespace: Namespace, operator: OperatorProcess) -> None:
    assert operator.is_running()
    both = {"stt": HEARS, "llm": EMBEDDED, "tts": SPEAKS}
    await made(namespace, pool(replicas=2, **cached()), pool("stt", scaling={"maxReplicas": 3}), pipeline=both)
    async with namespace.kubelet():
        counts = "tts 2/2, stt 1/1"
        body = await namespace.until(
            "VoiceDeployment", NAME, lambda one: one is not None and one["status"].get("workers") == counts
        )
    assert body is not None
    assert body["status"]["replicas"] == 1
    config = [
        one["data"]["gateway.json"]
        for one in await namespace.find_all("ConfigMap")
        if "gateway.json" in one["data"]
    ]
    assert f"http://{TTS}.{namespace.name}.svc/v1" in config[0]

    children = [child for child in await namespace.children() if child[1] in {TTS, STT}]
    assert {kind for kind, name in children if name == TTS} == {
        "Deployment",
        "NetworkPolicy",
        "PersistentVolumeClaim",
        "PodDisruptionBudget",
        "Service",
        "ServiceAccount",
    }
    for kind, name in children:
        if kind == "PersistentVolumeClaim":
            continue
        uid = (await namespace.get(kind, name))["metadata"]["uid"]
        await namespace.delete(kind, name)
        await namespace.until(kind, name, is_another(uid))
    await namespace.patch("NetworkPolicy", TTS, {"spec": {"ingress": [{}]}})
    await namespace.until("NetworkPolicy", TTS, lambda one: one is not None and one["spec"]["ingress"] != [{}])

    # A pool that the pipeline names cannot go.
    with pytest.raises(InvalidError, match="names a pool that workerPools does not have with role STT"):
        await namespace.edit(NAME, workerPools=[pool()])
    await namespace.edit(NAME, workerPools=[pool(**cached())], pipeline={**speaks(), "stt": replaced(EMBEDDED)})
    for kind, name in children:
        if name == STT:
            await namespace.until_gone(kind, name)
    assert (await namespace.get("Deployment", TTS))["spec"]["selector"]["matchLabels"]["parley.dev/pool"] == "tts"


async def test_o12_the_command_tells_workers_from_gateways(
    namespace: Namespace, operator: OperatorProcess, plane: ControlPlane
) -> None:
    assert operator.is_running()
    await made(namespace, pool(replicas=2, **cached()), pipeline=speaks())
    parley = Parley(plane.kubeconfig, namespace.name)
    lines = (await parley("status", NAME)).out.splitlines()
    depths = {line.strip().partition(" ")[0]: len(line) - len(line.lstrip()) for line in lines}
    replica_set = next(one for one in depths if one.startswith(f"ReplicaSet/{TTS}-"))
    workers = [one.removeprefix("Pod/") for one in depths if one.startswith(f"Pod/{TTS}-")]
    assert len(workers) == 2
    assert depths[f"Deployment/{TTS}"] < depths[replica_set] < depths[f"Pod/{workers[0]}"]
    assert any(f"PersistentVolumeClaim/{TTS}  Pending, 1Gi, ReadWriteMany" in line for line in lines)
    # Sessions are the gateway's: workers are not asked for theirs.
    asked = [one["pod"] for one in (await parley("sessions", NAME, "-o", "json")).content]
    assert len(asked) == 1
    assert asked[0] not in workers


async def test_o09_replicas_are_the_pools_autoscalers(namespace: Namespace, operator: OperatorProcess) -> None:
    assert operator.is_running()
    scaling = {"minReplicas": 2, "maxReplicas": 6}
    await made(namespace, pool(scaling=scaling), pool("stt", replicas=1))
    assert (await namespace.get("Deployment", TTS))["spec"]["replicas"] == 2
    await namespace.patch("Deployment", TTS, {"spec": {"replicas": 5}}, "scale")
    await namespace.edit(NAME, workerPools=[pool(scaling=scaling, args=["--fast"]), pool("stt", replicas=3)])
    await namespace.until("Deployment", STT, lambda one: one is not None and one["spec"]["replicas"] == 3)
    await namespace.until("Deployment", TTS, lambda one: one is not None and has_args(one, ["--fast"]))
    assert (await namespace.get("Deployment", TTS))["spec"]["replicas"] == 5

    await namespace.edit(NAME, suspend=True)
    for name in (TTS, STT):
        await namespace.until("Deployment", name, lambda one: one is not None and one["spec"]["replicas"] == 0)
    await namespace.until_condition(NAME, "WorkersReady", "False", "Suspended")
    await namespace.edit(NAME, suspend=False)
    await namespace.until("Deployment", TTS, lambda one: one is not None and one["spec"]["replicas"] == 2)
    await namespace.until("Deployment", STT, lambda one: one is not None and one["spec"]["replicas"] == 3)


def has_args(deployment: Json, wanted: list[str]) -> bool:
    found: list[str] = deployment["spec"]["template"]["spec"]["containers"][0].get("args", [])
    return found == wanted


async def test_o09_a_change_of_a_pool_rolls_that_pool_alone(
    namespace: Namespace, operator: OperatorProcess
) -> None:
    assert operator.is_running()
    await made(namespace, pool(), pool("stt"), pipeline=speaks())
    before = {name: await namespace.get("Deployment", name) for name in (NAME, STT)}
    await namespace.edit(NAME, workerPools=[pool(image="example.com/worker:2"), pool("stt")])
    await namespace.until(
        "Deployment",
        TTS,
        lambda one: one is not None and one["status"].get("updatedReplicas") == 1 and _image(one).endswith(":2"),
    )
    await serving(namespace)
    for name, known in before.items():
        assert (await namespace.get("Deployment", name))["metadata"]["generation"] == known["metadata"][
            "generation"
        ]


def _image(deployment: Json) -> str:
    return str(deployment["spec"]["template"]["spec"]["containers"][0]["image"])


async def test_o09_ready_says_which_pool_is_not_and_why(namespace: Namespace, operator: OperatorProcess) -> None:
    assert operator.is_running()
    await made(namespace, pool(), pipeline=speaks())
    # Nobody else speaks: without workers the agent is mute.
    await namespace.edit(NAME, workerPools=[pool(updates="Replace", image="example.com/wrong:1")])
    worker = "parley.dev/pool=tts"
    await namespace.until("VoiceDeployment", NAME, holds("Ready", "False", "NoWorkerReady"))
    await namespace.until_any("Pod", lambda pod: _image_of_pod(pod) == "example.com/wrong:1")
    (new,) = [
        pod for pod in await namespace.find_all("Pod", worker) if _image_of_pod(pod) == "example.com/wrong:1"
    ]
    await namespace.pod_waits(new["metadata"]["name"], reason="ImagePullBackOff", message="not found.")
    found = await namespace.until_condition(NAME, "WorkersReady", "False", "ImagePullBackOff")
    assert "Pool tts, 0/1 ready" in found["message"]
    assert "workerPools[tts]" in found["message"]
    await namespace.until_condition(NAME, "Ready", "False", "ImagePullBackOff")
    # With somebody else to speak, callers are served.
    await namespace.edit(NAME, pipeline=speaks(fallbacks=[{"name": "own", **EMBEDDED}]))
    async with namespace.kubelet():
        await namespace.until_condition(NAME, "Ready", "True")


def _image_of_pod(pod: Json) -> str:
    return str(pod["spec"]["containers"][0]["image"])


async def test_o09_what_is_refused_of_a_pool_holds_nobody_else(
    namespace: Namespace, operator: OperatorProcess
) -> None:
    assert operator.is_running()
    theirs = {"apiVersion": "v1", "metadata": {"name": TTS}, "spec": {"ports": [{"port": 1}]}}
    await namespace.create("Service", theirs)
    await namespace.voice(NAME, workerPools=[pool(), pool("stt")])
    async with namespace.kubelet():
        found = await namespace.until_condition(NAME, "WorkersReady", "False", "ApplyFailed")
        assert f"Service {TTS} exists and was not made by Parley" in found["message"]
        await namespace.until_condition(NAME, "Ready", "True")
    await namespace.until_exists("Deployment", STT)
    assert await namespace.find("Deployment", TTS) is None


async def test_o09_a_claim_grows_and_is_otherwise_kept(
    namespace: Namespace, operator: OperatorProcess, audit: Callable[[], list[dict[str, Any]]]
) -> None:
    assert operator.is_running()
    growing = await storage_class(namespace, "growing", grows=True)
    await made(namespace, pool(**cached(storageClassName=growing)))
    await bound(namespace, TTS)
    await namespace.edit(NAME, workerPools=[pool(**cached(storageClassName=growing, size="2Gi"))])
    await namespace.until("PersistentVolumeClaim", TTS, lambda one: one is not None and size(one) == "2Gi")

    # What no claim can become is told, and not asked of the server again and again.
    await namespace.edit(NAME, workerPools=[pool(**cached(storageClassName="other", size="1Gi"))])
    found = await namespace.until_condition(NAME, "SettingsHonoured", "False", "ClaimNotChanged")
    assert f"its storage class is {growing}, not other" in found["message"]
    assert "it has 2Gi, and shrinks never" in found["message"]
    writes = [one for one in audit() if one["verb"] == "patch" and "persistentvolumeclaims" in one["requestURI"]]
    assert [one for one in writes if one["responseStatus"]["code"] >= 400] == []
    await namespace.until_condition(NAME, "WorkersReady", "True")

    # The pool goes, and its claim with it.
    await namespace.edit(NAME, workerPools=[])
    await namespace.until("PersistentVolumeClaim", TTS, is_leaving)


async def test_o09_a_class_that_does_not_let_claims_grow_is_told(
    namespace: Namespace, operator: OperatorProcess
) -> None:
    assert operator.is_running()
    fixed = await storage_class(namespace, "fixed", grows=False)
    await made(namespace, pool(**cached(storageClassName=fixed)))
    await bound(namespace, TTS)
    await namespace.edit(NAME, workerPools=[pool(**cached(storageClassName=fixed, size="2Gi"))])
    found = await namespace.until_condition(NAME, "WorkersReady", "False", "ApplyFailed")
    assert "Pool tts: " in found["message"]
    assert "resize" in found["message"]
    await namespace.until_condition(NAME, "Ready", "True")
    # Workers that run go on.
    assert (await namespace.get("Deployment", TTS))["status"]["availableReplicas"] == 1


async def storage_class(namespace: Namespace, name: str, *, grows: bool) -> str:
    """A class of this test's own: classes are the cluster's."""
    whole = f"{name}-{namespace.name}"
    body = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": whole},
        "provisioner": "example.com/none",
        "allowVolumeExpansion": grows,
    }
    await namespace.client.create("/apis/storage.k8s.io/v1/storageclasses", body, field_manager="test")
    return whole


async def bound(namespace: Namespace, name: str) -> None:
    """What the controller of volumes says once there is one."""
    status = {"phase": "Bound", "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteMany"]}
    await namespace.patch("PersistentVolumeClaim", name, {"status": status}, "status")


def size(claim: Json) -> str:
    return str(claim["spec"]["resources"]["requests"]["storage"])


def is_another(uid: str) -> Callable[[Json | None], bool]:
    return lambda body: body is not None and body["metadata"]["uid"] != uid


def is_leaving(body: Json | None) -> bool:
    return body is None or "deletionTimestamp" in body["metadata"]
