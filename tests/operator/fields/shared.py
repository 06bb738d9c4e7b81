"""Rows of blocks that stand in many places of the spec."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from parley_operator.render import render
from parley_operator.render.apis import OPTIONAL
from tests.operator.fields.row import ABSENT, Row
from tests.unit.operator.examples import MINIMAL
from tests.unit.operator.facts import FACTS, parse, the


def secret_rows(path: str, place: str, *, name: str, key: str) -> tuple[Row, ...]:
    """Of a reference to a Secret that is NAME and KEY before and nowhere else: the file that the gateway reads."""
    reference, folder = f"{path}.secretKeyRef", "/etc/parley/secrets"
    another = {f"secrets {name}": ABSENT, "secrets other": {key: f"other_{key}"}}
    another_key = {f"secrets {name}.{key}": ABSENT, f"secrets {name}.other": f"{name}_other"}
    return (
        Row(f"{reference}.name", "other", {place: f"{folder}/other_{key}", **another}),
        Row(f"{reference}.key", "other", {place: f"{folder}/{name}_other", **another_key}),
    )


def selector_rows(path: str, place: str) -> tuple[Row, ...]:
    """Of a label selector with one label `app` and one expression."""
    (label, expression) = ("matchLabels", "matchExpressions")
    return (
        Row(f"{path}.{label}", {"app": "other"}, {f"{place}.{label}.app": "other"}),
        Row(f"{path}.{expression}[].key", "zone", {f"{place}.{expression}[0].key": "zone"}),
        Row(f"{path}.{expression}[].operator", "NotIn", {f"{place}.{expression}[0].operator": "NotIn"}),
        Row(f"{path}.{expression}[].values", ["core"], {f"{place}.{expression}[0].values[0]": "core"}),
    )


def as_fallback(stage: str, rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """The same rows for what takes the stage's place: its fields are those of the stage."""
    return tuple(_in_its_place(stage, row) for row in rows)


def _in_its_place(stage: str, row: Row) -> Row:
    above, embedded = f"spec.pipeline.{stage}.", MINIMAL["spec"]["pipeline"]
    provider = {"name": "second", **row.given.get("pipeline", embedded)[stage]}
    pipeline = {**embedded, stage: {**embedded[stage], "fallbacks": [provider]}}
    below = f"{above}fallbacks[]."
    place = f"config pipeline.{stage}."
    return replace(
        row,
        path=row.path.replace(above, below),
        changes={
            name.replace(place, f"config pipeline.{stage}_fallbacks[0]."): value
            for name, value in row.changes.items()
        },
        also={path.replace(above, below): value for path, value in row.also.items()},
        given={**row.given, "pipeline": pipeline},
    )


def fallback_name(stage: str) -> Row:
    """Fallbacks are told apart by it, in patches as well: no two have the same."""
    embedded = MINIMAL["spec"]["pipeline"]
    fallbacks = [{"name": name, **embedded[stage]} for name in ("first", "second")]
    pipeline = {**embedded, stage: {**embedded[stage], "fallbacks": fallbacks}}
    path = f"spec.pipeline.{stage}.fallbacks[].name"
    return Row(path, "second", refused="duplicate", given={"pipeline": pipeline})


def alerts_of(document: dict[str, Any]) -> list[str]:
    """The names of all alerts that a resource gets."""
    resource = parse(document)
    rule = the(render(resource, replace(FACTS, apis=frozenset(OPTIONAL))), "PrometheusRule")
    return [one["alert"] for group in rule["spec"]["groups"] for one in group["rules"]]
