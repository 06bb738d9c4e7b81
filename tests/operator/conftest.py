"""A real API server with the CRD, a namespace for each test, and the operator as a process with its own rights."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from localcluster import AUDIT_METADATA, ControlPlane
from parley_operator.kube.errors import NotFoundError, ThrottledError
from tests.operator.cluster import Namespace, open_namespace
from tests.operator.process import OperatorProcess

OPERATOR_USER = "parley-operator"
CONTROLLERS = (
    *("deployment-controller", "replicaset-controller"),
    *("garbage-collector-controller", "namespace-controller"),
)
ROOT = Path(__file__).parents[2]
CRD = ROOT / "crds" / "parley.dev_voicedeployments.yaml"
OPERATOR = ROOT / "manifests" / "base" / "operator.yaml"
"""What the chart makes by default, as tests/chart holds it to."""
AUDITED = {
    **AUDIT_METADATA,
    "rules": [{"level": "Metadata", "users": [OPERATOR_USER]}, {"level": "None"}],
}
"""A line for each answered request of the operator: that is what tests ask of the log."""

StartOperator = Callable[..., OperatorProcess]


def rules() -> list[dict[str, Any]]:
    """All that the chart lets the operator do; that it is all it needs is for test_rbac.py to say."""
    documents = list(yaml.safe_load_all(OPERATOR.read_text()))
    roles = [body for body in documents if body["kind"] in {"ClusterRole", "Role"}]
    return [rule for role in roles if role["metadata"]["name"].startswith(OPERATOR_USER) for rule in role["rules"]]


def prepare(plane: ControlPlane) -> None:
    """The CRD, the operator's rights and an IngressClass."""
    asyncio.run(_prepare(str(plane.kubeconfig)))


async def _prepare(kubeconfig: str) -> None:
    async with open_namespace(kubeconfig, "default") as namespace:
        client = namespace.client
        crd = yaml.load(CRD.read_text(), Loader=yaml.CSafeLoader)
        definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        await client.apply(f"{definitions}/{crd['metadata']['name']}", crd, field_manager="test", force=True)
        await _created(namespace, "rbac.authorization.k8s.io/v1", "clusterroles", _role())
        await _created(namespace, "rbac.authorization.k8s.io/v1", "clusterrolebindings", _binding())
        traefik = {"metadata": {"name": "traefik"}, "spec": {"controller": "traefik.io/ingress-controller"}}
        await _created(namespace, "networking.k8s.io/v1", "ingressclasses", traefik)
        await until_served(namespace)


async def _created(namespace: Namespace, group: str, plural: str, body: dict[str, Any]) -> None:
    await namespace.client.create(f"/apis/{group}/{plural}", body, field_manager="test")


async def until_served(namespace: Namespace) -> None:
    """The storage of a CRD is made after the CRD, and after the API server says that it is ready."""
    async with asyncio.timeout(30):
        while not await _is_served(namespace):  # noqa: ASYNC110 - nothing tells when it is
            await asyncio.sleep(0.05)


async def _is_served(namespace: Namespace) -> bool:
    try:
        await namespace.find_all("VoiceDeployment")
    except (NotFoundError, ThrottledError):
        return False
    return True


def _role() -> dict[str, Any]:
    return {"metadata": {"name": OPERATOR_USER}, "rules": rules()}


def _binding() -> dict[str, Any]:
    return {
        "metadata": {"name": OPERATOR_USER},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": OPERATOR_USER},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": OPERATOR_USER}],
    }


@pytest.fixture(scope="session")
def plane() -> Iterator[ControlPlane]:
    """The control plane that all tests of this folder share which do it no harm.

    Not the package's: those of other folders come in between.
    """
    with ControlPlane(controllers=CONTROLLERS, audit_policy=AUDITED) as running:
        prepare(running)
        yield running


@pytest.fixture
def namespace_name(request: pytest.FixtureRequest) -> str:
    readable = request.node.name.partition("[")[0].removeprefix("test_").replace("_", "-").lower()[:40].strip("-")
    return f"{readable}-{secrets.token_hex(3)}"


@pytest.fixture
async def namespace(plane: ControlPlane, namespace_name: str) -> AsyncIterator[Namespace]:
    async with open_namespace(str(plane.kubeconfig), namespace_name) as opened:
        yield opened


@pytest.fixture
def start_operator(plane: ControlPlane, namespace: Namespace, tmp_path: Path) -> Iterator[StartOperator]:
    """Starts an operator for the test's namespace, with further arguments; all are stopped at the end."""
    kubeconfig = plane.kubeconfig_for(OPERATOR_USER)
    started: list[OperatorProcess] = []

    def start(*arguments: str, kubeconfig: Path = kubeconfig, forked: bool = True) -> OperatorProcess:
        log = tmp_path / f"operator-{len(started)}.log"
        scope = ("--namespace", namespace.name, "--lease-namespace", namespace.name, "--look-again", "1")
        started.append(OperatorProcess(kubeconfig, log, *scope, *arguments, forked=forked).start())
        return started[-1]

    yield start
    for operator in started:
        operator.stop()
        print(operator.raw_log())  # pytest shows it with a failure


@pytest.fixture
def operator(start_operator: StartOperator) -> OperatorProcess:
    """A leader that has seen everything."""
    process = start_operator()
    process.wait_for_log("synced")
    return process


@contextmanager
def leading_everywhere(plane: ControlPlane, namespace: Namespace, folder: Path) -> Iterator[OperatorProcess]:
    """A leader for the whole cluster that has seen everything, with its Lease in that namespace."""
    process = OperatorProcess(
        plane.kubeconfig_for(OPERATOR_USER), folder / "operator.log", "--lease-namespace", namespace.name
    ).start()
    try:
        process.wait_for_log("synced")
        yield process
    finally:
        process.stop()
        print(process.raw_log())


@pytest.fixture(scope="package")
def changing_plane() -> Iterator[ControlPlane]:
    """A control plane where definitions of other projects come and go."""
    with ControlPlane(controllers=CONTROLLERS) as running:
        prepare(running)
        yield running


@pytest.fixture
async def cluster_operator(
    changing_plane: ControlPlane, namespace: Namespace, tmp_path: Path
) -> AsyncIterator[OperatorProcess]:
    """A leader for the whole cluster, since definitions are the cluster's. It leaves no resource behind."""
    with leading_everywhere(changing_plane, namespace, tmp_path) as process:
        yield process
    for resource in await namespace.find_all("VoiceDeployment"):
        await namespace.delete("VoiceDeployment", resource["metadata"]["name"])


@pytest.fixture
def lone_operator(start_operator: StartOperator) -> OperatorProcess:
    """One without a Lease, to be killed and started again: the next need not wait until a dead one's expires."""
    process = start_operator("--standalone")
    process.wait_for_log("synced")
    return process


@pytest.fixture
def audit(plane: ControlPlane, namespace_name: str) -> Callable[[], list[dict[str, Any]]]:
    """The operator's requests in the test's namespace so far, watches and its Lease aside."""

    def read() -> list[dict[str, Any]]:
        written = plane.audit_log.read_text().splitlines()
        lines = [json.loads(line) for line in written if namespace_name in line]
        return [
            line
            for line in lines
            if line["user"]["username"] == OPERATOR_USER
            and f"/namespaces/{namespace_name}/" in line["requestURI"]
            and line["verb"] != "watch"
            and "/leases" not in line["requestURI"]
        ]

    return read
