"""Scaling on the calls that pods really have, and whose pod goes (O6)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from parley_client.errors import ParleyError
from quickstart.watch import Object
from tests.cluster.autoscaled import follows_calls, sessions_in
from tests.cluster.calls import call, wait_until_routed
from tests.cluster.conftest import Cluster
from tests.cluster.kubernetes import Namespace, is_ready, pods_of
from tests.cluster.resources import voice_deployment
from tests.operator.metrics_api import CUSTOM, MetricsServer, api_service
from tests.recordings import recording


@pytest.mark.takes(seconds=80)
async def test_o06_calls_bring_pods_and_the_pod_without_a_call_goes_first(
    cluster: Cluster, namespace: Namespace, tmp_path: Path
) -> None:
    """The real autoscaler and metrics-server; sessions come from the pods' own /metrics through an API of ours."""
    name, host = "busy", "busy.voice.localhost"
    scaling = {"type": "HPA", "maxReplicas": 2, "targetSessionsPerPod": 1, "scaleDownWindow": "15s"}
    with custom_metrics(cluster, namespace, tmp_path):
        namespace.apply(voice_deployment(name, host=host, scaling=scaling))
        await namespace.ready(name)
        await wait_until_routed(namespace, name, host=host, entrance=cluster.entrance)
        await namespace.until("HorizontalPodAutoscaler", lambda found: asks_for_sessions(found[name]))
        await follows_calls(cluster, namespace, name, host=host)
        await namespace.ready(name)


@pytest.mark.takes(seconds=80)
async def test_o6_the_autoscaler_adds_pods_under_load_and_the_operator_lets_it(
    cluster: Cluster, namespace: Namespace
) -> None:
    name, host = "loaded", "loaded.voice.localhost"
    scaling = {"type": "HPA", "minReplicas": 1, "maxReplicas": 2, "targetCPUPercent": 20}
    namespace.apply(voice_deployment(name, host=host, scaling=scaling))
    await namespace.ready(name)
    await wait_until_routed(namespace, name, host=host, entrance=cluster.entrance)

    async def speak() -> None:
        """Three callers that talk without a pause are more than a fifth of 50 millicores."""
        while True:
            try:
                async with call(namespace, name, host=host, entrance=cluster.entrance) as made:
                    await made.conversation.say(recording("three-cards"))
                    await made.connection.end()
            except ParleyError:
                continue

    callers = [asyncio.create_task(speak()) for _ in range(3)]
    try:
        scaled = lambda pods: len([pod for pod in pods.values() if is_ready(pod)]) == 2  # noqa: E731
        await namespace.until("Pod", scaled, query=pods_of(name), within=300)
    finally:
        for caller in callers:
            caller.cancel()
        await asyncio.gather(*callers, return_exceptions=True)
    autoscaler = namespace.get("HorizontalPodAutoscaler", name)
    assert autoscaler["status"]["desiredReplicas"] == 2
    assert namespace.get("Deployment", name)["spec"]["replicas"] == 2
    await namespace.ready(name)


def asks_for_sessions(autoscaler: Object) -> bool:
    return "Pods" in [metric["type"] for metric in autoscaler["spec"]["metrics"]]


@contextmanager
def custom_metrics(cluster: Cluster, namespace: Namespace, folder: Path) -> Iterator[None]:
    """custom.metrics.k8s.io with the sessions of this namespace's pods, served on this machine."""

    def sessions(_: str, selector: str) -> Mapping[str, float]:
        pods = namespace.all("Pod", f"labelSelector={selector}")
        values = {}
        for name, pod in pods.items():
            with suppress(OSError, KeyError):  # not begun, or gone in between: an adapter has no series of it
                values[name] = sessions_in(pod)
        return values

    server = MetricsServer(folder, host=cluster.machine, sessions=sessions, cpu=lambda *_: {})
    port = server.port
    labels = {"kubernetes.io/service-name": "custom-metrics"}
    ports = [{"name": "https", "port": port, "protocol": "TCP"}]
    slice_ = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "custom-metrics", "labels": labels},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [cluster.machine], "conditions": {"ready": True}}],
        "ports": ports,
    }
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "custom-metrics"},
        "spec": {"ports": ports},
    }
    registered = api_service(*CUSTOM, namespace=namespace.name, name="custom-metrics", port=port)
    with server.serving():
        for manifest in (service, slice_, registered):
            namespace.apply(manifest)
        try:
            yield
        finally:
            namespace.kubectl("delete", "apiservice", registered["metadata"]["name"])
