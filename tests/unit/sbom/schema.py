"""CycloneDX's own schema, as its Python library carries it."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

from jsonschema import Draft7Validator
from referencing import Registry, Resource

_FILES = {"bom-1.6": "bom-1.6", "spdx": "spdx", "jsf-0.82": "jsf-0.82"}


def problems(bill: dict[str, Any]) -> list[str]:
    """What the schema says against a bill, by place."""
    folder = resources.files("cyclonedx.schema._res")
    schemas = {
        f"{name}.SNAPSHOT.schema.json": json.loads((folder / f"{file}.SNAPSHOT.schema.json").read_text())
        for name, file in _FILES.items()
    }
    # The schema refers to the others by the names of these files, next to its own address.
    base = "http://cyclonedx.org/schema/"
    found = Registry().with_resources(
        (base + name, Resource.from_contents(schema)) for name, schema in schemas.items()
    )
    validator = Draft7Validator(schemas["bom-1.6.SNAPSHOT.schema.json"], registry=found)
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(bill)]
