"""What may be spent: a limit warns once, and is reached once, for each session that it holds."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from parley_contract.limits import CostLimits


class Scope(StrEnum):
    """Whose spending a limit holds."""

    SESSION = "session"
    USER = "user"
    """In one day, in all sessions."""
    DEPLOYMENT = "deployment"
    """In one day, of all users."""


class Verdict(StrEnum):
    """What a look at the spending has found, for the first time."""

    NEARLY = "nearly"
    REACHED = "reached"


@dataclass(frozen=True, slots=True)
class Limit:
    """Of one scope, in dollars."""

    scope: Scope
    dollars: Decimal
    warn_at: Decimal


def limits_of(config: CostLimits, *, knows_user: bool) -> tuple[Limit, ...]:
    """Those that hold a session. A user who cannot be told from others has no limit of an own."""
    amounts = {
        Scope.SESSION: config.per_session,
        Scope.USER: config.per_user_per_day if knows_user else None,
        Scope.DEPLOYMENT: config.per_day,
    }
    return tuple(
        Limit(scope, dollars, dollars * config.warn_at_percent / 100)
        for scope, dollars in amounts.items()
        if dollars is not None
    )


class Watch:
    """One session's watch on one limit."""

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        self._said: Verdict | None = None

    def look(self, spent: Decimal) -> Verdict | None:
        """What is to be done now that so much is spent; each verdict comes once, and nothing after REACHED."""
        if self._said is Verdict.REACHED or spent < self.limit.warn_at:
            return None
        if spent >= self.limit.dollars:
            self._said = Verdict.REACHED
            return Verdict.REACHED
        if self._said is None:
            self._said = Verdict.NEARLY
            return Verdict.NEARLY
        return None
