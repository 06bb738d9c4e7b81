"""O2, G14: how Prometheus finds the pods, as far as the cluster serves the kinds for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from parley_operator.api import VoiceDeployment
from parley_operator.render import Facts, Manifest, render
from parley_operator.render.monitoring import MONITORS
from tests.unit.operator.examples import MINIMAL, resource
from tests.unit.operator.facts import FACTS, of_kind, parse, pod_template, the


def serving(*kinds: str) -> Facts:
    return replace(FACTS, apis=frozenset(kinds))


BOTH = serving(*MONITORS)


def wanting(**monitor: Any) -> VoiceDeployment:
    return parse(resource(observability={"monitor": monitor}))


def monitors(vd: VoiceDeployment, facts: Facts) -> list[Manifest]:
    rendered = render(vd, facts)
    return [manifest for kind in MONITORS for manifest in of_kind(rendered, kind)]


@pytest.mark.parametrize(
    ("wanted", "facts", "kinds"),
    [
        ("Auto", BOTH, ["PodMonitor"]),
        ("Auto", serving("ServiceMonitor"), ["ServiceMonitor"]),
        ("Auto", FACTS, []),
        ("PodMonitor", BOTH, ["PodMonitor"]),
        ("ServiceMonitor", BOTH, ["ServiceMonitor"]),
        ("ServiceMonitor", serving("PodMonitor"), []),
        ("None", BOTH, []),
    ],
)
def test_o02_there_is_one_monitor_at_the_most(wanted: str, facts: Facts, kinds: list[str]) -> None:
    assert [manifest["kind"] for manifest in monitors(wanting(type=wanted), facts)] == kinds


@pytest.mark.parametrize("kind", MONITORS)
def test_o02_one_that_is_insisted_on_must_be_served(kind: str) -> None:
    (finding,) = render(wanting(type=kind), FACTS).findings
    assert (finding.condition, finding.reason) == ("SettingsHonoured", "ApiNotServed")
    assert kind in finding.message
    assert render(wanting(type=kind), BOTH).findings == ()


def test_o02_auto_and_none_insist_on_nothing() -> None:
    for wanted in ("Auto", "None"):
        assert render(wanting(type=wanted), FACTS).findings == ()


def test_g14_a_pod_monitor_finds_the_port_of_the_pods_whatever_their_state() -> None:
    rendered = render(parse(MINIMAL), BOTH)
    spec = the(rendered, "PodMonitor")["spec"]
    template = pod_template(rendered)
    assert spec["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
    ports = {port["name"] for port in template["spec"]["containers"][0]["ports"]}
    assert [(e["port"] in ports, e["path"]) for e in spec["podMetricsEndpoints"]] == [(True, "/metrics")]
    assert template["metadata"]["labels"][spec["jobLabel"]] == "receptionist"


def test_g14_a_service_monitor_finds_the_service_and_names_the_same_job() -> None:
    rendered = render(wanting(type="ServiceMonitor"), BOTH)
    spec, service = the(rendered, "ServiceMonitor")["spec"], the(rendered, "Service")
    assert spec["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert [e["port"] for e in spec["endpoints"]] == [port["name"] for port in service["spec"]["ports"]]
    assert service["metadata"]["labels"][spec["jobLabel"]] == "receptionist"


@pytest.mark.parametrize("kind", MONITORS)
def test_o02_labels_of_the_user_are_there_and_the_operator_s_win(kind: str) -> None:
    (manifest,) = monitors(wanting(type=kind, labels={"release": "kube-prometheus-stack"}), BOTH)
    labels = manifest["metadata"]["labels"]
    assert labels["release"] == "kube-prometheus-stack"
    assert labels["app.kubernetes.io/managed-by"] == "parley"


def test_o07_monitoring_rolls_no_pod() -> None:
    quiet = {
        "monitor": {"type": "None"},
        "alerts": {"mode": "Disabled"},
        "dashboard": {"mode": "Disabled"},
    }
    apis = replace(BOTH, apis=BOTH.apis | {"PrometheusRule"})
    before, after = render(parse(MINIMAL), apis), render(parse(resource(observability=quiet)), apis)
    assert pod_template(before) == pod_template(after)
    assert {m["kind"] for m in before.manifests} - {m["kind"] for m in after.manifests} == {
        "PodMonitor",
        "PrometheusRule",
    }
