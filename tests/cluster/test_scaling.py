"""Scaling on the calls that pods really have, and whose pod goes (O6)."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from parley_operator.render.gateway_config import PORT
from quickstart.watch import Object, Objects
from tests.cluster.calls import Call, call, wait_until_routed
from tests.cluster.conftest import Cluster
from tests.cluster.kubernetes import Namespace, is_leaving, is_ready, pods_of
from tests.cluster.resources import voice_deployment
from tests.operator.metrics_api import CUSTOM, METRIC, MetricsServer, api_service

COST = "controller.kubernetes.io/pod-deletion-cost"
ASKED = 10.0
"""Seconds for an answer of a pod or of the API server."""


async def test_o06_calls_bring_pods_and_the_pod_without_a_call_goes_first(
    cluster: Cluster, namespace: Namespace, tmp_path: Path
) -> None:
    """The real autoscaler and metrics-server; sessions come from the pods' own /metrics through an API of ours."""
    name, host = "busy", "busy.voice.localhost"
    scaling = {"type": "HPA", "maxReplicas": 2, "targetSessionsPerPod": 1, "scaleDownWindow": "45s"}
    with custom_metrics(cluster, namespace, tmp_path):
        namespace.apply(voice_deployment(name, host=host, scaling=scaling))
        await namespace.ready(name)
        await wait_until_routed(namespace, name, host=host, entrance=cluster.entrance)
        await namespace.until("HorizontalPodAutoscaler", lambda found: asks_for_sessions(found[name]))
        [first] = namespace.pods(name)

        async with AsyncExitStack() as kept, AsyncExitStack() as ended:

            async def open_call(stack: AsyncExitStack) -> Call:
                return await stack.enter_async_context(call(namespace, name, host=host, entrance=cluster.entrance))

            for _ in range(2):
                await open_call(ended)
            pods = await namespace.until("Pod", has_ready(2), query=pods_of(name), within=240)
            [second] = pods.keys() - {first}
            staying = await open_call(kept)
            while sessions_in(namespace.get("Pod", second)) == 0:
                ended.push_async_exit(kept.pop_all())
                staying = await open_call(kept)
            await namespace.until("Pod", lambda found: cost(found, second) == "1", query=pods_of(name))

            await ended.aclose()
            gone = await namespace.until(
                "Pod", lambda found: has_left(found, first), query=pods_of(name), within=300
            )
            assert not is_leaving(gone[second])
            assert (await staying.conversation.type("are you still there")).status == "completed"
            await staying.connection.end()
        await namespace.ready(name)


def asks_for_sessions(autoscaler: Object) -> bool:
    return "Pods" in [metric["type"] for metric in autoscaler["spec"]["metrics"]]


def has_ready(number: int) -> Any:
    return lambda pods: sum(is_ready(pod) for pod in pods.values()) == number


def has_left(pods: Objects, name: str) -> bool:
    return name not in pods or is_leaving(pods[name])


def cost(pods: Objects, name: str) -> str | None:
    found: str | None = (pods[name]["metadata"].get("annotations") or {}).get(COST)
    return found


def sessions_in(pod: Object) -> float:
    """What the pod itself says, at the place where Prometheus reads it."""
    with urllib.request.urlopen(f"http://{pod['status']['podIP']}:{PORT}/metrics", timeout=ASKED) as answer:
        text = answer.read().decode()
    family = next(one for one in text_string_to_metric_families(text) if one.name == METRIC)
    return sum(sample.value for sample in family.samples)


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
