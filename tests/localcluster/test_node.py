"""A node runs pods that are reached, call, scale and survive; it is mended, and leaves no trace."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterator
from contextlib import closing

import pytest

from localcluster.builds import architecture
from localcluster.cluster import LocalCluster
from localcluster.oci import single_file_image
from localcluster.ports import is_listening
from localcluster.versions import KUBECTL
from tests.localcluster.node import IMAGE, MANIFESTS, NOTHING, Kubectl, Traces, new_node, wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

PARTS = (
    "etcd",
    "kube-apiserver",
    "containerd",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-proxy",
    "coredns",
    "metrics-server",
    "kubelet",
    "traefik",
)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    cluster = new_node()
    cluster.down()
    cluster.up()
    archive = tmp_path_factory.mktemp("image") / "kubectl.tar"
    program = cluster.builds.binary(KUBECTL, "kubectl")
    archive.write_bytes(single_file_image(program, name=IMAGE, architecture=architecture()))
    cluster.import_archive(archive)
    kubectl = Kubectl(cluster)
    kubectl("apply", "--server-side", f"--filename={MANIFESTS}")
    kubectl("rollout", "status", "deployment/proxy", "--timeout=120s")
    wait_until(lambda: _status(_plain(cluster)) == http.client.OK, seconds=120)
    yield cluster
    cluster.down()


@pytest.fixture
def kubectl(node: LocalCluster) -> Kubectl:
    return Kubectl(node)


def version_through(connection: http.client.HTTPConnection) -> str:
    """What the pod answers to a request for the API's version."""
    with closing(connection):
        response = _get_version(connection)
        assert response.status == http.client.OK
        version: str = json.loads(response.read())["gitVersion"]
        return version


def test_every_part_runs(node: LocalCluster) -> None:
    assert node.running() == dict.fromkeys(PARTS, True)
    assert node.node_is_ready()


def test_a_pod_is_reached_through_the_ingress(node: LocalCluster) -> None:
    assert version_through(_plain(node)) == "v1.36.3"


def test_a_pod_is_reached_through_the_ingress_with_tls(node: LocalCluster) -> None:
    port = node.parts.entrypoints.websecure
    context = ssl._create_unverified_context()  # Traefik's own default certificate
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=30, context=context)
    assert version_through(connection) == "v1.36.3"


def test_a_service_is_reached_from_the_machine(kubectl: Kubectl) -> None:
    address = kubectl("get", "service", "proxy", "--output=jsonpath={.spec.clusterIP}")
    wait_until(lambda: is_listening(address, 80), seconds=120)
    assert version_through(http.client.HTTPConnection(address, 80, timeout=30)) == "v1.36.3"


def test_a_pod_reaches_the_api_server_with_its_own_account(kubectl: Kubectl) -> None:
    said = kubectl("exec", "deployment/proxy", "--", "/kubectl", "version")
    assert "Server Version: v1.36.3" in said


def test_a_pod_reaches_itself_through_its_service_by_name(kubectl: Kubectl) -> None:
    said = kubectl("exec", "deployment/proxy", "--", "/kubectl", "--server=http://proxy.default", "version")
    assert "Server Version: v1.36.3" in said


def test_a_pod_reaches_no_other_machine(kubectl: Kubectl) -> None:
    said = kubectl.refused(
        *("exec", "deployment/proxy", "--", "/kubectl", "--server=http://192.0.2.1", "get", "--raw", "/")
    )
    assert "network is unreachable" in said


def test_logs_are_readable(kubectl: Kubectl) -> None:
    assert "Starting to serve" in kubectl("logs", "deployment/proxy")


def test_an_autoscaler_reads_the_pods_cpu(kubectl: Kubectl) -> None:
    kubectl("wait", "hpa/proxy", "--for=condition=ScalingActive", "--timeout=120s")
    assert "proxy" in kubectl("top", "pods")


def test_traefiks_own_resources_are_known(kubectl: Kubectl) -> None:
    assert "middlewares.traefik.io" in kubectl("api-resources", "--api-group=traefik.io", "--output=name")


def test_the_gateway_api_is_known(kubectl: Kubectl) -> None:
    assert "gateways" in kubectl("api-resources", "--api-group=gateway.networking.k8s.io", "--output=name")


def test_up_again_is_the_same_cluster(node: LocalCluster, kubectl: Kubectl) -> None:
    before = _parts(node)
    node.up()
    assert _parts(node) == before


@pytest.mark.parametrize("part", PARTS)
def test_up_starts_a_part_that_was_killed(node: LocalCluster, kubectl: Kubectl, part: str) -> None:
    pod = _pod(kubectl)
    node._processes.kill(part)
    assert not node.running()[part]
    new_node().up()
    assert all(node.running().values())
    kubectl("wait", "node", "--all", "--for=condition=Ready", "--timeout=60s")
    assert _pod(kubectl) == pod


def test_pods_run_on_after_repairs(node: LocalCluster, kubectl: Kubectl) -> None:
    kubectl("rollout", "restart", "deployment/proxy")
    kubectl("rollout", "status", "deployment/proxy", "--timeout=120s")
    wait_until(lambda: _status(_plain(node)) == http.client.OK, seconds=120)
    test_a_pod_reaches_the_api_server_with_its_own_account(kubectl)


def test_down_leaves_no_trace(node: LocalCluster) -> None:
    addresses = node.layout.addresses
    before = Traces.of(node, addresses)
    assert all((before.processes, before.interfaces, before.routes, before.cgroups, before.files))
    node.down()
    assert Traces.of(node, addresses) == NOTHING


def test_down_twice_is_down(node: LocalCluster) -> None:
    node.down()
    assert not node.paths.root.exists()


def _plain(node: LocalCluster) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", node.parts.entrypoints.web, timeout=30)


def _get_version(connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
    connection.request("GET", "/version", headers={"Host": "proxy.example.com"})
    return connection.getresponse()


def _status(connection: http.client.HTTPConnection) -> int:
    with closing(connection):
        return _get_version(connection).status


def _parts(node: LocalCluster) -> list[object]:
    return [node._processes.find(part) for part in PARTS]


def _pod(kubectl: Kubectl) -> str:
    """The pod's identity and how often its container was started."""
    path = "{.items[*].metadata.uid} {.items[*].status.containerStatuses[0].restartCount}"
    return kubectl("get", "pods", "--selector=app=proxy", f"--output=jsonpath={path}")
