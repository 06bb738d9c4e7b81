"""Environment variables: each has its value in the spec, or names the object that holds it."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from parley_operator.api.base import ResourceModel, Rule, starts_with_any
from parley_operator.api.references import KeyRef
from parley_operator.api.values import EnvironmentName


class EnvironmentSource(ResourceModel):
    """Where the value of a variable is: exactly one of secretKeyRef and configMapKeyRef."""

    secret_key_ref: KeyRef | None = None
    """The Secret and the key in it."""
    config_map_key_ref: KeyRef | None = None
    """The ConfigMap and the key in it."""

    rules = (
        Rule(
            cel="has(self.secretKeyRef) != has(self.configMapKeyRef)",
            message="set exactly one of secretKeyRef and configMapKeyRef",
            holds=lambda source: (source.secret_key_ref is None) != (source.config_map_key_ref is None),
        ),
    )


class Variable(ResourceModel):
    """A variable for a container."""

    name: EnvironmentName
    """Name of the variable."""
    value: Annotated[str, Field(max_length=4096)] | None = None
    """Its value. Excludes valueFrom."""
    value_from: EnvironmentSource | None = None
    """Where its value is. Excludes value. A change rolls the pods."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="has(self.value) != has(self.valueFrom)",
            message="set exactly one of value and valueFrom",
            holds=lambda variable: (variable.value is None) != (variable.value_from is None),
        ),
    )


def unreserved(prefixes: tuple[str, ...], message: str) -> Rule:
    """Of a variable: that its name begins with none of `prefixes`."""
    return Rule(
        cel=f"!({starts_with_any('self.name', prefixes)})",
        message=message,
        field="name",
        holds=lambda variable: not variable.name.startswith(prefixes),
        blame="FieldValueForbidden",
    )
