"""O8: what `spec.pod` does to the gateway's pods, and that it cannot undo their hardening."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_operator.render import render
from tests.unit.operator import strategies
from tests.unit.operator.examples import FULL_SPEC, PROXIED_POD, resource, with_pods_of_its_own
from tests.unit.operator.facts import parse, pod_template, the, with_values
from tests.unit.operator.pod_security import violations

ESCAPES: dict[str, Any] = {
    "hostNetwork": True,
    "hostPID": True,
    "securityContext": {"runAsUser": 0, "runAsNonRoot": False},
    "containerSecurityContext": {"privileged": True},
    "initContainers": [{"name": "root", "image": "x", "securityContext": {"privileged": True}}],
    "volumes": [{"name": "host", "hostPath": {"path": "/"}}],
    "serviceAccountName": "admin",
    "automountServiceAccountToken": True,
    "capabilities": {"add": ["SYS_ADMIN"]},
    "ports": [{"containerPort": 80, "hostPort": 80}],
}
"""What a pod could be given away by, if the block were not typed."""


def item(key: str) -> dict[str, str]:
    """Under the one name that SSL_CERT_FILE says."""
    return {"key": key, "path": "ca.crt"}


def pod_of(document: dict[str, Any]) -> dict[str, Any]:
    vd = parse(document)
    spec: dict[str, Any] = pod_template(render(vd, with_values(vd)))["spec"]
    return spec


def environment(document: dict[str, Any]) -> dict[str, str]:
    (container,) = pod_of(document)["containers"]
    return {one["name"]: one.get("value", "") for one in container.get("env", ())}


@given(strategies.DOCUMENTS, st.dictionaries(st.sampled_from(sorted(ESCAPES)), st.just(None), max_size=4))
def test_o08_no_pod_block_breaks_the_restricted_standard(
    document: dict[str, Any], wanted: dict[str, None]
) -> None:
    changed = copy.deepcopy(document)
    changed["spec"].setdefault("pod", {}).update({name: ESCAPES[name] for name in wanted})
    pod = pod_of(changed)
    assert violations(pod) == []
    assert pod["automountServiceAccountToken"] is False
    assert pod == pod_of(document)


@pytest.mark.parametrize(
    "change",
    [
        {"hostNetwork": True},
        {"volumes": [{"name": "host", "hostPath": {"path": "/"}}]},
        {"securityContext": {}},
        {"securityContext": {"runAsNonRoot": True, "runAsUser": 0, "seccompProfile": {"type": "RuntimeDefault"}}},
        {"initContainers": [{"name": "root", "image": "x"}]},
    ],
)
def test_o08_the_standard_is_held_against_pods_in_earnest(change: dict[str, Any]) -> None:
    assert violations({**pod_of(resource()), **change})


def test_o08_a_proxy_is_told_under_both_names_and_what_lies_in_the_cluster_is_reached_directly() -> None:
    said = environment(with_pods_of_its_own(PROXIED_POD))
    assert said["HTTP_PROXY"] == said["http_proxy"] == "http://10.0.0.8:3128"
    assert said["HTTPS_PROXY"] == said["https_proxy"] == "http://proxy.corp.example.com:3128"
    assert (
        said["NO_PROXY"]
        == said["no_proxy"]
        == ("localhost,127.0.0.1,::1,.svc,.cluster.local,litellm,.corp.example.com,10.0.0.9,models.example.com")
    )


def test_o08_the_network_policy_opens_the_proxy() -> None:
    vd = parse(with_pods_of_its_own(PROXIED_POD))
    rules = the(render(vd, with_values(vd)), "NetworkPolicy")["spec"]["egress"]
    ports = [{"protocol": "TCP", "port": 3128}]
    assert {"to": [{"ipBlock": {"cidr": "10.0.0.8/32"}}], "ports": ports} in rules
    assert any(port in rule.get("ports", ()) for rule in rules if "to" not in rule for port in ports)


@pytest.mark.parametrize(
    ("source", "volume"),
    [
        (
            {"secretKeyRef": {"name": "company-ca", "key": "bundle.pem"}},
            {"secret": {"secretName": "company-ca", "defaultMode": 0o444, "items": [item("bundle.pem")]}},
        ),
        (
            {"configMapKeyRef": {"name": "company-ca", "key": "ca.crt"}},
            {"configMap": {"name": "company-ca", "defaultMode": 0o444, "items": [item("ca.crt")]}},
        ),
    ],
)
def test_o08_a_trust_bundle_is_mounted_and_named(source: dict[str, Any], volume: dict[str, Any]) -> None:
    document = resource(pod={"trustBundle": source})
    pod = pod_of(document)
    assert {"name": "trust", **volume} in pod["volumes"]
    assert environment(document) == {"SSL_CERT_FILE": "/etc/parley/trust/ca.crt"}
    mounts = {mount["name"]: mount for mount in pod["containers"][0]["volumeMounts"]}
    assert mounts["trust"] == {"name": "trust", "mountPath": "/etc/parley/trust", "readOnly": True}


def test_o08_a_cloud_s_identity_is_annotated_and_labelled() -> None:
    vd = parse(with_pods_of_its_own(PROXIED_POD))
    rendered = render(vd, with_values(vd))
    account = the(rendered, "ServiceAccount")
    assert account["metadata"]["annotations"] == PROXIED_POD["serviceAccountAnnotations"]
    assert pod_template(rendered)["metadata"]["labels"]["azure.workload.identity/use"] == "true"
    assert pod_template(rendered)["spec"]["serviceAccountName"] == account["metadata"]["name"]


def test_o08_classes_and_places_are_passed_on() -> None:
    pod = pod_of(with_pods_of_its_own(PROXIED_POD))
    assert (pod["priorityClassName"], pod["runtimeClassName"]) == ("calls", "gvisor")
    pod, wanted = pod_of(resource(**FULL_SPEC)), FULL_SPEC["pod"]
    for field in ("imagePullSecrets", "nodeSelector", "tolerations", "affinity"):
        assert pod[field] == wanted[field]


def test_o08_pods_spread_over_nodes_and_zones_each_replica_set_by_itself() -> None:
    constraints = pod_of(resource())["topologySpreadConstraints"]
    assert [one["topologyKey"] for one in constraints] == ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]
    assert {one["whenUnsatisfiable"] for one in constraints} == {"ScheduleAnyway"}
    (own,) = pod_of(resource(**FULL_SPEC))["topologySpreadConstraints"]
    assert own["whenUnsatisfiable"] == "DoNotSchedule"
    for constraint in (*constraints, own):
        assert constraint["matchLabelKeys"] == ["pod-template-hash"]
        assert constraint["labelSelector"]["matchLabels"]["parley.dev/name"] == "receptionist"


def test_o02_pods_of_a_resource_that_says_nothing_new_are_what_they_were() -> None:
    """An upgrade of the operator rolls none of them."""
    assert "priorityClassName" not in pod_of(resource())
    assert "env" not in pod_of(resource())["containers"][0]
