"""What every engine must do with the pods of a gateway: follow its calls, and end none."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable
from contextlib import AsyncExitStack

from prometheus_client.parser import text_string_to_metric_families

from parley_operator.render.container import PORT
from quickstart.watch import Object, Objects
from tests.cluster.calls import Call, call
from tests.cluster.conftest import Cluster
from tests.cluster.kubernetes import Namespace, is_leaving, is_ready, pods_of
from tests.operator.metrics_api import METRIC

COST = "controller.kubernetes.io/pod-deletion-cost"
ASKED = 10.0
"""Seconds for an answer of a pod."""


async def follows_calls(cluster: Cluster, namespace: Namespace, name: str, *, host: str) -> None:
    """Two calls bring a second pod, at a target of one; once they end, the pod goes that has no call.

    The pod that stays is the newer one, which Kubernetes alone would take first, and the call on it goes on.
    """
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
        gone = await namespace.until("Pod", lambda found: has_left(found, first), query=pods_of(name), within=300)
        assert not is_leaving(gone[second])
        assert (await staying.conversation.type("are you still there")).status == "completed"
        await staying.connection.end()


def has_ready(number: int) -> Callable[[Objects], bool]:
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
