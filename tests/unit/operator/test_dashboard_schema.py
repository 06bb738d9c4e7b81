"""G14: the dashboard is one in Grafana's own types, which know each of its fields and values."""

from __future__ import annotations

import enum
import json
import typing
from collections.abc import Iterator
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from parley_operator.render.dashboard import dashboard_model
from tests.unit.operator.test_alerts import everything

register_default_plugins()


def read(model: dict[str, Any]) -> Dashboard:
    return Dashboard.from_json(model)


def written(dashboard: Dashboard) -> Any:
    return json.loads(json.dumps(dashboard, cls=JSONEncoder))


def unknown(ours: Any, theirs: Any, path: str = "") -> Iterator[str]:
    """What of ours they have not, or have otherwise; they may have more, by default."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name, value in ours.items():
            yield from unknown(value, theirs.get(name), f"{path}.{name}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from unknown(mine, other, f"{path}[{number}]")
    elif ours != theirs:
        yield f"{path}: {ours!r} became {theirs!r}"


def misnamed(value: Any, path: str = "") -> Iterator[str]:
    """Values that are none of those which a field may have."""
    if isinstance(value, list):
        for number, one in enumerate(value):
            yield from misnamed(one, f"{path}[{number}]")
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from misnamed(one, f"{path}.{name}")
    elif hasattr(value, "from_json"):
        for name, hint in typing.get_type_hints(type(value)).items():
            found = getattr(value, name, None)
            allowed = [kind for kind in (hint, *typing.get_args(hint)) if _is_enumeration(kind)]
            if allowed and found is not None and found not in {one.value for kind in allowed for one in kind}:
                yield f"{path}.{name}: {found!r}"
            yield from misnamed(found, f"{path}.{name}")


def _is_enumeration(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, enum.Enum)


MODEL = dashboard_model(everything())


def test_g14_grafana_knows_every_field() -> None:
    assert list(unknown(MODEL, written(read(MODEL)))) == []


def test_g14_grafana_knows_every_value_that_is_one_of_several() -> None:
    assert list(misnamed(read(MODEL))) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("lineWidht", 2), ("drawStyle", "curve"), ("stacking", {"mode": "none", "gruop": "A"})],
)
def test_a_field_or_value_that_grafana_does_not_know_is_found(field: str, value: Any) -> None:
    model = json.loads(json.dumps(MODEL))
    graph = next(panel for panel in model["panels"] if panel["type"] == "timeseries")
    graph["fieldConfig"]["defaults"].setdefault("custom", {})[field] = value
    assert [*unknown(model, written(read(model))), *misnamed(read(model))]
