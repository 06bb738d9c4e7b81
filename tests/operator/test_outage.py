"""O10: the operator works after the API server was away, and after it was away itself."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from localcluster import ControlPlane
from parley_operator.kube.errors import GoneError
from tests.operator.cluster import Namespace, open_namespace
from tests.operator.conftest import CONTROLLERS, OPERATOR_USER, prepare, until_served
from tests.operator.fault_proxy import fault_proxy
from tests.operator.process import OperatorProcess

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(240)]

LEASE = ("--lease-duration", "10", "--lease-renew-deadline", "7", "--lease-retry", "1")
OUTAGE = 10.0
"""Seconds; longer than the Lease's renewal deadline, so that the process ends and is started again."""


@pytest.fixture(scope="module")
def own_plane() -> Iterator[ControlPlane]:
    """A control plane that may be harmed."""
    with ControlPlane(controllers=CONTROLLERS) as running:
        prepare(running)
        yield running


@pytest.fixture
async def own_namespace(own_plane: ControlPlane, namespace_name: str) -> AsyncIterator[Namespace]:
    async with open_namespace(str(own_plane.kubeconfig), namespace_name) as opened:
        yield opened


@pytest.fixture
async def supervised(own_plane: ControlPlane, tmp_path: Path) -> AsyncIterator[OperatorProcess]:
    """A cluster-wide operator that is started again whenever it ends, as a kubelet does."""
    kubeconfig = own_plane.kubeconfig_for(OPERATOR_USER)
    process = OperatorProcess(kubeconfig, tmp_path / "operator.log", *LEASE).start()
    await asyncio.to_thread(process.wait_for_log, "synced")
    task = asyncio.create_task(_supervise(process))
    yield process
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    process.stop()
    print(process.raw_log())


async def _supervise(process: OperatorProcess) -> None:
    while True:
        await asyncio.sleep(0.1)
        if not process.is_running():
            process.start()


@pytest.mark.parametrize("fault", ["stopped", "frozen"])
async def test_after_an_outage_of_the_api_server_everything_converges(
    own_plane: ControlPlane, own_namespace: Namespace, supervised: OperatorProcess, fault: str
) -> None:
    assert supervised.is_running()
    for number in range(5):
        await own_namespace.voice(f"before-{number}")
    if fault == "stopped":
        own_plane.kill_apiserver()
    else:
        own_plane.pause_apiserver()
    await asyncio.sleep(OUTAGE)  # the outage itself
    await asyncio.to_thread(own_plane.start_apiserver if fault == "stopped" else own_plane.resume_apiserver)
    await until_served(own_namespace)
    await own_namespace.voice("after")
    async with own_namespace.kubelet():
        for name in (*(f"before-{number}" for number in range(5)), "after"):
            await own_namespace.until_condition(name, "Ready", "True", seconds=60)


async def test_o10_watches_whose_revision_etcd_has_compacted_begin_anew_and_miss_nothing(
    own_namespace: Namespace, own_plane: ControlPlane, tmp_path: Path
) -> None:
    """The true 410: etcd has compacted, and an API server that was started anew remembers nothing of before."""
    async with fault_proxy(own_plane.kubeconfig_for(OPERATOR_USER), tmp_path) as (proxy, kubeconfig):
        operator = OperatorProcess(kubeconfig, tmp_path / "operator.log", "--standalone").start()
        try:
            await asyncio.to_thread(operator.wait_for_log, "synced")
            await own_namespace.voice("receptionist")
            await own_namespace.until_ready("receptionist")
            service = await own_namespace.get("Service", "receptionist")

            async def gap() -> None:
                await own_namespace.delete("Service", "receptionist")
                await own_namespace.voice("another")
                own_plane.kill_apiserver()
                own_plane.compact()
                await asyncio.to_thread(own_plane.start_apiserver)

            await proxy.end_watches("close", gap=gap)
            replaced = await own_namespace.until_exists("Service", "receptionist")
            assert replaced["metadata"]["uid"] != service["metadata"]["uid"]
            await own_namespace.until_exists("Deployment", "another")
            log = operator.log()
            expired = {line["kind"] for line in log if line["message"].startswith("watch expired")}
            assert {"Service", "ConfigMap", "Secret"} <= expired
            listed = [line["kind"] for line in log if line["message"] == "listed"]
            assert listed.count("VoiceDeployment") >= 2, "kopf has listed anew, too"
            assert operator.is_running()
        finally:
            operator.stop()
            print(operator.raw_log())
    then = {"resourceVersion": service["metadata"]["resourceVersion"], "resourceVersionMatch": "Exact"}
    with pytest.raises(GoneError):
        await own_namespace.client.list(own_namespace.path("Service"), then)


async def test_what_happened_while_no_operator_ran_is_made_good(
    own_namespace: Namespace, own_plane: ControlPlane, tmp_path: Path
) -> None:
    operator = OperatorProcess(own_plane.kubeconfig_for(OPERATOR_USER), tmp_path / "operator.log", "--standalone")
    try:
        operator.start().wait_for_log("synced")
        for name in ("edited", "deleted", "robbed"):
            await own_namespace.voice(name)
            await own_namespace.until_condition(name, "Available", "False", "NoPodReady")
        operator.kill()
        await own_namespace.edit("edited", replicas=3)
        await own_namespace.delete("VoiceDeployment", "deleted")
        await own_namespace.delete("Service", "robbed")
        await own_namespace.voice("created")
        operator.start().wait_for_log("synced")
        await own_namespace.until("Deployment", "edited", lambda b: b is not None and b["spec"]["replicas"] == 3)
        await own_namespace.until_exists("Service", "robbed")
        await own_namespace.until_exists("Deployment", "created")
        await own_namespace.until_gone("Deployment", "deleted")
    finally:
        operator.stop()


async def test_killed_again_and_again_at_any_moment_it_still_converges(
    own_namespace: Namespace, own_plane: ControlPlane, tmp_path: Path
) -> None:
    operator = OperatorProcess(own_plane.kubeconfig_for(OPERATOR_USER), tmp_path / "operator.log", "--standalone")
    names = [f"voice-{number}" for number in range(10)]
    try:
        for name in names:
            await own_namespace.voice(name, endpoint={"hosts": [f"{name}.example.com"], "ingress": {}})
        for moment in (0.15, 0.25, 0.35, 0.5, 0.7, 1.0, 1.4):
            operator.start()
            await asyncio.sleep(moment)  # the moment at which it is killed
            operator.kill()
        operator.start()
        for name in names:
            await own_namespace.until_exists("Deployment", name)
            found = await own_namespace.find_all("ConfigMap", f"parley.dev/name={name}")
            configurations = [c for c in found if c["metadata"]["name"].startswith(f"{name}-config-")]
            assert len(configurations) == 1
    finally:
        operator.stop()
