"""Kinds are looked up side by side, and those of one group version by one request."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from parley_operator.kube.client import Client
from parley_operator.kube.discovery import Discovery, UnknownKindError
from parley_operator.kube.errors import NotFoundError


class Groups:
    """An API server that answers nobody before it was asked for so many group versions at once."""

    def __init__(self, at_once: int) -> None:
        self._all = asyncio.Barrier(at_once)
        self.asked: list[str] = []

    async def get(self, path: str) -> dict[str, Any]:
        self.asked.append(path)
        await self._all.wait()
        if path == "/apis/keda.sh/v1alpha1":
            raise NotFoundError(status=404, reason="NotFound", message="the server has no such resource")
        kinds = {"apps/v1": ("Deployment", "ReplicaSet"), "policy/v1": ("PodDisruptionBudget",)}
        found = kinds[path.removeprefix("/apis/")]
        return {"resources": [{"kind": kind, "name": f"{kind.lower()}s"} for kind in found]}


async def test_o02_no_group_version_waits_for_another() -> None:
    groups = Groups(at_once=3)
    discovery = Discovery(cast("Client", groups))
    wanted = [
        ("apps/v1", "Deployment"),
        ("apps/v1", "ReplicaSet"),
        ("policy/v1", "PodDisruptionBudget"),
        ("keda.sh/v1alpha1", "ScaledObject"),
    ]
    async with asyncio.timeout(30):
        found = await asyncio.gather(*(discovery.collection(*one) for one in wanted), return_exceptions=True)
    deployments, replica_sets, budgets, absent = found
    assert (deployments, replica_sets) == ("/apis/apps/v1/deployments", "/apis/apps/v1/replicasets")
    assert budgets == "/apis/policy/v1/poddisruptionbudgets"
    assert isinstance(absent, UnknownKindError)
    assert sorted(groups.asked) == ["/apis/apps/v1", "/apis/keda.sh/v1alpha1", "/apis/policy/v1"]


async def test_o02_what_is_known_already_is_not_asked_for() -> None:
    groups = Groups(at_once=1)
    discovery = Discovery(cast("Client", groups))
    discovery.know("v1", "Pod", "pods")
    assert await discovery.collection("v1", "Pod", namespace="voice") == "/api/v1/namespaces/voice/pods"
    assert groups.asked == []
