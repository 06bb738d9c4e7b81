"""What the agent owes a caller who waits while no reply is under way: an apology, or to go on.

A debt is paid when nobody speaks; see `Reply.settle`. It is what keeps either side from waiting for the other.
"""

from __future__ import annotations

from enum import Enum

from parley_gateway.conversation.timings import Timings


class Debt(Enum):
    """The kinds of it."""

    NONE = "none"
    APOLOGY = "apology"
    """An answer could not be made, or broke off."""
    GO_ON = "go_on"
    """A reply was stopped by what turned out to be nothing, or its tool has answered after it was stopped."""


class Owed:
    """The agent's standing with the caller."""

    def __init__(self, timings: Timings) -> None:
        self._timings = timings
        self._debt = Debt.NONE
        self._failures = 0
        self._unprompted = 0
        self._silenced = False

    @property
    def exhausted(self) -> bool:
        """Whether so many answers have failed in a row that there is no use in going on."""
        return self._failures >= self._timings.max_failures

    @property
    def anything(self) -> bool:
        """Whether there is a debt."""
        return self._debt is not Debt.NONE

    def take(self, *, tools_awaited: bool) -> Debt:
        """What is to be paid now; it counts as paid. The agent goes on once its tools have answered."""
        if self._debt is Debt.GO_ON and tools_awaited:
            return Debt.NONE
        debt, self._debt = self._debt, Debt.NONE
        if debt is Debt.GO_ON:
            self._unprompted += 1
            if self._unprompted > self._timings.max_unprompted:
                return Debt.NONE
        return debt

    def turn_answered(self) -> None:
        """The caller has said something, and an answer is under way."""
        self._debt = Debt.NONE
        self._unprompted = 0
        self._silenced = False

    def settled(self) -> None:
        """The agent speaks: whatever it owed."""
        self._debt = Debt.NONE

    def stopped_by_words(self) -> None:
        """A reply was stopped; should there be no turn after all, the agent goes on by itself."""
        self._debt = Debt.GO_ON

    def tool_answered(self) -> None:
        """The tool of a reply that was stopped has answered, and the caller has said nothing since."""
        if not self._silenced and not self.anything:
            self._debt = Debt.GO_ON

    def silenced(self) -> None:
        """The client wants quiet, until the caller says something."""
        self._debt = Debt.NONE
        self._silenced = True

    def answer_failed(self) -> None:
        """The model or the voice could not finish an answer."""
        self._failures += 1
        self._debt = Debt.APOLOGY

    def speech_lost(self) -> None:
        """What the caller said may not have been heard: they are asked to say it again."""
        self._debt = Debt.APOLOGY

    def answer_given(self) -> None:
        """An answer was heard to its end: those that failed before it are made good for."""
        self._failures = 0
