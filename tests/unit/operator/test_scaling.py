"""O6: who scales, on what, how fast, and how one engine takes over from another."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_operator.api import VoiceDeployment
from parley_operator.api.conditions import ConditionType, Reason
from parley_operator.render import Facts, Finding, Manifest, ObjectKey, render
from tests.unit.operator import strategies
from tests.unit.operator.examples import MINIMAL, resource
from tests.unit.operator.facts import FACTS, of_kind, parse, the, with_values

PROMETHEUS = {"serverAddress": "http://prometheus.monitoring:9090"}
HPA = {"type": "HPA", "minReplicas": 2, "maxReplicas": 9, "targetSessionsPerPod": 60, "scaleDownWindow": "10m"}
KEDA = {**HPA, "type": "KEDA", "prometheus": PROMETHEUS}
ALL = replace(FACTS, apis=frozenset({"ScaledObject"}), custom_metrics=True, replicas=5)
KINDS = {"HPA": "HorizontalPodAutoscaler", "KEDA": "ScaledObject"}
ENGINE_SETS = st.sampled_from([frozenset(some) for n in range(3) for some in combinations(sorted(KINDS), n)])


def scaled(scaling: dict[str, Any], **spec: Any) -> VoiceDeployment:
    return parse(resource(scaling=scaling, **spec))


def engines(vd: VoiceDeployment, facts: Facts) -> list[str]:
    """The autoscalers that are made."""
    made = {manifest["kind"] for manifest in render(vd, facts).manifests}
    return [engine for engine, kind in KINDS.items() if kind in made]


def finding(vd: VoiceDeployment, facts: Facts) -> Finding:
    (found,) = render(vd, facts).findings
    return found


def metrics(facts: Facts, scaling: dict[str, Any]) -> list[str]:
    return [
        metric["type"]
        for metric in the(render(scaled(scaling), facts), "HorizontalPodAutoscaler")["spec"]["metrics"]
    ]


def test_o06_sessions_are_a_metric_where_somebody_serves_them() -> None:
    hpa = the(render(scaled(HPA), ALL), "HorizontalPodAutoscaler")
    assert hpa["spec"]["metrics"][1] == {
        "type": "Pods",
        "pods": {
            "metric": {"name": "voice_sessions_active"},
            "target": {"type": "AverageValue", "averageValue": "60"},
        },
    }
    assert render(scaled(HPA), ALL).findings == ()


def test_o06_a_metric_that_nobody_serves_never_keeps_pods() -> None:
    without = replace(ALL, custom_metrics=False)
    assert metrics(without, HPA) == ["ContainerResource"]
    found = finding(scaled(HPA), without)
    assert (found.condition, found.reason) == (ConditionType.SETTINGS_HONOURED, Reason.API_NOT_SERVED)
    assert "custom.metrics.k8s.io" in found.message
    assert "install" in found.message


def test_o06_without_a_target_for_sessions_nobody_is_asked_for_them() -> None:
    on_cpu = {"type": "HPA", "maxReplicas": 9}
    assert metrics(ALL, on_cpu) == metrics(FACTS, on_cpu) == ["ContainerResource"]
    assert render(scaled(on_cpu), FACTS).findings == ()


def test_o06_keda_scales_on_sessions_and_on_the_gateways_cpu() -> None:
    made = the(render(scaled({**KEDA, "targetCPUPercent": 50}), ALL), "ScaledObject")
    assert made["spec"]["triggers"] == [
        {
            "type": "prometheus",
            "name": "sessions",
            "metricType": "AverageValue",
            "metadata": {
                "serverAddress": "http://prometheus.monitoring:9090",
                "query": 'sum(voice_sessions_active{namespace="default",job="receptionist"})',
                "threshold": "60",
                "ignoreNullValues": "false",
            },
        },
        {"type": "cpu", "metricType": "Utilization", "metadata": {"containerName": "gateway", "value": "50"}},
    ]
    assert (made["spec"]["minReplicaCount"], made["spec"]["maxReplicaCount"]) == (2, 9)


def test_o06_keda_logs_in_as_it_is_told() -> None:
    login = {"kind": "ClusterTriggerAuthentication", "name": "thanos", "mode": "Bearer"}
    made = the(
        render(scaled({**KEDA, "prometheus": {**PROMETHEUS, "authentication": login}}), ALL), "ScaledObject"
    )
    trigger = made["spec"]["triggers"][0]
    assert trigger["metadata"]["authModes"] == "bearer"
    assert trigger["authenticationRef"] == {"kind": "ClusterTriggerAuthentication", "name": "thanos"}


def test_o06_both_engines_behave_alike() -> None:
    hpa = the(render(scaled(HPA), ALL), "HorizontalPodAutoscaler")["spec"]["behavior"]
    keda = the(render(scaled(KEDA), ALL), "ScaledObject")["spec"]["advanced"]
    assert keda["horizontalPodAutoscalerConfig"]["behavior"] == hpa
    assert hpa["scaleDown"]["stabilizationWindowSeconds"] == 600
    assert hpa["scaleDown"]["policies"] == [{"type": "Pods", "value": 1, "periodSeconds": 120}]
    assert hpa["scaleUp"]["stabilizationWindowSeconds"] == 0


def test_o06_keda_that_is_not_installed_is_asked_for_and_pods_stay() -> None:
    without = replace(ALL, apis=frozenset())
    rendered = render(scaled(KEDA), without)
    assert of_kind(rendered, "ScaledObject") == of_kind(rendered, "HorizontalPodAutoscaler") == []
    assert rendered.scale is None
    found = finding(scaled(KEDA), without)
    assert (found.condition, found.reason) == (ConditionType.AUTOSCALING_READY, Reason.API_NOT_SERVED)
    assert "install KEDA" in found.message


def test_o07_a_suspension_tells_keda_to_leave_the_replicas_at_none() -> None:
    def annotations(vd: VoiceDeployment) -> Manifest:
        found: Manifest = the(render(vd, ALL), "ScaledObject")["metadata"].get("annotations", {})
        return found

    assert annotations(scaled(KEDA, suspend=True)) == {"autoscaling.keda.sh/paused-replicas": "0"}
    assert annotations(scaled(KEDA)) == {}


@pytest.mark.parametrize("scaling", [HPA, KEDA], ids=["HPA", "KEDA"])
def test_o06_after_a_suspension_both_engines_begin_at_the_minimum(scaling: dict[str, Any]) -> None:
    resumed = render(scaled(scaling), replace(ALL, replicas=0)).scale
    assert resumed is not None
    assert resumed["spec"] == {"replicas": 2}


@given(strategies.SCALINGS, ENGINE_SETS)
def test_o06_an_engine_is_made_only_once_the_other_is_gone(scaling: dict[str, Any], live: frozenset[str]) -> None:
    vd, facts = scaled(scaling), replace(ALL, engines=live)
    others = live - {scaling["type"]}
    wanted = [scaling["type"]] if scaling["type"] in KINDS and not others else []
    assert engines(vd, facts) == wanted
    reasons = [found.reason for found in render(vd, facts).findings]
    assert (Reason.HANDING_OVER in reasons) == bool(others)


@given(strategies.SCALINGS, ENGINE_SETS)
def test_o06_what_is_handed_over_to_is_kept_and_the_former_is_not(
    scaling: dict[str, Any], live: frozenset[str]
) -> None:
    rendered = render(scaled(scaling), replace(ALL, engines=live))
    keeps = {ObjectKey(kind, "receptionist") for kind in KINDS.values()} & rendered.keep
    others = live - {scaling["type"]}
    assert keeps == (
        {ObjectKey(KINDS[scaling["type"]], "receptionist")} if scaling["type"] in KINDS and others else set()
    )


@given(strategies.SCALINGS, ENGINE_SETS.filter(bool), st.integers(1, 50))
def test_o06_replicas_are_left_alone_while_engines_change(
    scaling: dict[str, Any], live: frozenset[str], replicas: int
) -> None:
    """A fixed number comes once the autoscaler is gone, which would undo it."""
    scale = render(scaled(scaling, replicas=3), replace(ALL, engines=live, replicas=replicas)).scale
    assert scale is None


@given(strategies.DOCUMENTS, ENGINE_SETS)
def test_o06_never_two_engines_at_once(document: dict[str, Any], live: frozenset[str]) -> None:
    vd = parse(document)
    facts = replace(with_values(vd), apis=frozenset({"ScaledObject"}), engines=live)
    assert len(engines(vd, facts)) <= 1


def test_o06_a_resource_that_says_nothing_has_no_engine() -> None:
    assert engines(parse(MINIMAL), ALL) == []
