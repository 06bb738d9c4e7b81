"""The Grafana dashboard, in a ConfigMap that Grafana's sidecar finds by its label."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from parley_operator.api import VoiceDeployment
from parley_operator.render.dashboard_panel import Panel
from parley_operator.render.dashboard_rows import ROWS
from parley_operator.render.facts import Facts
from parley_operator.render.monitoring import MONITORS, labelled, observability, selector
from parley_operator.render.names import child_name
from parley_operator.render.rendered import Manifest

LABEL = {"grafana_dashboard": "1"}
_WIDTH = 24
_DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}


def dashboard(resource: VoiceDeployment, facts: Facts) -> Manifest | None:
    """The ConfigMap; None where it is not wanted, or nothing says that anybody would look at it."""
    wanted = observability(resource).dashboard
    if wanted.mode == "Disabled" or (wanted.mode == "Auto" and not facts.apis & set(MONITORS)):
        return None
    name = child_name(resource.metadata.name, "dashboard")
    content = json.dumps(dashboard_model(resource), separators=(",", ":"))
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": labelled(resource, name, {**(wanted.labels or {}), **LABEL}),
        "data": {f"{resource.metadata.namespace}-{name}.json": content},
    }


def dashboard_model(resource: VoiceDeployment) -> dict[str, Any]:
    """The dashboard as Grafana has it."""
    namespace, name = resource.metadata.namespace, resource.metadata.name
    return {
        "uid": hashlib.sha256(f"{namespace}/{name}".encode()).hexdigest()[:16],
        "title": f"Voice: {name} ({namespace})",
        "tags": ["parley", "voice"],
        "schemaVersion": 39,
        "timezone": "browser",
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "graphTooltip": 1,
        "templating": {
            "list": [{"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"}]
        },
        "panels": _panels(selector(resource)),
    }


def _panels(at: str) -> list[dict[str, Any]]:
    """All rows and panels, each row as high as its highest panel, lines breaking where they are full."""
    laid: list[dict[str, Any]] = []
    top = 0
    for row in ROWS:
        laid.append(_row(row.title, identity=len(laid) + 1, top=top))
        top, left, height = top + 1, 0, 0
        for panel in row.panels:
            if left + panel.width > _WIDTH:
                top, left, height = top + height, 0, 0
            place = {"x": left, "y": top, "w": panel.width, "h": panel.height}
            laid.append(_panel(panel, at, identity=len(laid) + 1, place=place))
            left, height = left + panel.width, max(height, panel.height)
        top += height
    return laid


def _row(title: str, *, identity: int, top: int) -> dict[str, Any]:
    place = {"x": 0, "y": top, "w": _WIDTH, "h": 1}
    return {"id": identity, "type": "row", "title": title, "collapsed": False, "gridPos": place, "panels": []}


def _panel(panel: Panel, at: str, *, identity: int, place: dict[str, int]) -> dict[str, Any]:
    return {
        "id": identity,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": _DATASOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "options": _OPTIONS[panel.kind],
        "targets": [
            {
                "refId": chr(ord("A") + index),
                "datasource": _DATASOURCE,
                "expr": query.expression.replace("$AT", at),
                "legendFormat": query.legend,
            }
            for index, query in enumerate(panel.queries)
        ],
    }


_OPTIONS: dict[str, dict[str, Any]] = {
    "stat": {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "value", "graphMode": "area"},
    "timeseries": {
        "legend": {"displayMode": "list", "placement": "bottom"},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "state-timeline": {"showValue": "never", "mergeValues": True},
}


def _defaults(panel: Panel) -> dict[str, Any]:
    """Units, bounds and colours of a panel's values."""
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    steps += [{"color": colour, "value": value} for value, colour in panel.thresholds]
    if panel.low_is_bad:
        colours = [step["color"] for step in steps][::-1]
        steps = [{**step, "color": colour} for step, colour in zip(steps, colours, strict=True)]
    custom = {"thresholdsStyle": {"mode": "dashed"}} if panel.thresholds and panel.kind == "timeseries" else {}
    return {
        "unit": panel.unit,
        **({"min": 0} if panel.kind == "timeseries" else {}),
        "mappings": [{"type": "value", "options": dict(panel.values)}] if panel.values else [],
        "thresholds": {"mode": "absolute", "steps": steps},
        **({"color": {"mode": "thresholds"}} if panel.kind != "timeseries" else {}),
        **({"custom": custom} if custom else {}),
    }
