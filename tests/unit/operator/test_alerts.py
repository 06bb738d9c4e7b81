"""G5, G6, G14: each alert fires when it should and not before, as promtool computes it from series."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from parley_operator.api import VoiceDeployment
from parley_operator.render import render
from parley_operator.render.alerts import ALERTS
from parley_operator.render.prometheus_rule import rule_groups
from tests.unit.operator.alert_case import Case, promtool_test
from tests.unit.operator.conftest import Promtool
from tests.unit.operator.examples import MINIMAL, resource, secret
from tests.unit.operator.facts import FACTS, of_kind, parse, the

RUNBOOKS = Path(__file__).parents[3] / "docs" / "runbooks"
AT = {"namespace": "default", "job": "receptionist"}
POD = {**AT, "pod": "receptionist-1", "instance": "10.1.1.1:8080"}
OTHER_POD = {**AT, "pod": "receptionist-2", "instance": "10.1.1.2:8080"}
DAY = 86_400
SERVED = replace(FACTS, apis=frozenset({"PrometheusRule"}))


def everything(*, when_away: str = "Allow", cost: dict[str, Any] | None = None, **spec: Any) -> VoiceDeployment:
    """A resource that all alerts concern."""
    document = resource(
        limits={"cost": cost or {"perDay": "100"}},
        records={"postgres": {"url": secret("pg", "uri")}},
        recordings={"emptyDir": {}},
        sessions={"redis": {"url": secret("redis", "url"), "whenAway": when_away}},
        endpoint={"hosts": ["voice.example.com"], "ingress": {"tls": {"selfSigned": {}}}},
        **spec,
    )
    return parse(document)


@dataclass(frozen=True, kw_only=True)
class VoiceCase(Case):
    """Of a resource's own alerts; summaries are without its name."""

    labels: dict[str, str] = field(default_factory=lambda: dict(AT))
    of: VoiceDeployment = field(default_factory=everything)


def series(name: str, labels: dict[str, str] = POD, **further: str) -> str:
    text = ",".join(f'{key}="{value}"' for key, value in {**labels, **further}.items())
    return f"{name}{{{text}}}"


def synthesis(*, early: int, late: int) -> dict[str, str]:
    """So many sentences a minute whose first sound comes within half a second, and so many that take longer."""
    spans = {"0.5": early, "0.75": early + late, "+Inf": early + late}
    return {
        series("voice_latency_seconds_bucket", type="synthesis", le=edge): f"0+{number}x30"
        for edge, number in spans.items()
    }


def turns(*, kept: str, broken: str) -> dict[str, str]:
    return {
        series("voice_sla_turns_total", promise="all", kept="true"): kept,
        series("voice_sla_turns_total", promise="all", kept="false"): broken,
        series("voice_sla_turns_total", promise="barge_in", kept="false"): "0+100x30",
    }


def replies(**by_status: str) -> dict[str, str]:
    return {series("voice_replies_total", status=status): values for status, values in by_status.items()}


def sessions(**by_status: str) -> dict[str, str]:
    return {
        series("voice_sessions_total", tenant_id="acme", status=status): values
        for status, values in by_status.items()
    }


def lag(*, late: int) -> dict[str, str]:
    return {
        series("voice_event_loop_lag_seconds_bucket", le=edge): f"0+{number}x30"
        for edge, number in {"0.05": 120 - late, "0.1": 120, "+Inf": 120}.items()
    }


def budget(spent: str, *, other: str = "0x30") -> dict[str, str]:
    """A day's budget of 100 dollars, as two pods know it."""
    return {
        series("voice_budget_dollars", scope="deployment"): "100x30",
        series("voice_budget_dollars", OTHER_POD, scope="deployment"): "100x30",
        series("voice_budget_spent_dollars", scope="deployment"): spent,
        series("voice_budget_spent_dollars", OTHER_POD, scope="deployment"): other,
    }


def certificate(days: float) -> dict[str, str]:
    names = {"voice_namespace": "default", "voice_deployment": "receptionist"}
    pod = {"namespace": "parley-system", "job": "parley-operator", "pod": "parley-operator-1"}
    return {series("parley_operator_certificate_not_after_seconds", {**pod, **names}): f"{days * DAY:.0f}x200"}


CERTIFICATE = {"voice_namespace": "default"}
PROVIDER = {**AT, "stage": "llm", "provider": "Anthropic"}
RECORDS = {**AT, "destination": "postgres"}
PRICE = {**AT, "provider": "OpenAICompatible", "model": "llama-3"}

CASES = [
    VoiceCase(
        alert="VoiceSynthesisSlow",
        about="a tenth of the sentences begins late for ten minutes",
        series=synthesis(early=90, late=10),
        at="11m",
        fires={"warning": "the voice begins late, 95 % of sentences within 625ms"},
    ),
    VoiceCase(alert="VoiceSynthesisSlow", about="not yet for five", series=synthesis(early=90, late=10), at="5m"),
    VoiceCase(
        alert="VoiceSynthesisSlow",
        about="one sentence in fifty may be late",
        series=synthesis(early=98, late=2),
        at="20m",
    ),
    VoiceCase(alert="VoiceSynthesisSlow", about="nobody speaks", series=synthesis(early=0, late=0), at="20m"),
    VoiceCase(
        alert="VoiceSynthesisSlow",
        about="no more is promised than 800 ms",
        series=synthesis(early=90, late=10),
        at="20m",
        of=everything(observability={"sla": {"synthesis": "800ms"}}),
    ),
    VoiceCase(
        alert="VoiceSynthesisSlow",
        about="another deployment's",
        series={
            key.replace('job="receptionist"', 'job="other"'): v for key, v in synthesis(early=0, late=9).items()
        },
        at="20m",
    ),
    VoiceCase(
        alert="VoicePromisesBroken",
        about="one turn in ten breaks a promise for longer than ten minutes",
        series=turns(kept="0+9x30", broken="0+1x30"),
        at="12m",
        fires={"critical": "only 90% of turns keep what observability.sla promises"},
    ),
    VoiceCase(
        alert="VoicePromisesBroken",
        about="not yet for ten minutes",
        series=turns(kept="0+9x30", broken="0+1x30"),
        at="10m",
    ),
    VoiceCase(
        alert="VoicePromisesBroken",
        about="one in fifty may",
        series=turns(kept="0+49x30", broken="0+1x30"),
        at="30m",
    ),
    VoiceCase(
        alert="VoicePromisesBroken",
        about="a single bad turn in a quiet night",
        series=turns(kept="0x30", broken="0x5 1x25"),
        at="10m",
    ),
    VoiceCase(
        alert="VoiceRepliesFail",
        about="one answer in five fails for longer than five minutes",
        series=replies(completed="0+3x30", interrupted="0+1x30", failed="0+1x30"),
        at="7m",
        fires={"critical": "20% of answers fail"},
    ),
    VoiceCase(
        alert="VoiceRepliesFail",
        about="one in ten may",
        series=replies(completed="0+8x30", interrupted="0+1x30", failed="0+1x30"),
        at="20m",
    ),
    VoiceCase(
        alert="VoiceRepliesFail",
        about="a single failure in a quiet night",
        series=replies(completed="0x30", interrupted="0x30", failed="0x5 1x25"),
        at="10m",
    ),
    VoiceCase(
        alert="VoiceSessionsFail",
        about="half of the sessions end by a failure",
        series=sessions(client_ended="0+4x30", providers_failed="0+3x30", internal="0+1x30"),
        at="7m",
        fires={"critical": "50% of sessions end by a failure"},
    ),
    VoiceCase(
        alert="VoiceSessionsFail",
        about="clients that go are no failure",
        series=sessions(client_ended="0+1x30", client_gone="0+9x30", budget="0+1x30", internal="0x30"),
        at="20m",
    ),
    VoiceCase(
        alert="VoiceProviderAway",
        about="left alone, and tried in vain now and then",
        series={series("voice_provider_breaker", stage="llm", provider="Anthropic"): "0x2 2x3 1 2x20"},
        at="9m",
        fires={"warning": "Anthropic (llm) does not answer and is left alone"},
        labels=PROVIDER,
    ),
    VoiceCase(
        alert="VoiceProviderAway",
        about="it came back in between",
        series={series("voice_provider_breaker", stage="llm", provider="Anthropic"): "0x2 2x3 0 2x4"},
        at="9m",
    ),
    VoiceCase(
        alert="VoicePodsNearlyFull",
        about="both pods together",
        series={
            series("voice_worker_utilization"): "1x30",
            series("voice_worker_utilization", OTHER_POD): "0.8x30",
        },
        at="6m",
        fires={"warning": "pods hold 90% of the sessions that they may"},
    ),
    VoiceCase(
        alert="VoicePodsNearlyFull",
        about="one is full, the other empty",
        series={
            series("voice_worker_utilization"): "1x30",
            series("voice_worker_utilization", OTHER_POD): "0.2x30",
        },
        at="20m",
    ),
    VoiceCase(
        alert="VoiceCallersTurnedAway",
        about="five in a minute",
        series={series("voice_connection_closes_total", code="4424"): "0x10 5x20"},
        at="12m",
        fires={"critical": "about 5 callers were turned away in five minutes: pods are full"},
    ),
    VoiceCase(
        alert="VoiceCallersTurnedAway",
        about="that was long ago, and other codes say other things",
        series={
            series("voice_connection_closes_total", code="4424"): "5x30",
            series("voice_connection_closes_total", code="4420"): "0+9x30",
        },
        at="20m",
    ),
    VoiceCase(
        alert="VoiceEventLoopLate",
        about="one look in ten finds it late",
        series=lag(late=12),
        at="7m",
        fires={"warning": "pod receptionist-1 does what is due 75ms late"},
        labels={**AT, "pod": "receptionist-1"},
    ),
    VoiceCase(alert="VoiceEventLoopLate", about="one in forty may", series=lag(late=3), at="20m"),
    VoiceCase(
        alert="VoiceBudgetNearlyUsed",
        about="one pod knows of more than the other",
        series=budget("10x5 85x20", other="20x30"),
        at="10m",
        fires={"warning": "85% of today's budget is used"},
    ),
    VoiceCase(alert="VoiceBudgetNearlyUsed", about="not yet", series=budget("79x30"), at="10m"),
    VoiceCase(alert="VoiceBudgetNearlyUsed", about="used up is another matter", series=budget("101x30"), at="10m"),
    VoiceCase(
        alert="VoiceBudgetNearlyUsed",
        about="half is near enough where the resource says so",
        series=budget("51x30"),
        at="10m",
        fires={"warning": "51% of today's budget is used"},
        of=everything(cost={"perDay": "100", "warnAtPercent": 50}),
    ),
    VoiceCase(
        alert="VoiceBudgetUsedUp",
        about="at the limit",
        series=budget("100x30"),
        at="1m",
        fires={"critical": "today's budget is used up: nobody is answered until midnight UTC"},
    ),
    VoiceCase(alert="VoiceBudgetUsedUp", about="nearly", series=budget("99x30"), at="10m"),
    VoiceCase(alert="VoiceBudgetUsedUp", about="a new day", series=budget("100x5 0x20"), at="10m"),
    VoiceCase(
        alert="VoicePricesUnknown",
        about="a model of one's own",
        series={series("voice_prices_unknown", provider="OpenAICompatible", model="llama-3"): "1x30"},
        at="11m",
        fires={"warning": "no price is known for OpenAICompatible llama-3: limits of cost leave it out"},
        labels=PRICE,
    ),
    VoiceCase(
        alert="VoicePricesUnknown",
        about="not yet for ten minutes",
        series={series("voice_prices_unknown", provider="OpenAICompatible", model="llama-3"): "1x30"},
        at="9m",
    ),
    VoiceCase(
        alert="VoiceRecordsNotKept",
        about="rows are refused",
        series={
            series("voice_records_refused_total", destination="postgres"): "0x5 2x30",
            series("voice_records_lost_total", destination="postgres"): "0x40",
        },
        at="10m",
        fires={"warning": "sessions' records do not reach postgres"},
        labels=RECORDS,
    ),
    VoiceCase(
        alert="VoiceRecordsNotKept",
        about="rows are lost",
        series={
            series("voice_records_refused_total", destination="postgres"): "0x40",
            series("voice_records_lost_total", destination="postgres"): "0x5 1x30",
        },
        at="10m",
        fires={"warning": "sessions' records do not reach postgres"},
        labels=RECORDS,
    ),
    VoiceCase(
        alert="VoiceRecordsNotKept",
        about="rows that arrive",
        series={series("voice_records_refused_total", destination="postgres"): "3x40"},
        at="20m",
    ),
    VoiceCase(
        alert="VoiceRecordingsCut",
        about="the volume is full",
        series={series("voice_recordings_total", end="no_room"): "0x5 3x30"},
        at="10m",
        fires={"warning": "about 3 recordings in 15 min are not whole: no_room"},
        labels={**AT, "end": "no_room"},
    ),
    VoiceCase(
        alert="VoiceRecordingsCut",
        about="sessions end, and some are longer than their recording may be",
        series={
            series("voice_recordings_total", end="session"): "0+1x40",
            series("voice_recordings_total", end="duration"): "0+1x40",
        },
        at="20m",
    ),
    VoiceCase(
        alert="VoiceRedisAway",
        about="one pod cannot reach it",
        series={series("voice_redis_up"): "1x30", series("voice_redis_up", OTHER_POD): "1x2 0x30"},
        at="8m",
        fires={"warning": "Redis cannot be reached: each pod counts sessions and money alone"},
    ),
    VoiceCase(
        alert="VoiceRedisAway",
        about="and lets nobody in",
        series={series("voice_redis_up"): "0x30"},
        at="6m",
        fires={"critical": "Redis cannot be reached: new sessions are refused"},
        of=everything(when_away="Refuse"),
    ),
    VoiceCase(
        alert="VoiceRedisAway", about="for a moment", series={series("voice_redis_up"): "1x2 0x3 1x9"}, at="8m"
    ),
    VoiceCase(
        alert="VoiceCertificateExpiring",
        about="in ten days",
        series=certificate(10),
        at="2h",
        fires={"warning": "the certificate expires in 9d 22h 0m 0s"},
        labels=CERTIFICATE,
    ),
    VoiceCase(alert="VoiceCertificateExpiring", about="in a month", series=certificate(29), at="2h"),
    VoiceCase(
        alert="VoiceCertificateExpiring",
        about="for less than an hour, while it is renewed",
        series=certificate(13.9),
        at="30m",
    ),
    VoiceCase(
        alert="VoiceCertificateExpiring",
        about="in two days",
        series=certificate(2),
        at="2h",
        fires={
            "warning": "the certificate expires in 1d 22h 0m 0s",
            "critical": "the certificate expires in 1d 22h 0m 0s: then no client connects",
        },
        labels=CERTIFICATE,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.alert}: {case.about}")
def test_g14_it_fires_when_it_should_and_not_before(
    case: VoiceCase, promtool: Promtool, write_yaml: Callable[[str, Any], str]
) -> None:
    groups = rule_groups(case.of)
    rules = [rule for group in groups for rule in group["rules"]]
    content = {
        "rule_files": [write_yaml("rules.yaml", {"groups": groups})],
        "evaluation_interval": "1m",
        "tests": [promtool_test(case, rules, whose="default/receptionist: ")],
    }
    promtool("test", "rules", write_yaml("test.yaml", content))


def test_g14_every_alert_is_seen_to_fire_and_to_rest() -> None:
    names = {alert.name for alert in ALERTS}
    assert {case.alert for case in CASES if case.fires} == names
    assert {case.alert for case in CASES if not case.fires} == names
    severities = {(alert.name, alert.severity) for alert in ALERTS}
    assert {(case.alert, severity) for case in CASES for severity in case.fires} == severities


@pytest.mark.parametrize("when_away", ["Allow", "Refuse"])
def test_g14_prometheus_takes_the_rules(
    when_away: str, promtool: Promtool, write_yaml: Callable[[str, Any], str]
) -> None:
    groups = rule_groups(everything(when_away=when_away))
    said = promtool("check", "rules", write_yaml("rules.yaml", {"groups": groups}))
    assert f"SUCCESS: {len(groups[0]['rules'])} rules found" in said


def test_g14_a_resource_has_the_alerts_that_concern_it() -> None:
    always = {
        "VoiceSynthesisSlow",
        "VoicePromisesBroken",
        "VoiceRepliesFail",
        "VoiceSessionsFail",
        "VoiceProviderAway",
        "VoicePodsNearlyFull",
        "VoiceCallersTurnedAway",
        "VoiceEventLoopLate",
    }
    assert names_of(parse(MINIMAL)) == always
    budget = {"VoiceBudgetNearlyUsed", "VoiceBudgetUsedUp", "VoicePricesUnknown"}
    assert names_of(parse(resource(limits={"cost": {"perDay": "9"}}))) == always | budget
    assert names_of(everything()) == {alert.name for alert in ALERTS}


def names_of(vd: VoiceDeployment) -> set[str]:
    return {rule["alert"] for group in rule_groups(vd) for rule in group["rules"]}


def test_o02_the_rules_are_an_object_where_the_kind_is_served() -> None:
    labels = {"release": "kube-prometheus-stack"}
    vd = parse(resource(observability={"alerts": {"labels": labels}}))
    rule = the(render(vd, SERVED), "PrometheusRule")
    assert rule["apiVersion"] == "monitoring.coreos.com/v1"
    assert labels.items() <= rule["metadata"]["labels"].items()
    assert rule["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "parley"
    assert rule["spec"]["groups"] == rule_groups(vd)
    assert of_kind(render(vd, FACTS), "PrometheusRule") == []
    disabled = parse(resource(observability={"alerts": {"mode": "Disabled"}}))
    assert of_kind(render(disabled, SERVED), "PrometheusRule") == []


def test_o02_alerts_that_are_insisted_on_need_the_kind() -> None:
    vd = parse(resource(observability={"alerts": {"mode": "Enabled"}}))
    (finding,) = render(vd, FACTS).findings
    assert (finding.condition, finding.reason) == ("SettingsHonoured", "ApiNotServed")
    assert "PrometheusRule" in finding.message
    assert render(vd, SERVED).findings == ()
    assert render(parse(MINIMAL), FACTS).findings == ()


def test_g14_each_alert_names_its_runbook() -> None:
    url = "https://wiki.example.com/voice#{alert}"
    for vd, base in ((everything(), None), (everything(observability={"alerts": {"runbookURL": url}}), url)):
        for rule in rule_groups(vd)[0]["rules"]:
            annotations = rule["annotations"]
            assert (RUNBOOKS.parents[1] / annotations["runbook"]).is_file()
            assert annotations.get("runbook_url") == (base and base.replace("{alert}", rule["alert"]))


def test_g14_the_documentation_lists_every_alert() -> None:
    text = (RUNBOOKS.parent / "monitoring-in-cluster.md").read_text()
    assert re.findall(r"\[(Voice\w+)\]\(runbooks/\1[.]md\)", text) == list(
        dict.fromkeys(alert.name for alert in ALERTS)
    )


def test_g14_each_runbook_says_what_it_means_how_to_look_and_how_to_mend() -> None:
    pages = {page.stem: page.read_text() for page in RUNBOOKS.glob("Voice*.md")}
    assert set(pages) == {alert.name for alert in ALERTS}
    for name, text in pages.items():
        headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
        assert headings == [name, "What it means", "How to look", "How to mend"], name
