"""From pydantic's JSON schema to the structural schema that a CRD takes.

The API server knows neither `$ref` nor `anyOf` with null, nor exclusive bounds, titles or `const`.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaValue

_DROPPED = frozenset({"title", "$defs", "propertyNames", "minProperties"})


def structural_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The model's schema without references, nulls or anything else that is not structural."""
    schema = model.model_json_schema(by_alias=True, mode="validation")
    return _rewrite(schema, schema.get("$defs", {}))


def _rewrite(schema: JsonSchemaValue, definitions: JsonSchemaValue) -> dict[str, Any]:
    """One schema; what a field says about itself wins over what its type says."""
    schema = _without_null(_resolve(schema, definitions), definitions)
    if schema.get("x-kubernetes-int-or-string"):
        return _int_or_string(schema)
    result = _spelled({key: value for key, value in schema.items() if key not in _DROPPED})
    if "patternProperties" in result:
        # The server checks no keys: the operator does, when it reads the resource.
        (result["additionalProperties"],) = result.pop("patternProperties").values()
    if "properties" in result:
        result["properties"] = {name: _rewrite(sub, definitions) for name, sub in result["properties"].items()}
    if "properties" in result or result.get("x-kubernetes-preserve-unknown-fields"):
        # Structural schemas allow properties or additionalProperties, not both.
        result.pop("additionalProperties", None)
    for key in ("items", "additionalProperties"):
        if isinstance(result.get(key), dict):
            result[key] = _rewrite(result[key], definitions)
    return result


def _spelled(result: dict[str, Any]) -> dict[str, Any]:
    """Default, description and constant as a CRD spells them."""
    if result.get("default", ...) is None:
        del result["default"]
    if isinstance(result.get("default"), dict):
        # Said in full: the server holds the rules against the default as it is written.
        result["default"] = {key: value for key, value in result["default"].items() if value is not None}
    if "description" in result:
        result["description"] = _one_line(result["description"])
    if "const" in result:
        result["enum"] = [result.pop("const")]
    return result


def _resolve(schema: JsonSchemaValue, definitions: JsonSchemaValue) -> JsonSchemaValue:
    if "$ref" not in schema:
        return schema
    name = schema["$ref"].removeprefix("#/$defs/")
    return {**definitions[name], **{key: value for key, value in schema.items() if key != "$ref"}}


def _without_null(schema: JsonSchemaValue, definitions: JsonSchemaValue) -> JsonSchemaValue:
    branches = [branch for branch in schema.get("anyOf", []) if branch.get("type") != "null"]
    if not branches:
        return schema
    if len(branches) > 1:
        raise ValueError(f"a union of {len(branches)} types is not structural: say it with one model and rules")
    own = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**_resolve(branches[0], definitions), **own}


def _int_or_string(schema: JsonSchemaValue) -> dict[str, Any]:
    kept = ("description", "pattern", "maxLength")
    return {
        "anyOf": [{"type": "integer"}, {"type": "string"}],
        "x-kubernetes-int-or-string": True,
        **{key: schema[key] for key in kept if key in schema},
    }


def _one_line(text: str) -> str:
    """Paragraphs stay apart, lines within one are joined: `kubectl explain` wraps them itself."""
    return "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", text.strip()))
