"""A real API server takes what the chart makes, and its admission finds nothing to say (O8, O10, O11)."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from charts.derive import NAMESPACE, ROOT
from localcluster import ControlPlane
from quickstart.commands import Commands
from tests.chart.definitions import until_established
from tests.chart.manifests import Manifests, is_test, of_kind, the
from tests.operator.definitions import flux, prometheus_operator

pytestmark = pytest.mark.timeout(900)

ACCOUNT = f"system:serviceaccount:{NAMESPACE}:parley-operator"
DRY = ("--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict")
SPREAD, EXPRESSION = (
    "topologySpreadConstraints[0].",
    "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].",
)
EVERYTHING = (
    *("replicas=3", "priorityClassName=system-cluster-critical", "imagePullSecrets[0].name=registry"),
    *("env[0].name=SSL_CERT_FILE", "env[0].value=/ca.pem", "nodeSelector.team=voice"),
    *("tolerations[0].key=team", "tolerations[0].operator=Exists", "tolerations[0].effect=NoSchedule"),
    *(f"{SPREAD}maxSkew=1", f"{SPREAD}topologyKey=zone", f"{SPREAD}whenUnsatisfiable=ScheduleAnyway"),
    *(f"{EXPRESSION}key=pool", f"{EXPRESSION}operator=Exists"),
    *("podLabels.team=voice", "podAnnotations.team=voice"),
    *("crds.annotations.team=voice", "serviceAccount.annotations.team=voice"),
    *("networkPolicy.create=true", "networkPolicy.ingressFrom[0].namespaceSelector.matchLabels.team=monitoring"),
    *("metrics.service.annotations.team=voice", "metrics.serviceMonitor.create=true"),
    *("metrics.serviceMonitor.interval=30s", "metrics.serviceMonitor.labels.release=kps"),
    *("metrics.rules.create=true", "metrics.rules.labels.release=kps"),
    "metrics.rules.runbookURL=https://wiki.example.com/{alert}",
    *("tests.conversation.url=wss://voice.example.com/v1/voice", "tests.conversation.tokenSecret.name=token"),
    "tests.conversation.caSecret.name=ca",
)
"""Values by which the chart makes every object and says every field that it can."""


class Kubectl:
    """kubectl against one API server."""

    def __init__(self, command: str, kubeconfig: Path) -> None:
        self._command = [command, f"--kubeconfig={kubeconfig}"]

    def __call__(self, *arguments: str, given: Any = None) -> str:
        """Its output; `given` are manifests for standard input."""
        text = None if given is None else yaml.safe_dump_all(given)
        answer = subprocess.run(
            [*self._command, *arguments], input=text, capture_output=True, text=True, check=False, timeout=60
        )
        assert answer.returncode == 0, answer.stderr
        return answer.stdout + answer.stderr


@pytest.fixture(scope="module")
def server() -> Iterator[ControlPlane]:
    with ControlPlane() as running:
        yield running


@pytest.fixture(scope="module")
def installed(server: ControlPlane, kubectl: str, render: Callable[..., Manifests]) -> Kubectl:
    """The chart, in a namespace that enforces the strictest Pod Security level."""
    run = Kubectl(kubectl, server.kubeconfig)
    base = ROOT / "manifests" / "base"
    run("create", "-f", str(base / "namespace.yaml"))
    manifests = render("replicas=2")
    definitions = of_kind(manifests, "CustomResourceDefinition")
    run("create", "--validate=strict", "-f", "-", given=definitions)
    admin = Commands({"KUBECONFIG": str(server.kubeconfig), "PATH": str(Path(kubectl).parent)})
    asyncio.run(until_established(admin))
    rest = [manifest for manifest in manifests if manifest not in definitions and not is_test(manifest)]
    said = run("create", "--validate=strict", "-f", "-", given=rest)
    assert "would violate" not in said
    assert "Warning" not in said
    # No controller runs here that would make it, and no pod is admitted without.
    run("create", "serviceaccount", "default", "-n", NAMESPACE)
    return run


@pytest.fixture(scope="module")
def furnished(installed: Kubectl, server: ControlPlane, kubectl: str) -> Kubectl:
    """The same, where kinds of the Prometheus operator and of Flux are served."""
    installed("create", "-f", "-", given=[*prometheus_operator(), *flux()])
    admin = Commands({"KUBECONFIG": str(server.kubeconfig), "PATH": str(Path(kubectl).parent)})
    asyncio.run(until_established(admin))
    return installed


def test_o8_the_operators_pod_and_the_test_pods_are_restricted(
    installed: Kubectl, render: Callable[..., Manifests]
) -> None:
    manifests = render()
    template = the(manifests, "Deployment")["spec"]["template"]
    labels = template["metadata"]["labels"]
    spec = {**template["spec"], "serviceAccountName": "default", "automountServiceAccountToken": False}
    metadata = {"name": "operator", "namespace": NAMESPACE, "labels": labels}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
    installed("create", "--dry-run=server", "-f", "-", given=[pod])
    tests = [manifest for manifest in manifests if is_test(manifest)]
    assert {manifest["kind"] for manifest in tests} == {"Secret", "VoiceDeployment", "Pod"}
    installed("create", "--validate=strict", "--dry-run=server", "-f", "-", given=tests)


@pytest.mark.parametrize("scope", [(), (f"watchNamespaces={{{NAMESPACE}}}",)], ids=["cluster", "namespace"])
def test_o11_all_that_the_chart_can_make_is_taken_strictly(
    furnished: Kubectl, render: Callable[..., Manifests], scope: tuple[str, ...]
) -> None:
    manifests = render(*EVERYTHING, *scope)
    kinds = {manifest["kind"] for manifest in manifests}
    assert kinds >= {"NetworkPolicy", "PodDisruptionBudget", "Pod", "PrometheusRule", "ServiceMonitor"}
    said = furnished("apply", *DRY, "-f", "-", given=manifests)
    assert "Warning" not in said


def test_o11_flux_and_argo_cd_take_what_is_for_them(furnished: Kubectl) -> None:
    folder = ROOT / "manifests" / "gitops"
    for namespace in ("flux-system", "argocd"):
        furnished("create", "namespace", namespace)
    said = furnished("apply", *DRY, "-f", str(folder / "flux" / "kustomization.yaml"))
    assert "Warning" not in said
    furnished("create", "configmap", "argocd-cm", "-n", "argocd", "--from-literal=url=https://argocd.example.com")
    patch = str(folder / "argocd" / "argocd-cm.yaml")
    furnished("patch", "configmap", "argocd-cm", "-n", "argocd", "--patch-file", patch)
    settings = json.loads(furnished("get", "configmap", "argocd-cm", "-n", "argocd", "-o", "json"))["data"]
    assert settings.keys() == {"url", "resource.customizations.health.parley.dev_VoiceDeployment"}


@pytest.mark.parametrize("sample", sorted(path.name for path in (ROOT / "manifests" / "samples").glob("*.yaml")))
def test_o11_samples_are_valid(installed: Kubectl, sample: str) -> None:
    installed(
        "create", "--validate=strict", "--dry-run=server", "-f", str(ROOT / "manifests" / "samples" / sample)
    )


def test_o11_the_resource_of_the_notes_is_valid(installed: Kubectl, helm: str, chart: str) -> None:
    command = [helm, "install", "parley", chart, "--dry-run=client"]
    notes = subprocess.run(command, capture_output=True, text=True, check=True).stdout.partition("NOTES:")[2]
    document = yaml.safe_load(notes.partition("<<'END'\n")[2].partition("\n  END")[0])
    installed("create", "--validate=strict", "--dry-run=server", "-f", "-", given=[document])


def test_o11_staging_and_production_live_side_by_side(installed: Kubectl) -> None:
    """Overlays of one agent, in namespaces of their own: everything is taken strictly, and nothing is shared."""
    agents: dict[str, dict[str, Any]] = {}
    for stage in ("staging", "production"):
        overlay = str(ROOT / "manifests" / "overlays" / stage)
        said = installed("create", "--validate=strict", "-k", overlay)
        assert "Warning" not in said
        [agents[stage]] = json.loads(installed("get", "vd", "-n", f"voice-{stage}", "-o", "json"))["items"]
    staging, production = (agents[stage]["spec"] for stage in ("staging", "production"))
    assert staging["agent"] == production["agent"]
    assert staging["pipeline"] == production["pipeline"]
    for block in ("endpoint", "limits", "observability", "rollout", "pod"):
        assert staging[block] != production[block]
    assert not set(staging["endpoint"]["hosts"]) & set(production["endpoint"]["hosts"])
    assert (staging["observability"]["logLevel"], production["observability"]["logLevel"]) == ("Debug", "Info")
    namespaces = json.loads(installed("get", "namespaces", "-l", "parley.dev/stage", "-o", "json"))["items"]
    levels = {one["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] for one in namespaces}
    assert levels == {"restricted"}


@pytest.mark.parametrize("folder", ["base", "policies"])
def test_o11_every_kustomization_is_taken_strictly(installed: Kubectl, folder: str) -> None:
    path = str(ROOT / "manifests" / folder)
    said = installed("apply", *DRY, "-k", path)
    assert "Warning" not in said


@pytest.mark.parametrize(
    ("allowed", "verb", "resource"),
    [
        ("yes", "patch", "deployments.apps"),
        ("yes", "patch", "voicedeployments.parley.dev/status"),
        ("no", "patch", "voicedeployments.parley.dev"),
        ("no", "delete", "voicedeployments.parley.dev"),
        ("no", "create", "pods"),
        ("no", "create", "clusterrolebindings.rbac.authorization.k8s.io"),
        ("no", "list", "nodes"),
        ("no", "create", "serviceaccounts/token"),
    ],
)
def test_o10_the_operator_may_do_its_work_and_no_more(
    installed: Kubectl, server: ControlPlane, allowed: str, verb: str, resource: str
) -> None:
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {"user": ACCOUNT, "resourceAttributes": attributes(verb, resource)},
    }
    answer = json.loads(installed("create", "-o", "json", "-f", "-", given=[review]))
    assert answer["status"]["allowed"] is (allowed == "yes")


def attributes(verb: str, resource: str) -> dict[str, str]:
    """`verb` on kubectl's notation of a resource, in a namespace like any other."""
    plain, _, subresource = resource.partition("/")
    plural, _, group = plain.partition(".")
    names = {"namespace": "anywhere", "verb": verb, "group": group, "resource": plural}
    return {**names, "subresource": subresource} if subresource else names
