"""The fields that the CRD has, and how a spec is changed in one of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from parley_operator.api.crd import custom_resource_definition
from tests.operator.fields.row import ABSENT

Json = dict[str, Any]


@cache
def fields() -> tuple[str, ...]:
    """Every field of the spec that holds a value: blocks are made of these."""
    (version,) = custom_resource_definition()["spec"]["versions"]
    return tuple(_leaves(version["schema"]["openAPIV3Schema"]["properties"]["spec"], "spec"))


def _leaves(schema: Json, path: str) -> Iterator[str]:
    while "items" in schema:
        schema, path = schema["items"], f"{path}[]"
    properties = schema.get("properties")
    if not properties:
        yield path.removesuffix("[]")
        return
    for name, below in properties.items():
        yield from _leaves(below, f"{path}.{name}")


def leaves_of(value: Any, path: str) -> set[str]:
    """The fields that a value sets; a map of strings counts as a field, like an empty block."""
    if isinstance(value, dict) and value:
        below = set().union(*(leaves_of(inner, f"{path}.{name}") for name, inner in value.items()))
        return below | {path}
    if isinstance(value, list):
        return set().union(*(leaves_of(item, f"{path}[]") for item in value), {path})
    return {path}


def changed(document: Json, path: str, value: Any) -> Json:
    """A copy of a resource with one field changed; the blocks on the way are made where they are missing."""
    document = json.loads(json.dumps(document))
    *steps, last = path.split(".")
    place = document
    for step in steps:
        name = step.removesuffix("[]")
        place = place[name][0] if step.endswith("[]") else place.setdefault(name, {})
    if value is ABSENT:
        place.pop(last, None)
    else:
        place[last] = value
    return document
