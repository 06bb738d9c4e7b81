"""What can be called: one function, wherever it lives."""

from __future__ import annotations

from typing import Any, Protocol

from parley_gateway.ports import ToolSpec
from parley_gateway.tools.outcome import Outcome


class BadArgumentsError(ValueError):
    """The model has to write them anew; the message, which may quote them, is for the model alone."""


class Function(Protocol):
    """One function, shared by all sessions."""

    @property
    def spec(self) -> ToolSpec:
        """As the model is told of it."""
        ...

    @property
    def idempotent(self) -> bool:
        """Whether a call whose outcome is not known may be repeated."""
        ...

    def parse(self, arguments: str) -> dict[str, Any]:
        """The arguments as a model wrote them, checked. Raises BadArgumentsError."""
        ...

    async def call(self, arguments: dict[str, Any], *, key: str) -> Outcome:
        """Call it, within its own deadline; never raises but when cancelled.

        `key` goes along: it is the same when this very call is repeated, so that the other side can tell.
        """
        ...
