"""Rules for optional durations that have a least and a most."""

from __future__ import annotations

from parley_operator.api.base import Rule
from parley_operator.api.durations import seconds


def between(field: str, attribute: str, low: str, high: str) -> Rule:
    """A rule of one field, by its name in the resource and in the model."""
    return Rule(
        cel=f"!has(self.{field}) || (duration(self.{field}) >= duration('{low}') && "
        f"duration(self.{field}) <= duration('{high}'))",
        message=f"{field} must be between {low} and {high}",
        field=field,
        holds=lambda spec: (
            getattr(spec, attribute) is None or seconds(low) <= seconds(getattr(spec, attribute)) <= seconds(high)
        ),
    )
