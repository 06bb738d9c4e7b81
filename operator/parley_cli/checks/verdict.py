"""What a check found, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How well it is."""

    OK = "ok"
    WARNING = "warning"
    """It works, or cannot be looked at; a person should know."""
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One line of the report."""

    subject: str
    grade: Grade
    message: str
    mend: str = ""
    """What to do; empty where nothing is to be done."""


def ok(subject: str, message: str) -> Verdict:
    """Well."""
    return Verdict(subject, Grade.OK, message)


def warning(subject: str, message: str, mend: str = "") -> Verdict:
    """Works, with something to know."""
    return Verdict(subject, Grade.WARNING, message, mend)


def failing(subject: str, message: str, mend: str) -> Verdict:
    """Does not work."""
    return Verdict(subject, Grade.FAILING, message, mend)
