"""What a gateway's pod says of itself, asked through the API server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from parley_cli.cluster import Cluster
from parley_cli.family import pod_state, pods
from parley_operator.kube.errors import ForbiddenError, KubeError
from parley_operator.kube.objects import Json
from parley_operator.render.container import PORT

ANSWER_S = 5.0
"""A pod that serves answers within milliseconds; one behind a network policy, or that hangs, never does."""
ASKED = 16
"""Pods at a time."""


@dataclass(frozen=True, slots=True)
class PodView:
    """One pod and the body of its /health."""

    name: str
    node: str
    state: str
    health: dict[str, Any] | None
    """None where the pod does not answer."""

    @property
    def sessions(self) -> int | None:
        """How many sessions talk in it; None where that is not known."""
        return None if self.health is None else int(self.health["sessions"])


async def pod_views(cluster: Cluster, name: str) -> list[PodView]:
    """All pods of a resource. Raises ForbiddenError where the right `get pods/proxy` is missing."""
    found = await pods(cluster, name)
    return await views_of([(cluster, pod) for pod in found])


async def views_of(asked: Iterable[tuple[Cluster, Json]]) -> list[PodView]:
    """Pods, each in its namespace's cluster, side by side. Raises ForbiddenError as above."""
    turns = asyncio.Semaphore(ASKED)

    async def one(cluster: Cluster, pod: Json) -> PodView:
        async with turns:  # before its deadline begins
            return await view_of(cluster, pod)

    return list(await asyncio.gather(*(one(*pair) for pair in asked)))


async def view_of(cluster: Cluster, pod: Json) -> PodView:
    """One pod, which has ANSWER_S to answer. Raises ForbiddenError as above."""
    name, collection = pod["metadata"]["name"], await cluster.collection("Pod", "v1")
    health: Json | None
    try:
        async with asyncio.timeout(ANSWER_S):
            health = await cluster.client.get(f"{collection}/{name}:{PORT}/proxy/health")
    except ForbiddenError:
        raise
    except (KubeError, ValueError, TimeoutError):
        health = None
    return PodView(name, (pod.get("spec") or {}).get("nodeName", ""), pod_state(pod), health)
