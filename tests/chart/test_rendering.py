"""What the chart makes of its values (O10, O11)."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from charts.derive import ROOT
from parley_operator.api import VoiceDeployment
from parley_operator.render.egress import dns
from parley_operator.render.labels import labels
from parley_operator.render.network_policy import OPERATOR
from tests.chart.manifests import Manifests, of_kind, the
from tests.operator.cluster import voice_deployment

pytestmark = pytest.mark.timeout(900)

Render = Callable[..., Manifests]
Template = Callable[..., subprocess.CompletedProcess[str]]


def operator_container(manifests: Manifests) -> dict[str, Any]:
    container: dict[str, Any]
    [container] = the(manifests, "Deployment")["spec"]["template"]["spec"]["containers"]
    return container


def test_o11_by_default_one_operator_serves_all_namespaces(render: Render) -> None:
    manifests = render()
    assert the(manifests, "Deployment")["spec"]["replicas"] == 1
    assert not [flag for flag in operator_container(manifests)["args"] if flag.startswith("--namespace")]
    binding = the(manifests, "ClusterRoleBinding")
    assert binding["roleRef"]["name"] in {role["metadata"]["name"] for role in of_kind(manifests, "ClusterRole")}
    account = the(manifests, "ServiceAccount")["metadata"]
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": account["name"], "namespace": account["namespace"]}
    ]


def test_o10_named_namespaces_get_roles_of_their_own_and_no_right_beyond(render: Render) -> None:
    manifests = render("watchNamespaces={staging,production}", "crds.install=false")
    assert of_kind(manifests, "ClusterRole") == of_kind(manifests, "ClusterRoleBinding") == []
    roles = {role["metadata"]["namespace"]: role["rules"] for role in of_kind(manifests, "Role")}
    assert roles.keys() == {"staging", "production", "parley-system"}
    assert [rule["resources"] for rule in roles["parley-system"]] == [["leases"], ["leases"]]
    args = operator_container(manifests)["args"]
    assert {"--namespace=staging", "--namespace=production"} <= set(args)


def test_o10_no_rule_is_a_wildcard_and_none_hands_out_rights(render: Render) -> None:
    rules = [
        rule for manifest in render() if manifest["kind"] in {"ClusterRole", "Role"} for rule in manifest["rules"]
    ]
    for rule in rules:
        assert "*" not in [*rule["apiGroups"], *rule["resources"], *rule["verbs"]]
        assert not {"escalate", "bind", "impersonate"} & set(rule["verbs"])
        assert not {"pods/exec", "nodes", "roles", "clusterroles"} & set(rule["resources"])


def test_o10_the_page_about_permissions_names_every_right_of_the_operator_and_no_other(render: Render) -> None:
    page = (ROOT / "docs" / "permissions.md").read_text()
    rows = re.findall(r"^\| ((?:`[a-z/]+`(?:, )?)+) \| ([a-z, ]+) \|", page, re.MULTILINE)
    said = [set(product(re.findall("[a-z/]+", resources), verbs.split(", "))) for resources, verbs in rows]
    roles = [one for one in render() if one["kind"] in {"ClusterRole", "Role"}]
    rules = [
        rule for one in roles if one["metadata"]["name"].startswith("parley-operator") for rule in one["rules"]
    ]
    assert set().union(*said) == {right for rule in rules for right in product(rule["resources"], rule["verbs"])}


def test_o11_roles_of_the_cluster_may_see_or_change_voice_deployments(render: Render) -> None:
    manifests = render()
    roles = {role["metadata"]["name"]: role for role in of_kind(manifests, "ClusterRole")}
    aggregated = {
        label.rpartition("-")[2]: role["rules"]
        for role in roles.values()
        for label in role["metadata"]["labels"]
        if label.startswith("rbac.authorization.k8s.io/aggregate-to-")
    }
    assert aggregated.keys() == {"view", "edit", "admin"}
    assert {verb for rule in roles["parley-view"]["rules"] for verb in rule["verbs"]} == {"get", "list", "watch"}
    assert "create" in {verb for rule in roles["parley-edit"]["rules"] for verb in rule["verbs"]}


def test_o11_several_operators_spread_and_are_kept_through_drains(render: Render) -> None:
    manifests = render("replicas=2")
    deployment = the(manifests, "Deployment")
    assert deployment["spec"]["replicas"] == 2
    budget = the(manifests, "PodDisruptionBudget")
    assert budget["spec"]["selector"] == deployment["spec"]["selector"]
    assert "podAntiAffinity" in deployment["spec"]["template"]["spec"]["affinity"]


def test_o11_a_single_operator_has_no_budget_that_would_block_a_drain(render: Render) -> None:
    assert of_kind(render(), "PodDisruptionBudget") == []


def test_o11_the_metrics_service_selects_the_operator_and_not_the_test_pod(render: Render) -> None:
    manifests = render()
    selector = the(manifests, "Service")["spec"]["selector"].items()
    assert selector <= the(manifests, "Deployment")["spec"]["template"]["metadata"]["labels"].items()
    pods = of_kind(manifests, "Pod")
    assert pods
    assert not [pod for pod in pods if selector <= pod["metadata"]["labels"].items()]


def test_o11_the_definition_is_upgraded_with_the_chart_and_stays_when_it_goes(render: Render) -> None:
    definition = the(render(), "CustomResourceDefinition")
    assert definition["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    gone = the(render("crds.keep=false"), "CustomResourceDefinition")
    assert "helm.sh/resource-policy" not in gone["metadata"].get("annotations", {})
    noted = the(render(r"crds.annotations.argocd\.argoproj\.io/sync-options=Prune=false"), definition["kind"])
    assert noted["metadata"]["annotations"] == {
        "argocd.argoproj.io/sync-options": "Prune=false",
        "helm.sh/resource-policy": "keep",
    }


def test_o11_a_second_release_leaves_the_definition_to_the_first(render: Render) -> None:
    manifests = render("crds.install=false", "watchNamespaces={staging}", release="staging", namespace="staging")
    assert of_kind(manifests, "CustomResourceDefinition") == []
    assert {manifest["metadata"].get("namespace") for manifest in manifests} == {"staging"}


def test_o11_images_are_named_by_tag_or_by_digest(render: Render) -> None:
    assert operator_container(render())["image"] == "parley/operator:0.1.0"
    digest = f"sha256:{'0' * 64}"
    by_digest = render("image.repository=registry.example.com/parley/operator", f"image.digest={digest}")
    assert operator_container(by_digest)["image"] == f"registry.example.com/parley/operator@{digest}"


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ("replica=2", "replica"),
        ("image.tagg=1", "tagg"),
        ("replicas=two", "replicas"),
        ("logLevel=debug", "logLevel"),
        ("watchNamespaces={Staging}", "watchNamespaces"),
        ("image.digest=latest", "digest"),
        ("tolerations[0].effects=NoSchedule", "effects"),
        ("resources.requests.cpu=much", "cpu"),
        ("env[0].name=POD_NAMESPACE", "env"),
        ("networkPolicy.ingressFrom[0].selector=x", "selector"),
        ("topologySpreadConstraints[0].maxSkew=1", "topologyKey"),
        ("metrics.rules.runbookURL=https://wiki.example.com/voice", "runbookURL"),
        ("tests.conversation.url=https://voice.example.com", "url"),
    ],
)
def test_o11_a_wrong_value_is_refused_by_its_name(template: Template, value: str, named: str) -> None:
    answer = template(value)
    assert answer.returncode != 0
    assert named in answer.stderr


def test_o11_a_foreign_service_account_must_be_named(template: Template, render: Render) -> None:
    assert "serviceAccount.name is needed" in template("serviceAccount.create=false").stderr
    manifests = render("serviceAccount.create=false", "serviceAccount.name=mine")
    assert of_kind(manifests, "ServiceAccount") == []
    assert the(manifests, "Deployment")["spec"]["template"]["spec"]["serviceAccountName"] == "mine"


def test_o11_notes_say_the_next_step(helm: str, chart: str) -> None:
    command = [helm, "install", "parley", chart, "--namespace", "parley-system", "--dry-run=client"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    notes = answer.partition("NOTES:")[2]
    assert "rollout status deployment/parley-operator" in notes
    assert "kubectl apply" in notes
    assert "uninstall leaves" in notes


def test_o11_lint_finds_nothing(helm: str, chart: str) -> None:
    answer = subprocess.run([helm, "lint", "--strict", chart], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_o11_further_environment_is_the_containers(render: Render) -> None:
    environment = operator_container(render("env[0].name=SSL_CERT_FILE", "env[0].value=/ca.pem"))["env"]
    assert [one["name"] for one in environment] == ["POD_NAME", "POD_NAMESPACE", "SSL_CERT_FILE"]
    assert environment[-1]["value"] == "/ca.pem"


def test_o11_the_operators_pods_are_placed_as_asked(render: Render) -> None:
    spread = "topologySpreadConstraints[0].{}"
    manifests = render(
        "priorityClassName=system-cluster-critical",
        "nodeSelector.pool=system",
        "tolerations[0].key=system",
        "tolerations[0].operator=Exists",
        "imagePullSecrets[0].name=registry",
        *(spread.format(value) for value in ("maxSkew=1", "topologyKey=zone", "whenUnsatisfiable=ScheduleAnyway")),
    )
    pod = the(manifests, "Deployment")["spec"]["template"]["spec"]
    assert pod["priorityClassName"] == "system-cluster-critical"
    assert pod["nodeSelector"] == {"pool": "system"}
    assert pod["tolerations"] == [{"key": "system", "operator": "Exists"}]
    assert pod["imagePullSecrets"] == [{"name": "registry"}]
    own = the(manifests, "Deployment")["spec"]["selector"]
    said = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}
    assert pod["topologySpreadConstraints"] == [{**said, "labelSelector": own}], (
        "one that selects none spreads none"
    )
    theirs = render(
        *(spread.format(value) for value in ("maxSkew=1", "topologyKey=zone", "whenUnsatisfiable=ScheduleAnyway")),
        spread.format("labelSelector.matchLabels.team=voice"),
    )
    [constraint] = the(theirs, "Deployment")["spec"]["template"]["spec"]["topologySpreadConstraints"]
    assert constraint["labelSelector"] == {"matchLabels": {"team": "voice"}}


def test_o10_a_network_policy_leaves_the_operator_dns_the_api_server_and_gateways(render: Render) -> None:
    assert of_kind(render(), "NetworkPolicy") == []
    manifests = render("networkPolicy.create=true", "networkPolicy.apiServerPorts={8443}")
    policy = the(manifests, "NetworkPolicy")["spec"]
    assert policy["podSelector"] == the(manifests, "Deployment")["spec"]["selector"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert policy["ingress"] == [{"ports": [{"port": "http", "protocol": "TCP"}]}]
    names, api_server, gateway = policy["egress"][:-2], policy["egress"][-2], policy["egress"][-1]
    assert names == dns(), "as gateways may ask for names, whatever port the cluster's resolver has"
    assert api_server == {"ports": [{"port": 8443, "protocol": "TCP"}]}
    assert gateway["ports"] == [{"port": 8080, "protocol": "TCP"}]
    [gateways] = gateway["to"]
    pods = labels(VoiceDeployment.parse(voice_deployment("agent")))
    assert gateways["podSelector"]["matchLabels"].items() <= pods.items()
    assert OPERATOR.items() <= the(manifests, "Deployment")["spec"]["template"]["metadata"]["labels"].items()


def test_o10_a_network_policy_that_names_who_may_ask_leaves_helms_test_in(render: Render) -> None:
    label = "networkPolicy.ingressFrom[0].namespaceSelector.matchLabels.name=monitoring"
    manifests = render("networkPolicy.create=true", label)
    [rule] = the(manifests, "NetworkPolicy")["spec"]["ingress"]
    prometheus, test = rule["from"]
    assert prometheus == {"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}
    selected = test["podSelector"]["matchLabels"].items()
    assert all(selected <= pod["metadata"]["labels"].items() for pod in of_kind(manifests, "Pod"))
