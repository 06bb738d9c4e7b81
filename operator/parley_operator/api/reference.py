"""The field reference, generated from the CRD: `python -m parley_operator.api.reference [FILE]`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from parley_operator.api.conditions import ConditionType, Reason
from parley_operator.api.crd import custom_resource_definition
from parley_operator.api.identity import API_VERSION, KIND

FILE = Path("docs") / "reference" / "voicedeployment.md"

Schema = dict[str, Any]

_ELSEWHERE = frozenset({"spec.pod.affinity"})
"""Parts that are Kubernetes' own, and documented there."""


def as_markdown() -> str:
    """The whole reference: every field of spec and status, then every reason with what to do about it."""
    (version,) = custom_resource_definition()["spec"]["versions"]
    properties = version["schema"]["openAPIV3Schema"]["properties"]
    parts = [
        f"# {KIND} ({API_VERSION})",
        "<!-- Generated from the models by `python -m parley_operator.api.reference`; do not edit. -->",
        "The same is told by `kubectl explain vd.spec --recursive`.",
    ]
    for name in ("spec", "status"):
        parts += _blocks(properties[name], name)
    return "\n\n".join([*parts, *_reasons()]) + "\n"


def _blocks(schema: Schema, path: str) -> Iterator[str]:
    """A heading, a table of fields and the rules of one object; then the same of every object in it."""
    yield f"## `{path}`"
    yield schema["description"]
    required = schema.get("required", [])
    rows = [_row(name, field, required=name in required) for name, field in schema["properties"].items()]
    yield "\n".join(["| field | type | default | meaning |", "|---|---|---|---|", *rows])
    if rules := schema.get("x-kubernetes-validations"):
        yield "\n".join(f"- {rule['message']}" for rule in rules)
    for name, field in schema["properties"].items():
        item, below = field.get("items", field), f"{path}.{name}" + ("[]" if "items" in field else "")
        if item.get("properties") and f"{path}.{name}" not in _ELSEWHERE and not _is_reference(name):
            yield from _blocks({"description": field.get("description", ""), **item}, below)


def _is_reference(name: str) -> bool:
    """References to a key of an object are alike everywhere: name and key."""
    return name.endswith("KeyRef")


def _row(name: str, field: Schema, *, required: bool) -> str:
    default = "required" if required else _code(field.get("default"))
    meaning = field.get("description", "").replace("\n\n", " ").replace("|", "\\|")
    return f"| `{name}` | {_type(field)} | {default} | {meaning} |"


def _code(value: Any) -> str:
    """A default; that of an object is the sum of its fields' own."""
    return "" if value is None or isinstance(value, dict) else f"`{json.dumps(value)}`"


def _type(field: Schema) -> str:
    if "enum" in field:
        return " or ".join(f"`{choice}`" for choice in field["enum"])
    if "x-kubernetes-int-or-string" in field:
        return "quantity"
    if "items" in field:
        return f"list of {_type(field['items'])}"
    if "additionalProperties" in field:
        return f"map to {_type(field['additionalProperties'])}"
    return _bounded(field)


def _bounded(field: Schema) -> str:
    if "minimum" in field and "maximum" in field:
        return f"{field['type']}, {field['minimum']}–{field['maximum']}"  # noqa: RUF001
    return str(field.get("format", field["type"]))


def _reasons() -> Iterator[str]:
    yield "## Conditions"
    yield (
        "`Ready` says the first thing that is wrong. The types are "
        + ", ".join(f"`{one}`" for one in ConditionType)
        + "."
    )
    rows = [f"| `{reason}` | {reason.advice or 'Nothing.'} |" for reason in Reason]
    yield "\n".join(["| reason | what to do |", "|---|---|", *rows])


def main(arguments: list[str]) -> None:
    """Writes the reference to the file named, or to its place in the repository."""
    file = Path(arguments[0]) if arguments else FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(as_markdown())
    print(f"wrote {file}")


if __name__ == "__main__":
    main(sys.argv[1:])
