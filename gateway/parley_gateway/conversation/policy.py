"""The choices of turn-taking, beside its timings: who decides, and what is allowed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class TurnsEndBy(StrEnum):
    """What says that a turn of the caller is over."""

    PROVIDER = "provider"
    """The recogniser; silence, where it leaves that to us."""
    SILENCE = "silence"
    SEMANTIC = "semantic"
    """Silence, longer after what sounds unfinished and shorter after what sounds complete."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What one session's turn-taking is allowed to do."""

    turns_end_by: TurnsEndBy = TurnsEndBy.PROVIDER
    barge_in: bool = True
    """Whether speech stops the agent; where it does not, what was said is answered when the agent has finished."""
    preemptive: bool = True
    """Whether an answer is drafted before the turn is surely over."""
    language: str = "en-US"
    """BCP 47 tag of what the caller speaks."""
    backchannels: tuple[str, ...] | None = None
    """Words that stop no reply; None takes those of the language."""
