"""The operator as Prometheus sees it: each alert fires when it should and not before (O10)."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from charts.derive import NAMESPACE, ROOT
from parley_operator.runtime.metrics import OperatorMetrics
from tests.chart.manifests import Manifests, of_kind, the
from tests.unit.operator.alert_case import Case, promtool_test
from tests.unit.operator.conftest import Promtool

pytestmark = pytest.mark.timeout(900)

Render = Callable[..., Manifests]
Template = Callable[..., subprocess.CompletedProcess[str]]
RUNBOOKS = ROOT / "docs" / "runbooks"
JOB = {"namespace": NAMESPACE, "job": "parley-operator"}
AT = f'namespace="{NAMESPACE}",job="parley-operator"'


def of(name: str, **labels: str) -> str:
    more = "".join(f',{key}="{value}"' for key, value in labels.items())
    return f"{name}{{{AT}{more}}}"


LEADER, AGE, NOT_READY = (
    "parley_operator_leader",
    "parley_operator_queue_oldest_seconds",
    "parley_operator_not_ready",
)
RECONCILES, REQUESTS = "parley_operator_reconciles_total", "parley_operator_api_requests_total"
RECEPTIONIST = {"voice_namespace": "default", "voice_deployment": "receptionist"}
CASES = (
    Case(
        alert="ParleyOperatorDown",
        about="one of two leads",
        at="20m",
        series={of(LEADER, pod="a"): "1x20", of(LEADER, pod="b"): "0x20"},
    ),
    Case(
        alert="ParleyOperatorDown",
        about="another takes over within five minutes",
        at="20m",
        series={of(LEADER, pod="a"): "1x10 0x10", of(LEADER, pod="b"): "0x12 1x8"},
    ),
    Case(
        alert="ParleyOperatorDown",
        about="none leads",
        at="6m",
        fires={"critical": "no operator leads"},
        series={of(LEADER, pod="a"): "0x20"},
    ),
    Case(
        alert="ParleyOperatorDown",
        about="none is seen",
        at="6m",
        fires={"critical": "no operator leads"},
        labels=JOB,
        series={'parley_operator_leader{namespace="other",job="parley-operator"}': "1x20"},
    ),
    Case(
        alert="ParleyReconcilesFail",
        about="one in twenty",
        at="20m",
        series={of(RECONCILES, result="success"): "0+19x20", of(RECONCILES, result="error"): "0+1x20"},
    ),
    Case(
        alert="ParleyReconcilesFail",
        about="one in five",
        at="20m",
        fires={"warning": "20% of reconciliations fail"},
        series={of(RECONCILES, result="success"): "0+4x20", of(RECONCILES, result="error"): "0+1x20"},
    ),
    Case(
        alert="ParleyQueueSlow",
        about="a burst that is over soon",
        at="20m",
        series={of(AGE, pod="a"): "90x4 0x16"},
    ),
    Case(
        alert="ParleyQueueSlow",
        about="a minute and a half",
        at="20m",
        fires={"warning": "a resource has waited 1m 30s for its turn"},
        series={of(AGE, pod="a"): "90x20"},
    ),
    Case(
        alert="ParleyApiRequestsFail",
        about="what is not found is no failure",
        at="20m",
        series={of(REQUESTS, verb="get", code="404"): "0+10x20", of(REQUESTS, verb="get", code="200"): "0+10x20"},
    ),
    Case(
        alert="ParleyApiRequestsFail",
        about="a missing right",
        at="20m",
        fires={"warning": "10% of requests to the API server end with code 403"},
        labels={"code": "403"},
        series={of(REQUESTS, verb="apply", code="403"): "0+1x20", of(REQUESTS, verb="get", code="200"): "0+9x20"},
    ),
    Case(
        alert="ParleyResourceNotReady",
        about="a rollout that takes ten minutes, and another one's after it",
        at="20m",
        series={
            of(NOT_READY, pod="a", **RECEPTIONIST): "1x10 stale",
            of(NOT_READY, pod="a", **{**RECEPTIONIST, "voice_deployment": "concierge"}): "_x10 1x10",
        },
    ),
    Case(
        alert="ParleyResourceNotReady",
        about="a quarter of an hour, with another operator leading from the tenth minute",
        at="16m",
        fires={"warning": "VoiceDeployment default/receptionist is not ready"},
        labels=RECEPTIONIST,
        series={
            of(NOT_READY, pod="a", **RECEPTIONIST): "1x10 stale",
            of(NOT_READY, pod="b", **RECEPTIONIST): "_x11 1x10",
        },
    ),
)


@pytest.fixture(scope="module")
def groups(render: Render) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = the(render("metrics.rules.create=true"), "PrometheusRule")["spec"]["groups"]
    return found


def rules(groups: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def test_o10_each_alert_fires_when_it_should_and_not_before(
    groups: list[dict[str, Any]], promtool: Promtool, tmp_path: Path
) -> None:
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": groups}))
    tests = [promtool_test(case, rules(groups).values()) for case in CASES]
    content = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": tests}
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(content))
    promtool("test", "rules", str(tmp_path / "test.yaml"))


def test_o10_every_alert_is_seen_to_fire_and_to_rest(groups: list[dict[str, Any]]) -> None:
    names = set(rules(groups))
    assert {case.alert for case in CASES if case.fires} == names
    assert {case.alert for case in CASES if not case.fires} == names


def test_o10_the_alerts_and_the_page_name_series_that_the_operator_has(groups: list[dict[str, Any]]) -> None:
    metrics = OperatorMetrics()
    metrics.observe_queue(depth=lambda: 0, age=lambda: 0, slow=lambda: 0)
    metrics.observe_not_ready(lambda: [("default", "receptionist")])
    metrics.observe_certificates(lambda: [(("default", "receptionist"), "2027-01-01T00:00:00Z")])
    known = {sample.name for family in metrics.registry.collect() for sample in family.samples}
    known |= {f"{family.name}_total" for family in metrics.registry.collect() if family.type == "counter"}
    asked = {name for rule in rules(groups).values() for name in re.findall(r"parley_operator_\w+", rule["expr"])}
    assert asked
    assert asked <= known
    families = {family.name: family.type for family in metrics.registry.collect()}
    every = {f"{name}_total" if kind == "counter" else name for name, kind in families.items()}
    told = set(re.findall(r"`(parley_operator_\w+)`", (ROOT / "docs" / "monitoring.md").read_text()))
    assert told == {name for name in every if name.startswith("parley_operator_")}


def test_o10_each_alert_has_a_runbook_that_says_what_to_do(groups: list[dict[str, Any]]) -> None:
    assert {page.stem for page in RUNBOOKS.glob("Parley*.md")} == set(rules(groups))
    for name, rule in rules(groups).items():
        page = ROOT / rule["annotations"]["runbook"]
        headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
        assert headings == [name, "What it means", "How to look", "How to mend"]
    documented = (ROOT / "docs" / "monitoring-in-cluster.md").read_text()
    assert re.findall(r"\[(Parley\w+)\]\(runbooks/\1[.]md\)", documented) == list(rules(groups))


def test_o10_a_runbook_of_ones_own_is_named_beside_ours(render: Render) -> None:
    url = "metrics.rules.runbookURL=https://wiki.example.com/{alert}"
    rule = rules(the(render("metrics.rules.create=true", url), "PrometheusRule")["spec"]["groups"])
    assert rule["ParleyQueueSlow"]["annotations"]["runbook_url"] == "https://wiki.example.com/ParleyQueueSlow"


def test_o10_the_monitor_scrapes_the_metrics_service_under_the_alerts_job(render: Render) -> None:
    manifests = render("metrics.serviceMonitor.create=true", "metrics.serviceMonitor.labels.release=kps")
    monitor, service = the(manifests, "ServiceMonitor"), the(manifests, "Service")
    assert monitor["metadata"]["labels"]["release"] == "kps"
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    [endpoint] = monitor["spec"]["endpoints"]
    assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}
    assert service["metadata"]["name"] == "parley-operator", "a ServiceMonitor's job is the Service's name"


def test_o10_monitoring_is_made_only_where_it_is_asked_for(render: Render, template: Template) -> None:
    assert of_kind(render(), "ServiceMonitor") == of_kind(render(), "PrometheusRule") == []
    answer = template("metrics.serviceMonitor.create=true", "metrics.service.create=false")
    assert "needs metrics.service.create" in answer.stderr
