"""`spec.auth`: who may connect."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from parley_operator.api.base import ResourceModel, Rule
from parley_operator.api.references import SecretSource


class Anonymous(ResourceModel):
    """Everyone may connect, and spend what the providers cost."""


class AuthSpec(ResourceModel):
    """Who may connect. Absent: whoever has the token in the generated Secret NAME-token."""

    tokens: (
        Annotated[
            tuple[SecretSource, ...],
            Field(min_length=1, max_length=64, json_schema_extra={"x-kubernetes-list-type": "atomic"}),
        ]
        | None
    ) = None
    """Static tokens: whoever sends one of them is let in. Excludes anonymous."""
    anonymous: Anonymous | None = None
    """Set to {} to let everyone in. Excludes tokens."""

    rules = (
        Rule(
            cel="has(self.tokens) != has(self.anonymous)",
            message="set exactly one of tokens and anonymous, or leave auth out for a generated token",
            holds=lambda auth: (auth.tokens is None) != (auth.anonymous is None),
        ),
    )
