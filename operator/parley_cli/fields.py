"""The fields that a VoiceDeployment has, as its definition says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from parley_operator.api.crd import custom_resource_definition
from parley_operator.api.nearest import did_you_mean

_STEP = re.compile(r"[^.\[\]]+|\[\d+\]")
_NAMED = 6
"""At most so many fields of a list's items are named."""


def unknown_fields(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Path and message of each field that the resource does not have: a cluster would drop or refuse it."""
    known = {name: value for name, value in document.items() if name not in ("apiVersion", "kind", "metadata")}
    return _unknown(known, _schema(), "")


def items_at(path: str) -> str:
    """What the items of the list at a path are, as in "objects with secretKeyRef"; empty where it is no list."""
    schema = _schema()
    for step in _STEP.findall(path):
        below = schema.get("items") if step.startswith("[") else schema.get("properties", {}).get(step)
        schema = below or schema.get("additionalProperties") or {}
    items = schema.get("items")
    if not items:
        return ""
    if "properties" not in items:
        return f"{items.get('type', 'value')}s"
    names = items.get("required") or list(items["properties"])
    return f"objects with {', '.join(names[:_NAMED])}"


@cache
def _schema() -> dict[str, Any]:
    """What the definition says; made once for all files, since it takes longer than all else that is checked."""
    (served,) = custom_resource_definition()["spec"]["versions"]
    schema: dict[str, Any] = served["schema"]["openAPIV3Schema"]
    return schema


def _unknown(value: Any, schema: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unknown(item, schema.get("items", {}), f"{path}[{index}]")
    properties = schema.get("properties")
    if not isinstance(value, dict) or properties is None:
        return
    for name, inner in value.items():
        below = f"{path}.{name}" if path else str(name)
        if name in properties:
            yield from _unknown(inner, properties[name], below)
        else:
            yield below, f"there is no such field{did_you_mean(name, properties.keys() - value.keys())}"
