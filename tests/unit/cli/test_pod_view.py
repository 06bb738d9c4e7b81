"""O12: pods are asked side by side, a few at a time, and one that never answers keeps nobody waiting."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from parley_cli import pod_view
from parley_cli.cluster import Cluster
from parley_cli.pod_view import ASKED, views_of
from parley_operator.kube.client import Client
from parley_operator.kube.discovery import Discovery


class Pods:
    """An API server that leads to pods: those named `silent` take the request and never answer."""

    def __init__(self) -> None:
        self.asked_now = self.asked_at_most = 0
        self.all_asked = asyncio.Event()

    async def get(self, path: str) -> dict[str, Any]:
        self.asked_now += 1
        self.asked_at_most = max(self.asked_at_most, self.asked_now)
        if self.asked_now == ASKED:
            self.all_asked.set()
        try:
            await asyncio.sleep(0)  # all that may begin have begun
            if "silent" in path:
                await asyncio.Event().wait()
            await self.all_asked.wait()
            return {"sessions": 1}
        finally:
            self.asked_now -= 1


def cluster_of(pods: Pods) -> Cluster:
    client = cast("Client", pods)
    discovery = Discovery(client)
    discovery.know("v1", "Pod", "pods")
    return Cluster(client, discovery, "https://127.0.0.1:6443", "voice")


def pod(name: str) -> dict[str, Any]:
    return {"metadata": {"name": name}, "status": {"phase": "Running"}}


async def test_o12_as_many_at_a_time_as_are_let_and_no_more() -> None:
    pods = Pods()
    cluster = cluster_of(pods)
    found = await views_of([(cluster, pod(f"receptionist-{number}")) for number in range(3 * ASKED)])
    assert [view.name for view in found] == [f"receptionist-{number}" for number in range(3 * ASKED)]
    assert {view.sessions for view in found} == {1}
    assert pods.asked_at_most == ASKED


async def test_o12_who_waits_for_a_turn_behind_silent_pods_is_asked_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The deadline of each begins with its own turn."""
    monkeypatch.setattr(pod_view, "ANSWER_S", 0.05)
    pods = Pods()
    pods.all_asked.set()
    cluster = cluster_of(pods)
    names = [f"silent-{number}" for number in range(2 * ASKED)] + ["receptionist-1"]
    found = await views_of([(cluster, pod(name)) for name in names])
    assert [view.health for view in found] == [None] * (2 * ASKED) + [{"sessions": 1}]
