"""The operator works with the rights that the chart gives it and is refused nothing that it asks for (O10)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from charts.derive import NAMESPACE, ROOT
from localcluster import AUDIT_METADATA, ControlPlane
from localcluster.builds import BuildCache
from localcluster.versions import PROMETHEUS_OPERATOR
from quickstart.commands import Commands
from quickstart.watch import wait_until
from tests.chart.definitions import until_established
from tests.chart.manifests import Manifests
from tests.operator.process import OperatorProcess

pytestmark = pytest.mark.timeout(900)

ACCOUNT = f"system:serviceaccount:{NAMESPACE}:parley-operator"
SERVED = "staging"
SECONDS = 60.0
KINDS = (
    "/apis/apps/v1/namespaces/{}/deployments",
    "/apis/networking.k8s.io/v1/namespaces/{}/ingresses",
    "/apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers",
    "/apis/policy/v1/namespaces/{}/poddisruptionbudgets",
    "/apis/events.k8s.io/v1/namespaces/{}/events",
    "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies",
    "/apis/monitoring.coreos.com/v1/namespaces/{}/podmonitors",
    "/apis/monitoring.coreos.com/v1/namespaces/{}/prometheusrules",
)


@pytest.fixture(params=["", f"watchNamespaces={{{SERVED}}}"], ids=["all namespaces", "one namespace"])
def values(request: pytest.FixtureRequest) -> str:
    """Helm values; empty for the defaults."""
    return str(request.param)


async def test_o10_the_charts_rights_are_enough(
    values: str, kubectl: str, render: Callable[..., Manifests], builds: BuildCache, tmp_path: Path
) -> None:
    builds.ensure((PROMETHEUS_OPERATOR,))
    with ControlPlane(audit_policy=AUDIT_METADATA) as server:
        admin = Commands({"KUBECONFIG": str(server.kubeconfig), "PATH": str(Path(kubectl).parent)})
        install(admin, render(*filter(None, [values])), others=builds.folder(PROMETHEUS_OPERATOR))
        await until_established(admin)
        scope = [f"--namespace={SERVED}"] if values else []
        kubeconfig, log = server.kubeconfig_for(ACCOUNT), tmp_path / "operator.log"
        operator = OperatorProcess(kubeconfig, log, f"--lease-namespace={NAMESPACE}", *scope).start()
        try:
            sample = yaml.safe_load((ROOT / "manifests" / "samples" / "production.yaml").read_text())
            sample["spec"]["auth"] = None
            sample["spec"]["pipeline"] = {stage: {"provider": "Embedded"} for stage in ("stt", "llm", "tts")}
            sample["spec"]["endpoint"]["ingress"]["tls"] = {"selfSigned": {}}
            admin.read("kubectl", "-n", SERVED, "create", "-f", "-", given=yaml.safe_dump(sample))
            for path in KINDS:
                await wait_until(admin, path.format(SERVED), bool, within=SECONDS)
            admin.read("kubectl", "-n", SERVED, "delete", "deployment", "receptionist")
            await wait_until(admin, KINDS[0].format(SERVED), bool, within=SECONDS)
            sample["spec"]["endpoint"] = None
            admin.read("kubectl", "-n", SERVED, "replace", "-f", "-", given=yaml.safe_dump(sample))
            await wait_until(admin, KINDS[1].format(SERVED), lambda ingresses: not ingresses, within=SECONDS)
        finally:
            operator.terminate()
        assert refused_resources(server.audit_log) == ({"ingressclasses"} if values else set())


def install(admin: Commands, manifests: Manifests, *, others: Path) -> None:
    """What Helm would create, without the pods: here no kubelet runs them. `others` has definitions of others."""
    for namespace in (NAMESPACE, SERVED):
        admin.read("kubectl", "create", "namespace", namespace)
    kinds = {"CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"}
    chosen = [manifest for manifest in manifests if manifest["kind"] in kinds]
    admin.read("kubectl", "create", "-f", "-", given=yaml.safe_dump_all(chosen))
    admin.read("kubectl", "create", "-f", str(others))


def refused_resources(audit_log: Path) -> set[str]:
    """The resources that the operator was refused, as the API server recorded it."""
    entries = [json.loads(line) for line in audit_log.read_text().splitlines()]
    assert any(entry["user"]["username"] == ACCOUNT for entry in entries)
    return {
        entry["objectRef"]["resource"]
        for entry in entries
        if entry["user"]["username"] == ACCOUNT and entry["responseStatus"]["code"] == 403
    }
