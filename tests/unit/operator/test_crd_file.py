"""O1: the CRD in the repository is the one that the models say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from parley_operator.api.crd import FILE, crd_file, custom_resource_definition

REPOSITORY = Path(__file__).parents[3]


def schemas(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema of the CRD with its path."""
    yield path, node
    for name, below in node.get("properties", {}).items():
        yield from schemas(below, f"{path}.{name}")
    for key in ("items", "additionalProperties"):
        if key in node:
            yield from schemas(node[key], f"{path}[]")


def all_schemas() -> list[tuple[str, dict[str, Any]]]:
    (version,) = custom_resource_definition()["spec"]["versions"]
    return list(schemas(version["schema"]["openAPIV3Schema"]))


def test_o01_the_file_in_crds_is_what_the_models_say() -> None:
    assert (REPOSITORY / FILE).read_text() == crd_file(), (
        "run `python -m parley_operator.api.crd` and commit the result"
    )


def test_o01_every_schema_is_structural() -> None:
    # One that is not makes the API server of 1.36 panic on selectableFields rather than say so.
    unknown = {"$ref", "$defs", "const", "title", "exclusiveMinimum", "exclusiveMaximum", "uniqueItems"}
    unknown |= {"patternProperties", "propertyNames", "oneOf", "allOf"}
    for path, schema in all_schemas():
        assert not unknown & set(schema), path
        assert ("anyOf" in schema) == schema.get("x-kubernetes-int-or-string", False), path
        assert "type" in schema or "x-kubernetes-int-or-string" in schema, path
        assert schema.get("default", ...) is not None, path


def test_o01_every_string_list_and_map_of_the_spec_is_bounded() -> None:
    for path, schema in all_schemas():
        if not path.startswith(".spec"):
            continue
        if schema.get("type") == "string":
            assert "maxLength" in schema or "enum" in schema, path
        if schema.get("type") == "array":
            assert "maxItems" in schema, path
        if "additionalProperties" in schema:
            assert "maxProperties" in schema, path


def test_o01_every_field_explains_itself() -> None:
    silent = [
        path
        for path, schema in all_schemas()
        if path.startswith((".spec", ".status")) and not path.endswith("[]") and not schema.get("description")
    ]
    assert silent == []
