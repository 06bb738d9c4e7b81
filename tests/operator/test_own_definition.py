"""O10: the definition of VoiceDeployment itself comes and goes, as when somebody installs in another order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml

from localcluster import ControlPlane
from tests.operator import definitions
from tests.operator.cluster import Namespace
from tests.operator.conftest import CRD, OPERATOR_USER
from tests.operator.process import OperatorProcess

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(240)]

OWN = [yaml.load(CRD.read_text(), Loader=yaml.CSafeLoader)]  # in C: it takes seconds in Python
RESOURCES = "/apis/parley.dev/v1alpha1/voicedeployments"
MISSING = "voicedeployments.parley.dev is not served: install its CustomResourceDefinition"


@pytest.fixture
def plane(changing_plane: ControlPlane) -> ControlPlane:
    return changing_plane


@asynccontextmanager
async def without_definition(namespace: Namespace) -> AsyncIterator[None]:
    """The definition and all resources are removed; at the end it is installed again."""
    await definitions.remove(namespace.client, OWN)
    try:
        yield
    finally:
        await definitions.install(namespace.client, OWN)


async def test_o10_resources_whose_definition_was_removed_are_forgotten_and_new_ones_served(
    namespace: Namespace, cluster_operator: OperatorProcess
) -> None:
    await namespace.voice("receptionist")
    await namespace.until_condition("receptionist", "Available", "False", "NoPodReady")
    async with without_definition(namespace):
        await asyncio.to_thread(cluster_operator.wait_for_probe, "/readyz", 503, broken=RESOURCES)
        said = await asyncio.to_thread(
            cluster_operator.wait_for_log, "watch failed", kind="VoiceDeployment", error=MISSING
        )
        assert said["level"] == "warning"
        assert cluster_operator.probe("/healthz")[0] == 200
    await namespace.voice("another")
    await namespace.until_condition("another", "Available", "False", "NoPodReady")
    await asyncio.to_thread(cluster_operator.wait_for_probe, "/readyz", 200)
    assert cluster_operator.is_running()


@pytest.mark.parametrize("everywhere", [True, False], ids=["everywhere", "one namespace"])
async def test_o10_an_operator_that_is_there_before_its_definition_waits_for_it(
    namespace: Namespace, plane: ControlPlane, tmp_path: Path, everywhere: bool
) -> None:
    scope = () if everywhere else ("--namespace", namespace.name)
    kubeconfig = plane.kubeconfig_for(OPERATOR_USER)
    operator = OperatorProcess(kubeconfig, tmp_path / "operator.log", "--standalone", *scope)
    try:
        async with without_definition(namespace):
            operator.start()
            await asyncio.to_thread(operator.wait_for_log, "watch failed", kind="VoiceDeployment", error=MISSING)
            assert operator.probe("/readyz")[0] == 503
            assert operator.probe("/healthz")[0] == 200
        await asyncio.to_thread(operator.wait_for_log, "synced")
        await namespace.voice("receptionist")
        await namespace.until_exists("Deployment", "receptionist")
        await asyncio.to_thread(operator.wait_for_probe, "/readyz", 200)
    finally:
        operator.stop()
        print(operator.raw_log())
