"""G14: a dashboard that Grafana takes, that promtool can read, and whose panels lie side by side."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from parley_operator.render import Facts, render
from parley_operator.render.dashboard import dashboard_model
from tests.unit.operator.conftest import Promtool
from tests.unit.operator.examples import MINIMAL, resource
from tests.unit.operator.facts import FACTS, of_kind, parse
from tests.unit.operator.test_alerts import everything

SERVED = replace(FACTS, apis=frozenset({"ServiceMonitor"}))
MODEL = dashboard_model(everything())
PANELS = [panel for panel in MODEL["panels"] if panel["type"] != "row"]


def config_maps(document: dict[str, Any], facts: Facts) -> list[dict[str, Any]]:
    found = of_kind(render(parse(document), facts), "ConfigMap")
    return [one for one in found if one["metadata"]["name"].endswith("-dashboard")]


def test_g14_it_has_the_rows_that_a_person_keeps_open() -> None:
    rows = [panel["title"].partition(":")[0] for panel in MODEL["panels"] if panel["type"] == "row"]
    assert rows == [
        "At a glance",
        "Sessions",
        "What the caller hears",
        "Latency by stage",
        "Promises",
        "Providers",
        "Cost",
        "Saturation",
    ]


def test_g14_panels_lie_side_by_side() -> None:
    cells: set[tuple[int, int]] = set()
    for panel in MODEL["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        covered = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not covered & cells, panel["title"]
        cells |= covered
    assert len({panel["id"] for panel in MODEL["panels"]}) == len(MODEL["panels"])


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: str(panel["title"]))
def test_g14_every_panel_explains_itself(panel: dict[str, Any]) -> None:
    assert panel["targets"]
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert all(target["legendFormat"] for target in panel["targets"]) or panel["type"] == "stat"
    values = [step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]]
    assert values[0] is None
    assert values[1:] == sorted(values[1:])


def test_g14_what_is_too_low_is_red_below() -> None:
    (kept,) = [panel for panel in PANELS if panel["title"] == "Turns that kept all promises"]
    steps = kept["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert steps == [{"color": "red", "value": None}, {"color": "green", "value": 0.95}]


def test_g14_prometheus_can_read_every_query(promtool: Promtool, write_yaml: Callable[[str, Any], str]) -> None:
    queries = [target["expr"] for panel in PANELS for target in panel["targets"]]
    rules = [
        {"record": f"panel:query{index}", "expr": text.replace("$__rate_interval", "5m")}
        for index, text in enumerate(queries)
    ]
    said = promtool("check", "rules", write_yaml("rules.yaml", {"groups": [{"name": "g", "rules": rules}]}))
    assert f"SUCCESS: {len(queries)} rules found" in said
    assert not any("$AT" in query for query in queries)


def test_o02_it_is_a_config_map_that_grafana_finds() -> None:
    document = resource(observability={"dashboard": {"mode": "Enabled", "labels": {"folder": "voice"}}})
    (found,) = config_maps(document, FACTS)
    assert found["metadata"]["labels"].items() >= {"grafana_dashboard": "1", "folder": "voice"}.items()
    ((name, text),) = found["data"].items()
    assert name == "default-receptionist-dashboard.json"
    assert json.loads(text) == dashboard_model(parse(document))
    assert len(text) < 65_536


def test_o02_auto_makes_one_where_somebody_watches_monitors() -> None:
    assert config_maps(MINIMAL, FACTS) == []
    assert len(config_maps(MINIMAL, SERVED)) == 1
    assert config_maps(resource(observability={"dashboard": {"mode": "Disabled"}}), SERVED) == []


def test_g14_no_two_dashboards_are_taken_for_one_another() -> None:
    other = {**MINIMAL, "metadata": {"name": "receptionist", "namespace": "staging"}}
    models = [dashboard_model(parse(document)) for document in (MINIMAL, other)]
    assert len({model["uid"] for model in models}) == len({model["title"] for model in models}) == 2
    assert all(len(model["uid"]) <= 40 for model in models)
