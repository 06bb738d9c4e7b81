"""What came of one call of a function: an answer, a refusal, or doubt."""

from __future__ import annotations

from dataclasses import dataclass, field

from parley_gateway.conversation.history import ToolStatus

LONGEST_TEXT = 8000
"""Characters of an answer that the model is shown: it reads them again with every turn that follows."""
IN_DOUBT = "Whether it was done is not known."
CUT = " [The rest of the answer was left out.]"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call went, in words for the model."""

    status: ToolStatus
    text: str = field(repr=False)


def answered(text: str) -> Outcome:
    """The function did what it is for."""
    return Outcome(ToolStatus.SUCCEEDED, shortened(text))


def refused(text: str) -> Outcome:
    """Nothing was done, and that is known."""
    return Outcome(ToolStatus.FAILED, shortened(text))


def in_doubt(text: str) -> Outcome:
    """It may have been done."""
    return Outcome(ToolStatus.UNKNOWN, f"{shortened(text)} {IN_DOUBT}")


def shortened(text: str) -> str:
    """As much of it as a model is shown."""
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + CUT
