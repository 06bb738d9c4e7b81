"""G14: what alerts and the dashboard ask for is what the gateway and the operator tell, label by label."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase

from parley_contract.codes import CloseCode
from parley_gateway.conversation.events import EndReason, Stage
from parley_gateway.conversation.notices import ReplyStatus
from parley_gateway.metrics import Metrics
from parley_gateway.money.limits import Scope, Verdict
from parley_gateway.money.metrics import MoneyMetrics
from parley_gateway.recordings.about import End
from parley_gateway.recordings.metrics import NOT_BEGUN, RecordingMetrics
from parley_gateway.session.observer import Latency
from parley_gateway.telemetry.sla import ALL
from parley_operator.render.dashboard import dashboard_model
from parley_operator.render.prometheus_rule import rule_groups
from parley_operator.runtime.metrics import OperatorMetrics
from tests.unit.operator.test_alerts import everything

OF_TARGETS = {"namespace", "job", "pod"}
VALUES: dict[tuple[str, str], Collection[str]] = {
    ("voice_latency_seconds_bucket", "type"): set(Latency),
    ("voice_sla_turns_total", "kept"): {"true", "false"},
    ("voice_replies_total", "status"): set(ReplyStatus),
    ("voice_sessions_total", "status"): set(EndReason),
    ("voice_connection_closes_total", "code"): {str(code.value) for code in CloseCode},
    ("voice_budget_dollars", "scope"): set(Scope),
    ("voice_budget_spent_dollars", "scope"): set(Scope),
    ("voice_budget_verdicts_total", "verdict"): set(Verdict),
    ("voice_provider_breaker", "stage"): set(Stage),
    ("voice_sla_turns_total", "promise"): {ALL},
    ("voice_recordings_total", "end"): {*End, NOT_BEGUN},
    ("voice_speech_cache_lookups_total", "result"): {"hit", "miss"},
}
"""Values of labels that have no others."""


def told() -> dict[str, set[str]]:
    """Every series that there may be, with its labels."""
    gateway = Metrics()
    money = MoneyMetrics(gateway.registry)
    money.watch_redis(lambda: True)
    money.watch_budget(Scope.DEPLOYMENT, Decimal(1), lambda: Decimal(0))
    RecordingMetrics(gateway.registry)
    operator = OperatorMetrics()
    operator.observe_not_ready(lambda: [("default", "receptionist")])
    operator.observe_certificates(lambda: [(("default", "receptionist"), "2027-01-01T00:00:00Z")])
    return dict(_series(gateway.registry)) | dict(_series(operator.registry))


def _series(registry: CollectorRegistry) -> Iterator[tuple[str, set[str]]]:
    for collector, names in registry._collector_to_names.items():
        if isinstance(collector, MetricWrapperBase):
            for name in names:
                yield name, {*collector._labelnames, *(("le",) if name.endswith("_bucket") else ())}
        else:
            samples = [sample for family in collector.collect() for sample in family.samples]
            yield from ((sample.name, set(sample.labels)) for sample in samples)


def expressions() -> dict[str, str]:
    """By the alert, or the panel, that asks."""
    vd = everything()
    alerts = {rule["alert"]: rule["expr"] for group in rule_groups(vd) for rule in group["rules"]}
    panels = {
        f"{panel['title']} {target['refId']}": target["expr"]
        for panel in dashboard_model(vd)["panels"]
        for target in panel.get("targets", ())
    }
    return alerts | panels


EXPRESSIONS = expressions()
TOLD = told()
SELECTOR = re.compile(r"(?P<name>[a-z_]+)\{(?P<matchers>[^}]*)\}")
MATCHER = re.compile(r'(?P<label>\w+)(?P<operator>=~|!=|=)"(?P<value>[^"]*)"')


@pytest.mark.parametrize("asked", EXPRESSIONS)
def test_g14_what_is_asked_for_is_told(asked: str) -> None:
    text = EXPRESSIONS[asked]
    selectors = list(SELECTOR.finditer(text))
    assert selectors
    bare = re.sub(SELECTOR, "", text)
    assert not re.search(r"\b(voice|parley|process)_\w+", bare.replace("voice_namespace, voice_deployment", ""))
    known = set(OF_TARGETS)
    for selector in selectors:
        name, matchers = selector["name"], list(MATCHER.finditer(selector["matchers"]))
        assert name in TOLD, f"nobody tells {name}"
        known |= TOLD[name]
        for matcher in matchers:
            assert matcher["label"] in TOLD[name] | OF_TARGETS, f"{name} has no label {matcher['label']}"
            values = VALUES.get((name, matcher["label"]))
            if values is not None:
                assert set(matcher["value"].split("|")) <= {str(value) for value in values}
    for grouped in re.findall(r"by \(([^)]*)\)", text):
        assert set(grouped.split(", ")) <= known, f"{grouped}: only {sorted(known)} are there"


def test_g14_series_of_one_resource_alone_are_asked_for() -> None:
    for asked, text in EXPRESSIONS.items():
        for selector in SELECTOR.finditer(text):
            own: dict[str, Any] = {m["label"]: m["value"] for m in MATCHER.finditer(selector["matchers"])}
            if selector["name"].startswith("parley_operator_"):
                assert (own["voice_namespace"], own["voice_deployment"]) == ("default", "receptionist")
            else:
                assert (own["namespace"], own["job"]) == ("default", "receptionist"), asked
