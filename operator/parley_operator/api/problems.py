"""What is wrong with a resource, in words: every problem at once, each with its path."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.alias_generators import to_snake
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from parley_operator.api.base import ResourceModel
from parley_operator.api.nearest import did_you_mean

_QUOTED = re.compile(r"'([^']*)'")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong."""

    path: str
    """Where, as in spec.pipeline.llm.model or spec.endpoint.hosts[1]."""
    message: str
    """What is wanted instead. Never the value itself: it may be confidential."""

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class InvalidResourceError(ValueError):
    """A VoiceDeployment that cannot be used as it is."""

    def __init__(self, problems: Sequence[Problem], *, rules_checked: bool = False) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = tuple(problems)
        self.rules_checked = rules_checked
        """False where fields are so wrong that the rules between fields could not be asked."""


def join(path: str, step: str | int) -> str:
    """The path one step further down."""
    if isinstance(step, int):
        return f"{path}[{step}]"
    return f"{path}.{step}" if path else step


def type_problems(error: ValidationError) -> list[Problem]:
    """What pydantic found, in the resource's words."""
    found = [(details["type"], _type_problem(details)) for details in error.errors(include_url=False)]
    paths = [problem.path for _, problem in found]
    # A list whose only item is wrong counts as too short: the item says it all.
    return [
        problem
        for kind, problem in found
        if kind != "too_short"
        or not any(path.startswith((f"{problem.path}[", f"{problem.path}.")) for path in paths)
    ]


def _type_problem(details: ErrorDetails) -> Problem:
    path = ""
    for step in details["loc"]:
        # A union's branch and a map's key marker are pydantic's own, not the resource's.
        if step != "[key]" and not str(step).startswith("function-after["):
            path = join(path, step)
    if details["type"] == "missing":
        return Problem(path, "is required")
    if details["type"] == "too_short":
        return Problem(path, f"must have at least {details['ctx']['min_length']} item(s)")
    message = details["msg"].removeprefix("Value error, ").removeprefix("Input ")
    if details["type"] in ("enum", "literal_error"):
        names = _QUOTED.findall(details["ctx"]["expected"])
        message += did_you_mean(details["input"], names) if len(names) > 1 else ""
    return Problem(path, message[:1].lower() + message[1:])


def rule_problems(model: BaseModel, path: str = "") -> Iterator[Problem]:
    """The rules between fields that do not hold, in the model and everything below it."""
    if isinstance(model, ResourceModel):
        for rule in model.rules:
            if rule.holds is not None and not rule.holds(model):
                yield Problem(join(path, rule.field) if rule.field else path, rule.message)
    for name, field in type(model).model_fields.items():
        below = join(path, field.alias or name)
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from rule_problems(value, below)
        elif isinstance(value, tuple):
            yield from _list_problems(value, field, below)


def _list_problems(items: tuple[Any, ...], field: FieldInfo, path: str) -> Iterator[Problem]:
    identities = [_identity(item, _list_schema(field)) for item in items]
    for index, item in enumerate(items):
        below = join(path, index)
        if identities[index] is not None and identities[index] in identities[:index]:
            yield Problem(below, "is there twice")
        if isinstance(item, BaseModel):
            yield from rule_problems(item, below)


def _list_schema(field: FieldInfo) -> Mapping[str, Any]:
    """What the schema of a field's list says about the identity of its items."""
    said = (extra for extra in _extras(field) if isinstance(extra, Mapping))
    return next((extra for extra in said if "x-kubernetes-list-type" in extra), {})


def _extras(field: FieldInfo) -> Iterator[Any]:
    yield field.json_schema_extra
    for argument in getattr(field.annotation, "__args__", ()):
        for metadata in getattr(argument, "__metadata__", ()):
            yield getattr(metadata, "json_schema_extra", None)


def _identity(item: Any, schema: Mapping[str, Any]) -> Any:
    """What no two items of a list may share; None where they may be alike."""
    if schema.get("x-kubernetes-list-type") == "set":
        return item
    keys = schema.get("x-kubernetes-list-map-keys", ())
    return tuple(getattr(item, to_snake(key)) for key in keys) or None
