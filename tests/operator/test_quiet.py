"""O10: where nothing changed nothing is asked, however much others write, and whoever leads."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from parley_operator.kube.client import Json
from parley_operator.settling import QUIET
from tests.operator.cluster import Namespace, with_deepgram
from tests.operator.conftest import StartOperator
from tests.operator.process import OperatorProcess

pytestmark = pytest.mark.controlplane

NAMES = tuple(f"voice-{number}" for number in range(20))
AUTOSCALED = {"type": "HPA", "minReplicas": 1, "maxReplicas": 4}
WRITES = 5
"""Of each autoscaler and each Deployment: what 1,000 of them write in one and a half seconds."""

Audit = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def operator(start_operator: StartOperator) -> OperatorProcess:
    """The command itself, since the next process is to find what this one wrote, however it orders its sets."""
    process = start_operator(forked=False)
    process.wait_for_log("synced")
    return process


@pytest.fixture
async def crowd(namespace: Namespace, operator: OperatorProcess) -> Namespace:
    """Twenty resources with an autoscaler and a credential, all Ready, and an operator with nothing to do."""
    await namespace.secret("keys", deepgram="a key")
    for name in NAMES:
        await namespace.voice(name, scaling=AUTOSCALED, pipeline=with_deepgram())
    async with namespace.kubelet():
        for name in NAMES:
            await namespace.until_condition(name, "Ready", "True")
            await namespace.until_condition(name, "Progressing", "False", "RolloutComplete")
            # The gateways of what scales are asked every ten seconds.
            await namespace.until("VoiceDeployment", name, _tells_sessions)
    await _idle(operator)
    return namespace


async def test_o10_nothing_is_asked_for_what_others_write(
    crowd: Namespace, operator: OperatorProcess, audit: Audit
) -> None:
    """Autoscalers and Deployments wake nobody; a pod wakes its resource, where nothing is to be done."""
    before, reconciles, events = len(audit()), _reconciles(operator), _events(operator)
    for number in range(WRITES):
        for name in NAMES:
            scaled = {"desiredReplicas": number, "currentReplicas": 1, "lastScaleTime": "2026-01-01T00:00:00Z"}
            await crowd.patch("HorizontalPodAutoscaler", name, {"status": scaled}, "status")
            await crowd.patch("Deployment", name, {"status": {"collisionCount": number + 1}}, "status")
    await _until(lambda: _events(operator) >= events + 2 * WRITES * len(NAMES))
    assert _reconciles(operator) == reconciles
    for pod in await crowd.find_all("Pod"):
        await crowd.patch("Pod", pod["metadata"]["name"], {"status": {"phase": "Pending"}}, "status")
    await _until(lambda: _reconciles(operator) >= reconciles + len(NAMES))
    await _idle(operator)
    assert [line["requestURI"] for line in audit()[before:]] == []


async def test_o10_a_new_leader_writes_what_was_changed_while_nobody_led_and_nothing_else(
    crowd: Namespace, operator: OperatorProcess, audit: Audit
) -> None:
    await asyncio.to_thread(operator.terminate)
    before = len(audit())
    await crowd.patch("Service", NAMES[0], {"metadata": {"labels": {"app.kubernetes.io/component": "theirs"}}})
    operator.start().wait_for_log("synced")
    await crowd.until(
        "Service",
        NAMES[0],
        lambda body: body is not None and body["metadata"]["labels"]["app.kubernetes.io/component"] == "gateway",
    )
    await _until(lambda: _reconciles(operator) >= len(NAMES))
    await _idle(operator)
    written = {line["objectRef"]["name"] for line in audit()[before:] if line["verb"] not in {"get", "list"}}
    assert NAMES[0] in written
    assert {name for name in written if not name.startswith(NAMES[0])} == set()


def _tells_sessions(body: Json | None) -> bool:
    return body is not None and "sessions" in body["status"]


def _reconciles(operator: OperatorProcess) -> float:
    return operator.metric("parley_operator_reconciles_total")


def _events(operator: OperatorProcess) -> float:
    kinds = ("HorizontalPodAutoscaler", "Deployment")
    return sum(operator.metric("parley_operator_watch_events_total", kind=kind) for kind in kinds)


async def _until(check: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not await asyncio.to_thread(check):  # noqa: ASYNC110 - its metrics tell nobody
            await asyncio.sleep(0.05)


async def _idle(operator: OperatorProcess) -> None:
    """Until nothing was reconciled for longer than the end of a burst of edits is waited for."""
    seen, since = -1.0, time.monotonic()
    while time.monotonic() < since + QUIET + 0.5:
        count = await asyncio.to_thread(_reconciles, operator)
        if count != seen:
            seen, since = count, time.monotonic()
        await asyncio.sleep(0.1)
