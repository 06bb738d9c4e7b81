"""O2: children stay as they should be, whatever is done to them; where nothing changed, nothing is asked."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from localcluster import ControlPlane
from tests.operator.cluster import Json, Namespace
from tests.operator.conftest import OPERATOR_USER
from tests.operator.life import born, rights_of, settle
from tests.operator.process import OperatorProcess

pytestmark = pytest.mark.controlplane

PROMISE = 5.0
"""Seconds within which a warm leader corrects drift."""
INGRESS = {"hosts": ["voice.example.com"], "ingress": {"className": "traefik", "tls": {"selfSigned": {}}}}


@pytest.fixture
async def settled(namespace: Namespace, operator: OperatorProcess) -> Namespace:
    """A resource with every kind of child, Ready, and its operator warm."""
    assert operator.is_running()
    scaling = {"type": "HPA", "minReplicas": 2, "maxReplicas": 4}
    await namespace.voice("receptionist", endpoint=INGRESS, scaling=scaling)
    await namespace.until_ready("receptionist")
    return namespace


async def test_every_deleted_child_comes_back(settled: Namespace) -> None:
    children = await settled.children()
    assert {kind for kind, _ in children} >= {
        "Deployment",
        "HorizontalPodAutoscaler",
        "Ingress",
        "Secret",
        "Service",
    }
    for kind, name in children:
        uid = (await settled.get(kind, name))["metadata"]["uid"]
        await settled.delete(kind, name)
        await settled.until(kind, name, _is_another(uid), seconds=PROMISE)


async def test_what_goes_with_its_resource_is_not_made_again(namespace: Namespace, plane: ControlPlane) -> None:
    """The garbage collector's deletions may be heard before the resource's own."""
    await namespace.voice("receptionist")
    async with rights_of(plane.kubeconfig_for(OPERATOR_USER)) as rights:
        await settle(namespace, rights, "receptionist")
        await namespace.delete("Service", "receptionist")
        life = await born(namespace, rights)
        await namespace.delete("VoiceDeployment", "receptionist")
        await life.reconcile("receptionist")
    assert life.client.applied == []


def _is_another(uid: str) -> Callable[[Json | None], bool]:
    return lambda body: body is not None and body["metadata"]["uid"] != uid


async def test_an_edited_child_is_put_right(settled: Namespace) -> None:
    ports = (await settled.get("Service", "receptionist"))["spec"]["ports"]
    await settled.patch("Service", "receptionist", {"spec": {"ports": [{**ports[0], "port": 1}]}})
    await settled.until(
        "Service",
        "receptionist",
        lambda body: body is not None and body["spec"]["ports"] == ports,
        seconds=PROMISE,
    )


async def test_a_field_of_ours_that_was_removed_comes_back(settled: Namespace) -> None:
    labels = {"metadata": {"labels": {"app.kubernetes.io/part-of": None}}}
    await settled.patch("ServiceAccount", "receptionist", labels)
    await settled.until(
        "ServiceAccount",
        "receptionist",
        lambda b: b is not None and b["metadata"]["labels"].get("app.kubernetes.io/part-of") == "parley",
        seconds=PROMISE,
    )


async def test_our_label_that_was_removed_comes_back(settled: Namespace) -> None:
    """Without it no watch sees the object any more."""
    await settled.patch(
        "Service", "receptionist", {"metadata": {"labels": {"app.kubernetes.io/managed-by": None}}}
    )
    await settled.until(
        "Service",
        "receptionist",
        lambda b: b is not None and b["metadata"]["labels"].get("app.kubernetes.io/managed-by") == "parley",
        seconds=PROMISE,
    )


async def test_a_status_that_somebody_wrote_is_put_right(settled: Namespace) -> None:
    ours = _told(await settled.get("VoiceDeployment", "receptionist"))
    theirs = {"status": {"selector": "app=theirs", "endpoints": []}}
    await settled.patch("VoiceDeployment", "receptionist", theirs, "status")
    await settled.until(
        "VoiceDeployment",
        "receptionist",
        lambda b: b is not None and _told(b) == ours,
        seconds=PROMISE,
    )


def _told(body: Json) -> tuple[Json, Json]:
    """What of a status depends on the spec alone."""
    return body["status"]["selector"], body["status"]["endpoints"]


async def test_what_others_add_to_a_child_stays(settled: Namespace) -> None:
    await settled.patch("Service", "receptionist", {"metadata": {"annotations": {"example.com/note": "theirs"}}})
    await settled.edit("receptionist", limits={"sessionsPerPod": 7})
    generation = (await settled.get("VoiceDeployment", "receptionist"))["metadata"]["generation"]
    await settled.until(
        "VoiceDeployment",
        "receptionist",
        lambda b: b is not None and b["status"]["observedGeneration"] == generation,
    )
    service = await settled.get("Service", "receptionist")
    assert service["metadata"]["annotations"]["example.com/note"] == "theirs"


async def test_replicas_are_the_autoscalers(settled: Namespace) -> None:
    """The operator set the first number and never says another."""
    assert (await settled.get("Deployment", "receptionist"))["spec"]["replicas"] == 2
    await settled.patch("Deployment", "receptionist", {"spec": {"replicas": 4}}, "scale")
    await settled.edit("receptionist", limits={"sessionsPerPod": 7})
    await settled.until_ready("receptionist")
    assert (await settled.get("Deployment", "receptionist"))["spec"]["replicas"] == 4


async def test_children_no_longer_wanted_are_removed_and_pods_are_not(settled: Namespace) -> None:
    pods = {pod["metadata"]["name"] for pod in await settled.find_all("Pod")}
    await settled.edit(
        "receptionist", endpoint=None, scaling={"type": "Fixed", "minReplicas": None, "maxReplicas": None}
    )
    for kind in ("Ingress", "HorizontalPodAutoscaler"):
        await settled.until_gone(kind, "receptionist")
    for secret in ("receptionist-ca", "receptionist-tls"):
        await settled.until_gone("Secret", secret)
    assert pods & {pod["metadata"]["name"] for pod in await settled.find_all("Pod")}


async def test_where_nothing_changed_nothing_is_asked(
    settled: Namespace, operator: OperatorProcess, audit: Callable[[], list[dict[str, Any]]]
) -> None:
    """Reconciled again for news that changes nothing: not one request."""
    # The gateways of what scales are asked every ten seconds, and their first answer is news.
    await settled.until(
        "VoiceDeployment", "receptionist", lambda body: body is not None and "sessions" in body["status"]
    )
    await _quiet(operator)
    before, reconciles = len(audit()), operator.metric("parley_operator_reconciles_total")
    for number in range(5):
        pod = (await settled.find_all("Pod"))[0]["metadata"]["name"]
        status = {"phase": "Running" if number % 2 else "Pending"}
        await settled.patch("Pod", pod, {"status": status}, "status")
    _until(lambda: operator.metric("parley_operator_reconciles_total") > reconciles)
    await _quiet(operator)
    assert [line["requestURI"] for line in audit()[before:]] == []


async def test_noise_in_the_status_of_children_wakes_nobody(settled: Namespace, operator: OperatorProcess) -> None:
    await _quiet(operator)
    reconciles, events = _counts(operator)
    for number in range(5):
        status = {
            "status": {"currentReplicas": 2, "desiredReplicas": number, "lastScaleTime": "2026-01-01T00:00:00Z"}
        }
        await settled.patch("HorizontalPodAutoscaler", "receptionist", status, "status")
    _until(lambda: _counts(operator)[1] >= events + 5)
    assert _counts(operator)[0] == reconciles


def _counts(operator: OperatorProcess) -> tuple[float, float]:
    events = operator.metric("parley_operator_watch_events_total", kind="HorizontalPodAutoscaler")
    return operator.metric("parley_operator_reconciles_total"), events


def _until(check: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not check():
        assert time.monotonic() < deadline, "not within 15 s"
        time.sleep(0.05)


async def _quiet(operator: OperatorProcess) -> None:
    """Until a second passes without a reconciliation: what the last write set off has come to its end."""
    seen, since = -1.0, time.monotonic()
    while time.monotonic() < since + 1.0:
        count = operator.metric("parley_operator_reconciles_total")
        if count != seen:
            seen, since = count, time.monotonic()
        time.sleep(0.1)  # noqa: ASYNC251 - nothing else runs in this loop
