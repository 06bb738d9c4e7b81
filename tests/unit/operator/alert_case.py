"""The test of an alert, in promtool's words: series, a moment, and whom it calls then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Rule = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Case:
    """Series, and whether an alert fires of them at a moment."""

    alert: str
    about: str
    series: dict[str, str]
    """In promtool's notation: 0+3x20 begins at 0 and grows by 3 in each of 20 minutes."""
    at: str
    fires: dict[str, str] = field(default_factory=dict)
    """Severities, each with its summary; empty where nobody is called."""
    labels: dict[str, str] = field(default_factory=dict)
    """Of the alert that fires, beside the rule's own."""


def promtool_test(case: Case, rules: Iterable[Rule], *, whose: str = "") -> dict[str, Any]:
    """One of the `tests` of promtool's file. `whose`: how every summary begins."""
    fired = [rule for rule in rules if rule["alert"] == case.alert and rule["labels"]["severity"] in case.fires]
    assert len(fired) == len(case.fires)
    alerts = [
        {
            "exp_labels": {**case.labels, **rule["labels"]},
            "exp_annotations": {
                **rule["annotations"],
                "summary": f"{whose}{case.fires[rule['labels']['severity']]}",
            },
        }
        for rule in fired
    ]
    return {
        "name": f"{case.alert}: {case.about}",
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in case.series.items()],
        "alert_rule_test": [{"eval_time": case.at, "alertname": case.alert, "exp_alerts": alerts}],
    }
