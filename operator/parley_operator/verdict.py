"""What one condition says."""

from __future__ import annotations

from typing import Literal, NamedTuple

Truth = Literal["True", "False", "Unknown"]


class Verdict(NamedTuple):
    """A condition without its times."""

    status: Truth
    reason: str
    message: str
