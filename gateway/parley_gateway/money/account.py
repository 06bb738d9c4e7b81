"""One session's account: counts what is used as it is used, warns, and ends the session at a limit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from parley_gateway.accounts import AccountedSession, Subject
from parley_gateway.conversation.events import EndReason, Stage
from parley_gateway.conversation.history import HistoryItem
from parley_gateway.conversation.notices import BudgetNearlyUsed
from parley_gateway.money.ledger import Ledger
from parley_gateway.money.limits import Limit, Scope, Verdict, Watch
from parley_gateway.ports import Usage
from parley_gateway.session.observer import SessionObserver, Unobserved

CURRENCY = "USD"


class Till(Protocol):
    """Where spending goes that counts for more than one session."""

    def spend(self, session: str, dollars: Decimal) -> None:
        """Count it."""
        ...

    def spent(self, scope: Scope, session: str) -> Decimal:
        """Today, by the session's user or by the deployment."""
        ...


class Judge(Protocol):
    """Hears what came of it, for metrics."""

    def spent(self, stage: Stage, dollars: Decimal) -> None:
        """So much more."""
        ...

    def judged(self, scope: Scope, verdict: Verdict) -> None:
        """A session was warned, or ended."""
        ...


class SessionAccount(Unobserved):
    """Also the session's observer: of all that it hears, usage alone is money."""

    def __init__(
        self,
        session: str,
        subject: Subject,
        *,
        ledger: Ledger,
        limits: tuple[Limit, ...],
        till: Till,
        judge: Judge,
        now: Callable[[], datetime],
        on_close: Callable[[SessionAccount, EndReason], Awaitable[None]],
    ) -> None:
        self.id = session
        self.subject = subject
        self.ledger = ledger
        self.started_at = now()
        self._watches = [Watch(limit) for limit in limits]
        self._till = till
        self._judge = judge
        self._now = now
        self._on_close = on_close
        self._session: AccountedSession | None = None

    # --- accounts.Account ---

    @property
    def observer(self) -> SessionObserver:
        """Hears what the session uses."""
        return self

    @property
    def cost(self) -> Decimal:
        """Dollars so far, of all whose price is known."""
        return self.ledger.total.normalize()

    def attach(self, session: AccountedSession) -> None:
        """The session has begun; what its user had spent before may already be worth a warning."""
        self._session = session
        self.check()

    async def close(self, reason: EndReason) -> None:
        """The session is over."""
        await self._on_close(self, reason)

    # --- money ---

    def used(self, usage: Usage) -> None:
        """Something will be billed."""
        dollars = self.ledger.add(usage, day=self._now().date())
        if dollars:
            self._judge.spent(usage.stage, dollars)
            self._till.spend(self.id, dollars)
            self.check()

    def check(self) -> None:
        """See whether a limit is near or reached: after each usage, and when others' spending became known."""
        if self._session is None:
            return
        for watch in self._watches:
            spent = self._spent(watch.limit.scope)
            verdict = watch.look(spent)
            if verdict is not None:
                self._judge.judged(watch.limit.scope, verdict)
                self._act(self._session, verdict, watch.limit, spent)

    def exhausted(self) -> Scope | None:
        """Whose budget is used up already, so that the session need not begin."""
        reached = (watch.limit for watch in self._watches if self._spent(watch.limit.scope) >= watch.limit.dollars)
        return next((limit.scope for limit in reached), None)

    @property
    def history(self) -> tuple[HistoryItem, ...]:
        """What was said, as it was heard."""
        return self._session.history if self._session is not None else ()

    def _spent(self, scope: Scope) -> Decimal:
        return self.ledger.total if scope is Scope.SESSION else self._till.spent(scope, self.id)

    def _act(self, session: AccountedSession, verdict: Verdict, limit: Limit, spent: Decimal) -> None:
        if verdict is Verdict.NEARLY:
            session.warn_of_budget(BudgetNearlyUsed(limit.scope.value, spent.normalize(), limit.dollars, CURRENCY))
        else:
            session.end(EndReason.BUDGET, farewell=True)
