"""O2, G14: monitoring objects on a real API server: made where their kinds are served, kept, and pruned."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from localcluster import ControlPlane
from localcluster.builds import BuildCache
from localcluster.paths import cache_dir
from localcluster.progress import Progress
from localcluster.versions import PROMETHEUS_OPERATOR
from tests.operator.cluster import Namespace, condition
from tests.operator.conftest import CONTROLLERS, OPERATOR_USER, prepare
from tests.operator.process import OperatorProcess

pytestmark = pytest.mark.controlplane

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    """One of this module's own: kinds come and go."""
    with ControlPlane(controllers=CONTROLLERS) as running:
        prepare(running)
        yield running


@pytest.fixture(scope="module")
def definitions() -> list[dict[str, Any]]:
    cache = BuildCache(cache_dir(), progress=Progress(quiet=True))
    cache.ensure((PROMETHEUS_OPERATOR,))
    files = sorted(cache.folder(PROMETHEUS_OPERATOR).glob("*.yaml"))
    return [yaml.load(path.read_text(), Loader=yaml.CSafeLoader) for path in files]  # in C: they are megabytes


async def install(namespace: Namespace, definitions: list[dict[str, Any]]) -> None:
    for crd in definitions:
        path = f"{DEFINITIONS}/{crd['metadata']['name']}"
        await namespace.client.apply(path, crd, field_manager="test", force=True)


@pytest.fixture
def operator_of_all(plane: ControlPlane, namespace: Namespace, tmp_path: Path) -> Iterator[OperatorProcess]:
    """One of the whole cluster, which alone hears of definitions."""
    log = tmp_path / "operator-of-all.log"
    process = OperatorProcess(
        plane.kubeconfig_for(OPERATOR_USER), log, "--lease-namespace", namespace.name
    ).start()
    process.wait_for_log("synced")
    yield process
    process.stop()
    print(process.raw_log())  # pytest shows it with a failure


async def test_nothing_is_made_before_the_kinds_are_there_and_then_by_itself(
    namespace: Namespace, operator_of_all: OperatorProcess, definitions: list[dict[str, Any]]
) -> None:
    assert operator_of_all.is_running()
    await namespace.voice("receptionist", observability={"alerts": {"mode": "Enabled"}})
    found = await namespace.until_condition("receptionist", "SettingsHonoured", "False", "ApiNotServed")
    assert "PrometheusRule" in found["message"]
    assert await namespace.find("ConfigMap", "receptionist-dashboard") is None
    await install(namespace, definitions)
    await namespace.until_condition("receptionist", "SettingsHonoured", "True")
    for kind in ("PodMonitor", "PrometheusRule"):
        await namespace.until_exists(kind, "receptionist")
    dashboard = await namespace.until_exists("ConfigMap", "receptionist-dashboard")
    (text,) = dashboard["data"].values()
    assert json.loads(text)["title"] == f"Voice: receptionist ({namespace.name})"
    assert await namespace.find("ServiceMonitor", "receptionist") is None


async def test_they_are_mended_chosen_anew_and_taken_away(
    namespace: Namespace, operator: OperatorProcess, definitions: list[dict[str, Any]]
) -> None:
    await install(namespace, definitions)
    assert operator.is_running()
    made = await namespace.voice("receptionist")
    rule = await namespace.until_exists("PrometheusRule", "receptionist")
    [owner] = rule["metadata"]["ownerReferences"]
    assert owner["uid"] == made["metadata"]["uid"]
    await namespace.patch("PrometheusRule", "receptionist", {"spec": {"groups": []}})
    await namespace.until("PrometheusRule", "receptionist", lambda r: r is not None and r["spec"] == rule["spec"])
    await namespace.until_exists("PodMonitor", "receptionist")
    await namespace.delete("PodMonitor", "receptionist")
    await namespace.until_exists("PodMonitor", "receptionist")

    await namespace.edit("receptionist", observability={"monitor": {"type": "ServiceMonitor"}})
    await namespace.until_exists("ServiceMonitor", "receptionist")
    await namespace.until_gone("PodMonitor", "receptionist")

    off = {
        "monitor": {"type": "None"},
        "alerts": {"mode": "Disabled"},
        "dashboard": {"mode": "Disabled"},
    }
    async with namespace.kubelet():
        await namespace.edit("receptionist", observability=off)
        await namespace.until_gone("ServiceMonitor", "receptionist")
        await namespace.until_gone("PrometheusRule", "receptionist")
        await namespace.until_gone("ConfigMap", "receptionist-dashboard")
    body = await namespace.get("VoiceDeployment", "receptionist")
    assert condition(body, "SettingsHonoured") is not None


async def test_when_a_certificate_expires_is_a_metric(namespace: Namespace, operator: OperatorProcess) -> None:
    endpoint = {"hosts": ["voice.example.com"], "ingress": {"className": "traefik", "tls": {"selfSigned": {}}}}
    await namespace.voice("receptionist", endpoint=endpoint)
    await namespace.until_condition("receptionist", "CertificateReady", "True", "CertificateValid")
    labels = {"voice_namespace": namespace.name, "voice_deployment": "receptionist"}
    moment = operator.metric("parley_operator_certificate_not_after_seconds", **labels)
    made = (await namespace.get("VoiceDeployment", "receptionist"))["status"]["certificate"]["notAfter"]
    assert made.startswith("20")
    assert moment > 1_700_000_000
