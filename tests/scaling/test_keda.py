"""The gateway under the real KEDA, which reads sessions from a real Prometheus (O6, O7)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from quickstart.watch import Object, Objects
from tests.cluster.autoscaled import follows_calls
from tests.cluster.calls import call, wait_until_routed
from tests.cluster.conftest import Cluster
from tests.cluster.kubernetes import Namespace, pods_of
from tests.cluster.resources import voice_deployment
from tests.scaling.monitoring import Prometheus, read_by_keda, scraping

ROOMY_POD = {"resources": {"requests": {"cpu": "300m", "memory": "128Mi"}}}
"""So that no start and no call is a reason to scale on CPU."""
SCALED_BY_KEDA = "keda-hpa-{}"
SAID = 180.0
"""Seconds until the autoscaler, which looks every 15, and then the operator have said what is so."""


def keda(namespace: Namespace, **settings: Any) -> dict[str, Any]:
    """`spec.scaling`, at one session per pod."""
    return {"type": "KEDA", "targetSessionsPerPod": 1, "prometheus": read_by_keda(namespace), **settings}


async def test_o06_keda_follows_the_calls_that_prometheus_scraped(
    cluster: Cluster, namespace: Namespace, tmp_path: Path
) -> None:
    name, host = "busy", "busy-keda.voice.localhost"
    scaling = keda(namespace, maxReplicas=2, scaleDownWindow="45s")
    namespace.apply(voice_deployment(name, host=host, scaling=scaling, pod=ROOMY_POD))
    async with scraping(cluster, namespace, name, tmp_path):
        await namespace.ready(name)
        await wait_until_routed(namespace, name, host=host, entrance=cluster.entrance)
        await until_ready(namespace, name)
        await follows_calls(cluster, namespace, name, host=host)
        await namespace.ready(name)


async def test_o06_while_prometheus_is_away_that_is_said_and_no_pod_goes(
    cluster: Cluster, namespace: Namespace, tmp_path: Path
) -> None:
    """There are two pods and nobody talks: one would go at once, as it does once Prometheus says so."""
    name = "blind"
    namespace.apply(voice_deployment(name, replicas=2, pod=ROOMY_POD))
    await namespace.until("Deployment", lambda found: ready_replicas(found, name) == 2)
    async with never_other_replicas(namespace, name, 2):
        scaling = keda(namespace, minReplicas=1, maxReplicas=3, scaleDownWindow="0s")
        namespace.apply(voice_deployment(name, scaling=scaling, pod=ROOMY_POD))
        said = await namespace.condition(name, "ScaledObjectNotReady", of="AutoscalingReady", within=SAID)
        assert "TriggerError" in said["message"]
    async with scraping(cluster, namespace, name, tmp_path):
        await until_ready(namespace, name)
        await namespace.until("Deployment", lambda found: found[name]["spec"]["replicas"] == 1, within=SAID)


async def test_o06_hpa_and_keda_take_over_from_each_other_with_the_pods_that_there_are(
    cluster: Cluster, namespace: Namespace, tmp_path: Path
) -> None:
    name = "handed"
    hpa = {"type": "HPA", "maxReplicas": 3}
    namespace.apply(voice_deployment(name, replicas=2, pod=ROOMY_POD))
    await namespace.until("Deployment", lambda found: ready_replicas(found, name) == 2)
    async with scraping(cluster, namespace, name, tmp_path), never_other_replicas(namespace, name, 2):
        namespace.apply(voice_deployment(name, scaling=hpa, pod=ROOMY_POD))
        await until_ready(namespace, name)
        scaling = keda(namespace, maxReplicas=3)
        namespace.apply(voice_deployment(name, scaling=scaling, pod=ROOMY_POD))
        await namespace.until("HorizontalPodAutoscaler", lambda found: set(found) == {SCALED_BY_KEDA.format(name)})
        await until_ready(namespace, name)
        namespace.apply(voice_deployment(name, scaling=hpa, pod=ROOMY_POD))
        await namespace.until("HorizontalPodAutoscaler", lambda found: set(found) == {name})
        await namespace.until("ScaledObject", lambda found: not found)
        await until_ready(namespace, name)
        namespace.apply(voice_deployment(name, replicas=2, pod=ROOMY_POD))
        await namespace.until("HorizontalPodAutoscaler", lambda found: not found)
        await namespace.condition(name, "FixedReplicas", of="AutoscalingReady")
    assert len(namespace.pods(name)) == 2


async def test_o07_keda_leaves_a_suspended_gateway_without_pods_and_takes_it_up_again(
    cluster: Cluster, namespace: Namespace, tmp_path: Path
) -> None:
    name = "resting"
    scaling = keda(namespace, minReplicas=1, maxReplicas=2)
    namespace.apply(voice_deployment(name, scaling=scaling, pod=ROOMY_POD))
    async with scraping(cluster, namespace, name, tmp_path):
        await until_ready(namespace, name)
        namespace.apply(voice_deployment(name, scaling=scaling, pod=ROOMY_POD, suspend=True))
        await namespace.until("ScaledObject", lambda found: condition(found[name], "Paused") == "True")
        await namespace.until("Pod", lambda found: not found, query=pods_of(name), within=SAID)
        await namespace.condition(name, "Suspended", of="AutoscalingReady")
        namespace.apply(voice_deployment(name, scaling=scaling, pod=ROOMY_POD))
        await until_ready(namespace, name)
        await namespace.until("Deployment", lambda found: ready_replicas(found, name) == 1)


async def test_g14_prometheus_counts_the_calls_and_can_evaluate_every_rule(
    cluster: Cluster, namespace: Namespace, tmp_path: Path
) -> None:
    name, host = "judged", "judged.voice.localhost"
    namespace.apply(voice_deployment(name, host=host))
    await namespace.ready(name)
    await wait_until_routed(namespace, name, host=host, entrance=cluster.entrance)
    async with scraping(cluster, namespace, name, tmp_path) as prometheus:
        async with call(namespace, name, host=host, entrance=cluster.entrance) as made:
            await prometheus.until(counts(namespace, name, 1))
            await made.connection.end()
        await prometheus.until(counts(namespace, name, 0))
        await prometheus.until(lambda seen: all(rule["health"] != "unknown" for rule in seen.rules()), within=SAID)
        found = {rule["name"]: rule["health"] for rule in prometheus.rules()}
    wanted = namespace.get("PrometheusRule", name)["spec"]["groups"]
    assert found == {rule.get("alert") or rule["record"]: "ok" for group in wanted for rule in group["rules"]}


async def until_ready(namespace: Namespace, name: str) -> None:
    """Until the engine has all it needs: pods, CPU, and under KEDA sessions."""

    def is_ready(objects: Objects) -> bool:
        found = objects[name].get("status", {})
        current = found.get("observedGeneration") == objects[name]["metadata"]["generation"]
        return current and condition(objects[name], "AutoscalingReady") == "True"

    await namespace.until("VoiceDeployment", is_ready, within=SAID)


def counts(namespace: Namespace, name: str, sessions: int) -> Callable[[Prometheus], bool]:
    """Whether the very query of a ScaledObject has this answer."""
    query = f'sum(voice_sessions_active{{namespace="{namespace.name}",job="{name}"}})'
    return lambda prometheus: prometheus.value(query) == sessions


def condition(resource: Object, kind: str) -> str | None:
    """The status of a condition; None where there is none of it."""
    conditions = resource.get("status", {}).get("conditions", [])
    return next((item["status"] for item in conditions if item["type"] == kind), None)


def ready_replicas(deployments: Objects, name: str) -> int:
    return int(deployments.get(name, {}).get("status", {}).get("readyReplicas", 0))


@asynccontextmanager
async def never_other_replicas(namespace: Namespace, name: str, number: int) -> AsyncIterator[None]:
    """For as long as the block lasts, nobody asks for another number of pods."""

    def is_other(found: Objects) -> bool:
        return bool(found[name]["spec"]["replicas"] != number)

    watch = asyncio.create_task(namespace.until("Deployment", is_other, within=3600))
    try:
        yield
        assert not watch.done(), watch.result()[name]["spec"]
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
