"""The table of the chart's values: names, defaults and comments of values.yaml, types of values.schema.json.

A comment belongs to the key below it. Every value that is no mapping of others has one, or the table is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

_KEY = re.compile(r"^(?P<indent> *)(?P<key>[A-Za-z]+):(?P<rest>.*)$")
_INDENT = 2


@dataclass(frozen=True)
class Value:
    """One value that a user may set."""

    name: str
    """Dotted, as for `--set`."""
    default: Any
    comment: str
    """In one line; empty where values.yaml says nothing."""


def values(text: str) -> Iterator[Value]:
    """The values of a values.yaml, in its order."""
    defaults, path, comment = yaml.safe_load(text), list[str](), list[str]()
    for line in text.splitlines():
        said, match = line.strip(), _KEY.match(line)
        if said.startswith("#"):
            comment.append(said.removeprefix("#").strip())
            continue
        if match:
            depth = len(match["indent"]) // _INDENT
            path[depth:] = [match["key"]]
            if match["rest"].strip():
                yield Value(".".join(path), _at(defaults, path), " ".join(comment))
        comment.clear()


def _at(mapping: Any, path: list[str]) -> Any:
    for key in path:
        mapping = mapping[key]
    return mapping


def type_of(schema: Mapping[str, Any], name: str) -> str:
    """The type of a value in the schema's words; an enumeration is a string.

    Raises KeyError where the schema does not have it.
    """
    for key in name.split("."):
        named = schema.get("properties", {})
        schema = named[key] if key in named else schema["additionalProperties"]
    types = [one["type"] for one in schema.get("anyOf", ())] or [schema.get("type", "string")]
    return " or ".join(types)


def table(text: str, schema_text: str) -> str:
    """The values as a table in Markdown."""
    schema = json.loads(schema_text)
    rows = ["| value | type | default | |", "|---|---|---|---|"]
    for value in values(text):
        default = f"`{json.dumps(value.default)}`" if value.default != "" else ""
        rows.append(f"| `{value.name}` | {type_of(schema, value.name)} | {default} | {value.comment} |")
    return "\n".join(rows) + "\n"
