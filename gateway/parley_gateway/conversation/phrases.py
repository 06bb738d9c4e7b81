"""What the agent says without asking a model."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phrases:
    """An empty one is not said."""

    apology: str = ""
    """After an answer that could not be made, or broke off."""
    still_there: str = ""
    """Once, some time before an idle session ends."""
    goodbye: str = ""
    """Before a session that reaches a limit, or has lost its providers, is ended."""
