"""A row: a field of the spec, and what its change changes in the children."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from parley_operator.render.facts import IngressClass
from tests.unit.operator.facts import TRAEFIK


class Mark(Enum):
    """What stands in a row for a value."""

    ABSENT = "absent"
    """There is no such field, or no longer such an object."""
    MADE = "made"
    """There is a new object; its own fields have rows of their own."""
    OTHER = "other"
    """A text that is not the one before: its words are not the point."""


ABSENT, MADE, OTHER = Mark.ABSENT, Mark.MADE, Mark.OTHER


@dataclass(frozen=True)
class Row:
    """One field, or one block that Kubernetes takes as it stands."""

    path: str
    """As the CRD has it, such as spec.endpoint.hosts or spec.auth.jwt[].issuer; [] stands for the first item."""
    then: Any
    """What the field is changed to; ABSENT takes it away."""
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Every place in every child that is different afterwards, and nothing else, each with its new value.

    A place is a child and a path in it, as in "Ingress spec.ingressClassName". `config` is the gateway's
    configuration and `agent` the agent's text, each out of its ConfigMap.
    """
    tests: tuple[str, ...] = ()
    """Further tests that show the effect; needed where no child changes at once."""
    refused: str = ""
    """What the API server says of the change, where it is one that may not be made."""
    given: Mapping[str, Any] = field(default_factory=dict)
    """Blocks of the spec before the change, instead of those of the smallest resource."""
    also: Mapping[str, Any] = field(default_factory=dict)
    """Further fields that cannot but change with it, such as the block of a union's member."""
    is_stored: bool = True
    """Whether there is such a resource before the change; not for what a new one alone can have."""
    ingress_class: IngressClass = TRAEFIK
    """Whose controller the cluster has."""

    @property
    def is_copied(self) -> bool:
        """Whether the value stands in a child as it is, so that every field in it is seen there."""
        return list(self.changes.values()) == [self.then]

    def __str__(self) -> str:
        return self.path


def table(*rows: Row, **given: Any) -> tuple[Row, ...]:
    """Rows that begin with the same blocks of the spec."""
    return tuple(replace(row, given={**given, **row.given}) for row in rows)


def below(prefix: str, rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """The same rows, their paths relative to `prefix`."""
    return tuple(
        replace(row, path=f"{prefix}.{row.path}", also={f"{prefix}.{k}": v for k, v in row.also.items()})
        for row in rows
    )
