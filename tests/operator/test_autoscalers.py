"""O6: autoscaling on a real API server: the real HorizontalPodAutoscaler controller, and KEDA's own definitions.

Nothing runs in the pods but what tests answer for them. KEDA's operator is played where its part is one object.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from localcluster import ControlPlane
from parley_operator.kube.errors import KubeError, NotFoundError
from tests.operator import definitions
from tests.operator.cluster import Json, Namespace
from tests.operator.conftest import AUDITED, CONTROLLERS, leading_everywhere, prepare
from tests.operator.gateway_pods import GatewayPods
from tests.operator.metrics_api import CUSTOM, METRIC, RESOURCE, MetricsServer, api_service
from tests.operator.process import OperatorProcess

pytestmark = pytest.mark.controlplane

API_SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"
COST = "controller.kubernetes.io/pod-deletion-cost"
POOL = "receptionist-pool-tts"
FINALIZER = "finalizer.keda.sh"
HPA: dict[str, Any] = {
    "type": "HPA",
    "minReplicas": 1,
    "maxReplicas": 6,
    "targetSessionsPerPod": 10,
    "scaleDownWindow": "0s",
}
KEDA = {**HPA, "type": "KEDA", "prometheus": {"serverAddress": "http://prometheus:9090"}}
FIXED = {"type": "Fixed", **dict.fromkeys(("minReplicas", "maxReplicas", "targetSessionsPerPod"))}
FIXED |= {"scaleDownWindow": None, "prometheus": None}


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    """One of this module's own: APIs come and go, and autoscalers scale. Services may lead to this machine."""
    controllers = (*CONTROLLERS, "horizontal-pod-autoscaler-controller")
    flags = ("--enable-aggregator-routing=false",)
    with ControlPlane(controllers=controllers, audit_policy=AUDITED, api_server_flags=flags) as running:
        prepare(running)
        yield running


@pytest.fixture
def operator(plane: ControlPlane, namespace: Namespace, tmp_path: Path) -> Iterator[OperatorProcess]:
    """A leader for the whole cluster, since what brings APIs is the cluster's."""
    with leading_everywhere(plane, namespace, tmp_path) as process:
        yield process


@pytest.fixture(autouse=True)
async def left_behind(namespace: Namespace) -> AsyncIterator[None]:
    """Nothing for the operators and the autoscalers of later tests."""
    yield
    await namespace.delete("VoiceDeployment", "receptionist")


@pytest.fixture
async def pods(namespace: Namespace) -> AsyncIterator[GatewayPods]:
    found = GatewayPods(namespace)
    async with found.running():
        yield found


@asynccontextmanager
async def served(
    namespace: Namespace,
    pods: GatewayPods,
    folder: Path,
    *apis: tuple[str, str],
    load: dict[str, int] | None = None,
    cores: dict[str, float] | None = None,
) -> AsyncIterator[None]:
    """The APIs of metrics, for as long as this lasts: `load` has sessions by pod, `cores` what is busy there."""
    server = MetricsServer(
        folder,
        host="127.0.0.1",
        sessions=lambda *_: {pod: (load or {}).get(pod, 0) for pod in list(pods.addresses)},
        cpu=lambda *_: {pod: (cores or {}).get(pod, 0.01) for pod in list(pods.addresses)},
    )
    port = server.port
    with server.serving():
        spec = {"type": "ExternalName", "externalName": "localhost", "ports": [{"port": port}]}
        await namespace.create("Service", {"apiVersion": "v1", "metadata": {"name": "metrics"}, "spec": spec})
        for group, version in apis:
            body = api_service(group, version, namespace=namespace.name, name="metrics", port=port)
            await namespace.client.create(API_SERVICES, body, field_manager="test")
        try:
            for group, version in apis:
                await until_answered(namespace, f"/apis/{group}/{version}")
            yield
        finally:
            for group, version in apis:
                await remove(namespace, f"{API_SERVICES}/{version}.{group}")
            await namespace.delete("Service", "metrics")


async def until_answered(namespace: Namespace, path: str) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                await namespace.client.get(path)
            except KubeError:
                await asyncio.sleep(0.1)
            else:
                return


async def remove(namespace: Namespace, path: str) -> None:
    try:
        found = await namespace.client.get(path)
    except NotFoundError:
        return
    await namespace.client.delete(path, uid=found["metadata"]["uid"])


def metric_types(types: list[str]) -> Callable[[Json | None], bool]:
    return lambda hpa: hpa is not None and [metric["type"] for metric in hpa["spec"]["metrics"]] == types


def has_replicas(number: int) -> Callable[[Json | None], bool]:
    return lambda body: body is not None and body["spec"]["replicas"] == number


async def names_of_pods(namespace: Namespace) -> set[str]:
    return {pod["metadata"]["name"] for pod in await namespace.find_all("Pod")}


@pytest.mark.usefixtures("operator")
async def test_o06_sessions_count_as_long_as_somebody_serves_them(
    namespace: Namespace, pods: GatewayPods, tmp_path: Path
) -> None:
    await namespace.voice("receptionist", scaling=HPA)
    await namespace.until("HorizontalPodAutoscaler", "receptionist", metric_types(["ContainerResource"]))
    said = await namespace.until_condition("receptionist", "SettingsHonoured", "False", "ApiNotServed")
    assert "custom.metrics.k8s.io" in said["message"]
    async with served(namespace, pods, tmp_path, CUSTOM):
        await namespace.until(
            "HorizontalPodAutoscaler", "receptionist", metric_types(["ContainerResource", "Pods"])
        )
        await namespace.until_condition("receptionist", "SettingsHonoured", "True")
    await namespace.until("HorizontalPodAutoscaler", "receptionist", metric_types(["ContainerResource"]))
    await namespace.until_condition("receptionist", "SettingsHonoured", "False", "ApiNotServed")


@pytest.mark.usefixtures("operator")
async def test_o06_the_autoscaler_follows_the_sessions_and_the_pod_without_a_call_goes(
    namespace: Namespace, pods: GatewayPods, tmp_path: Path
) -> None:
    """Without a mark it would be the newest, which has calls here."""
    load: dict[str, int] = {}
    async with served(namespace, pods, tmp_path, CUSTOM, RESOURCE, load=load):
        await namespace.voice("receptionist", scaling=HPA)
        await namespace.until_condition("receptionist", "AutoscalingReady", "True", "Autoscaling")
        [first] = await names_of_pods(namespace)
        load[first] = 30
        await namespace.until("Deployment", "receptionist", has_replicas(3))
        await namespace.until("Deployment", "receptionist", lambda body: ready(body) == 3)

        later = sorted(await names_of_pods(namespace) - {first})
        pods.sessions |= dict.fromkeys(later, 9)
        for pod in later:
            await namespace.until("Pod", pod, lambda body: cost(body) == "1")
        load |= {first: 0, **dict.fromkeys(later, 9)}
        await namespace.until("Deployment", "receptionist", has_replicas(2))
        await namespace.until_gone("Pod", first)
        assert await names_of_pods(namespace) == set(later)


@pytest.mark.parametrize(
    "scaling", [{}, {"podMetric": {"name": METRIC, "averageValue": "2"}}], ids=["CPU", "a figure of their own"]
)
@pytest.mark.usefixtures("operator")
async def test_o09_a_pools_autoscaler_follows_its_workers_and_the_gateway_stays_as_it_is(
    namespace: Namespace, pods: GatewayPods, tmp_path: Path, scaling: Json
) -> None:
    pool = {
        "name": "tts",
        "role": "TTS",
        "image": "example.com/worker:1",
        "resources": {"requests": {"cpu": "100m"}},
        "scaling": {"maxReplicas": 3, "scaleDownWindow": "0s", **scaling},
    }
    load: dict[str, int] = {}
    cores: dict[str, float] = {}
    async with served(namespace, pods, tmp_path, CUSTOM, RESOURCE, load=load, cores=cores):
        await namespace.voice("receptionist", workerPools=[pool])
        await namespace.until("Deployment", POOL, lambda body: ready(body) == 1)
        [worker] = [pod["metadata"]["name"] for pod in await namespace.find_all("Pod", "parley.dev/pool=tts")]
        if scaling:
            load[worker] = 9
        else:
            cores[worker] = 0.3
        await namespace.until("Deployment", POOL, has_replicas(3))
        await namespace.until_condition("receptionist", "AutoscalingReady", "True")
        load.clear()
        cores.clear()
        await namespace.until("Deployment", POOL, has_replicas(1))
    assert has_replicas(1)(await namespace.get("Deployment", "receptionist"))


def cost(pod: Json | None) -> str | None:
    return ((pod or {"metadata": {}})["metadata"].get("annotations") or {}).get(COST)


def ready(deployment: Json | None) -> int:
    return int(((deployment or {}).get("status") or {}).get("readyReplicas", 0))


@pytest.mark.usefixtures("operator")
async def test_o06_pods_are_marked_as_they_become_busy_and_idle_and_at_no_other_time(
    namespace: Namespace, pods: GatewayPods, audit: Callable[[], list[dict[str, Any]]]
) -> None:
    await namespace.voice("receptionist", scaling={**HPA, "minReplicas": 2})
    await namespace.until("Deployment", "receptionist", lambda body: ready(body) == 2)
    one, other = sorted(await names_of_pods(namespace))
    pods.sessions[one] = 1
    await namespace.until("Pod", one, lambda body: cost(body) == "1")
    await namespace.until("VoiceDeployment", "receptionist", lambda body: active(body) == 1)
    pods.sessions |= {one: 4, other: 3}
    await namespace.until("Pod", other, lambda body: cost(body) == "1")
    await namespace.until("VoiceDeployment", "receptionist", lambda body: active(body) == 7)
    pods.sessions[one] = 0
    await namespace.until("Pod", one, lambda body: cost(body) == "0")
    await namespace.until("VoiceDeployment", "receptionist", lambda body: active(body) == 3)
    written = [line for line in audit() if line["objectRef"]["resource"] == "pods" and line["verb"] == "patch"]
    assert [line["objectRef"]["name"] for line in written] == [one, other, one]

    await pods.stop(other)
    await namespace.until("VoiceDeployment", "receptionist", lambda body: active(body) is None)
    assert cost(await namespace.get("Pod", other)) == "1"


def active(body: Json | None) -> int | None:
    found: int | None = (((body or {}).get("status") or {}).get("sessions") or {}).get("active")
    return found


@pytest.mark.usefixtures("operator")
async def test_o06_nobody_asks_pods_whose_number_is_fixed(namespace: Namespace, pods: GatewayPods) -> None:
    """The marks of the autoscaled one are there: so a round has passed."""
    await namespace.voice("receptionist")
    await namespace.voice("autoscaled", scaling=HPA)
    await namespace.until_condition("receptionist", "Ready", "True")
    await namespace.until_condition("autoscaled", "Ready", "True")
    pod = next(name for name in await names_of_pods(namespace) if name.startswith("autoscaled"))
    pods.sessions = dict.fromkeys(await names_of_pods(namespace), 1)
    await namespace.until("Pod", pod, lambda body: cost(body) == "1")
    assert set(pods.asked) == {pod}
    await namespace.delete("VoiceDeployment", "autoscaled")


class Keda:
    """KEDA's operator, as far as it is one object that it holds by a finalizer and one that it makes of it."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace

    async def take(self) -> Json:
        """What it does with a new ScaledObject."""
        made = await self._namespace.until_exists("ScaledObject", "receptionist")
        await self._namespace.patch("ScaledObject", "receptionist", {"metadata": {"finalizers": [FINALIZER]}})
        metadata = made["metadata"]
        owner = {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "name": "receptionist"}
        hpa = {
            "apiVersion": "autoscaling/v2",
            "metadata": {
                "name": "keda-hpa-receptionist",
                "labels": {"app.kubernetes.io/managed-by": "keda-operator", **metadata["labels"]},
                "ownerReferences": [{**owner, "uid": metadata["uid"], "controller": True}],
            },
            "spec": {
                "scaleTargetRef": made["spec"]["scaleTargetRef"],
                "minReplicas": made["spec"]["minReplicaCount"],
                "maxReplicas": made["spec"]["maxReplicaCount"],
            },
        }
        await self._namespace.create("HorizontalPodAutoscaler", hpa)
        await self.say("True", "ScaledObjectReady", "ScaledObject is defined correctly and is ready for scaling")
        return made

    async def say(self, status: str, reason: str, message: str) -> None:
        condition = {"type": "Ready", "status": status, "reason": reason, "message": message}
        await self._namespace.patch(
            "ScaledObject", "receptionist", {"status": {"conditions": [condition]}}, "status"
        )

    async def let_go(self) -> None:
        """What it does with one that is deleted, and what the garbage collector does with what was made of it.

        The collector itself may be faster, or learn of a new kind up to half a minute after its definition.
        """
        await self._namespace.until("ScaledObject", "receptionist", is_leaving)
        await self._namespace.patch("ScaledObject", "receptionist", {"metadata": {"finalizers": None}})
        with suppress(NotFoundError):
            await self._namespace.delete("HorizontalPodAutoscaler", "keda-hpa-receptionist")


def is_leaving(body: Json | None) -> bool:
    return body is not None and "deletionTimestamp" in body["metadata"]


@pytest.fixture
async def keda(namespace: Namespace) -> Keda:
    await definitions.install(namespace.client, definitions.keda())
    return Keda(namespace)


@pytest.mark.usefixtures("operator", "pods")
async def test_o06_engines_take_over_from_each_other_with_the_pods_that_there_are(
    namespace: Namespace, keda: Keda, plane: ControlPlane
) -> None:
    """Fixed, HPA, KEDA, HPA, Fixed: the number of pods is what it was, and never two scale."""
    await namespace.voice("receptionist", replicas=4)
    await namespace.until("Deployment", "receptionist", has_replicas(4))
    async with never_two_engines(namespace), never_other_replicas(namespace, 4):
        await namespace.edit("receptionist", scaling=HPA)
        await namespace.until_exists("HorizontalPodAutoscaler", "receptionist")

        await namespace.edit("receptionist", scaling=KEDA)
        await keda.take()
        await namespace.until_gone("HorizontalPodAutoscaler", "receptionist")

        await namespace.edit("receptionist", scaling={**HPA, "prometheus": None})
        await namespace.until("ScaledObject", "receptionist", is_leaving)
        said = await namespace.until_condition("receptionist", "AutoscalingReady", "Unknown", "HandingOver")
        assert "ScaledObject receptionist still goes" in said["message"]
        assert await namespace.find("HorizontalPodAutoscaler", "receptionist") is None
        await keda.let_go()
        await namespace.until_exists("HorizontalPodAutoscaler", "receptionist")

        await namespace.edit("receptionist", scaling=FIXED, replicas=4)
        await namespace.until_gone("HorizontalPodAutoscaler", "receptionist")
        await namespace.until_condition("receptionist", "AutoscalingReady", "True", "FixedReplicas")


@asynccontextmanager
async def watching(namespace: Namespace, kind: str, check: Callable[[Json], None]) -> AsyncIterator[None]:
    """Every state of the objects of a kind is checked, for as long as this lasts."""

    async def follow() -> None:
        async for event in namespace.events(kind):
            check(event)

    task = asyncio.create_task(follow())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    if not task.cancelled() and task.exception():
        raise task.exception()  # type: ignore[misc]  # it is one


@asynccontextmanager
async def never_other_replicas(namespace: Namespace, number: int) -> AsyncIterator[None]:
    def check(event: Json) -> None:
        assert event["object"]["spec"]["replicas"] == number

    async with watching(namespace, "Deployment", check):
        yield


@asynccontextmanager
async def never_two_engines(namespace: Namespace) -> AsyncIterator[None]:
    live: set[tuple[str, str]] = set()

    def check(event: Json) -> None:
        body = event["object"]
        engine = (
            "HPA"
            if (body["kind"], body["metadata"]["name"]) == ("HorizontalPodAutoscaler", "receptionist")
            else "KEDA"
        )
        one = (engine, body["kind"])
        live.discard(one) if event["type"] == "DELETED" else live.add(one)
        assert len({engine for engine, _ in live}) <= 1, live

    async with watching(namespace, "HorizontalPodAutoscaler", check), watching(namespace, "ScaledObject", check):
        yield


@pytest.mark.usefixtures("operator", "pods")
async def test_o07_under_keda_a_suspension_is_told_to_keda_and_resumed_at_the_minimum(
    namespace: Namespace, keda: Keda
) -> None:
    await namespace.voice("receptionist", scaling={**KEDA, "minReplicas": 2})
    await keda.take()
    await namespace.patch("Deployment", "receptionist", {"spec": {"replicas": 5}}, "scale")
    await namespace.edit("receptionist", suspend=True)
    await namespace.until("Deployment", "receptionist", has_replicas(0))
    assert paused(await namespace.get("ScaledObject", "receptionist")) == "0"
    await namespace.until_condition("receptionist", "AutoscalingReady", "False", "Suspended")
    await namespace.edit("receptionist", suspend=False)
    await namespace.until("Deployment", "receptionist", has_replicas(2))
    assert paused(await namespace.get("ScaledObject", "receptionist")) is None
    await namespace.edit("receptionist", scaling=FIXED)
    await keda.let_go()


def paused(scaled_object: Json) -> str | None:
    found: str | None = (scaled_object["metadata"].get("annotations") or {}).get(
        "autoscaling.keda.sh/paused-replicas"
    )
    return found


@pytest.mark.usefixtures("operator", "pods")
async def test_o06_keda_that_comes_later_is_noticed_and_its_words_are_passed_on(namespace: Namespace) -> None:
    await definitions.remove(namespace.client, definitions.keda())
    await namespace.voice("receptionist", scaling={**KEDA, "minReplicas": 3})
    said = await namespace.until_condition("receptionist", "AutoscalingReady", "False", "ApiNotServed")
    assert "install KEDA" in said["message"]
    await namespace.until("Deployment", "receptionist", has_replicas(3))

    await definitions.install(namespace.client, definitions.keda())
    await namespace.until_condition("receptionist", "AutoscalingReady", "Unknown", "Autoscaling")
    keda = Keda(namespace)
    await keda.take()
    await keda.say("False", "ScaledObjectCheckFailed", "no such host")
    said = await namespace.until_condition("receptionist", "AutoscalingReady", "False", "ScaledObjectNotReady")
    assert "ScaledObjectCheckFailed: no such host" in said["message"]

    await namespace.patch("ScaledObject", "receptionist", {"spec": {"maxReplicaCount": 99}})
    await namespace.until(
        "ScaledObject", "receptionist", lambda b: b is not None and b["spec"]["maxReplicaCount"] == 6
    )
    await namespace.edit("receptionist", scaling=FIXED)
    await keda.let_go()
