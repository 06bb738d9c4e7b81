"""What a gateway's pod says of itself, asked through the API server."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from parley_cli.cluster import Cluster
from parley_cli.family import pod_state, pods
from parley_operator.kube.client import Json
from parley_operator.kube.errors import ForbiddenError, KubeError
from parley_operator.render.gateway_config import PORT


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
    return list(await asyncio.gather(*(view_of(cluster, pod) for pod in found)))


async def view_of(cluster: Cluster, pod: Json) -> PodView:
    """One pod. Raises ForbiddenError as above."""
    name, collection = pod["metadata"]["name"], await cluster.collection("Pod", "v1")
    try:
        health = await cluster.client.get(f"{collection}/{name}:{PORT}/proxy/health")
    except ForbiddenError:
        raise
    except (KubeError, ValueError):
        health = None
    return PodView(name, (pod.get("spec") or {}).get("nodeName", ""), pod_state(pod), health)
