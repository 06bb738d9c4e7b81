"""Who a session is for, and who keeps its account: the process's side of money, caps and records."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from parley_gateway.conversation.events import EndReason
from parley_gateway.conversation.history import HistoryItem
from parley_gateway.conversation.notices import BudgetNearlyUsed
from parley_gateway.session.observer import SessionObserver, Unobserved


@dataclass(frozen=True, slots=True)
class Subject:
    """Who was let in."""

    user: str | None
    """None where clients cannot be told apart: anonymous ones, and holders of one static token."""
    tenant: str
    """For metrics, records and bills."""
    name: str
    """For logs: of a token file, an API key, or an issuer. Never a token, nor what a person is called."""
    expires_at: float | None = None
    """Wall-clock seconds; a session that has begun is not ended by it."""


class AccountedSession(Protocol):
    """A session, as its account acts on it."""

    def warn_of_budget(self, notice: BudgetNearlyUsed) -> None:
        """Tell the client."""
        ...

    def end(self, reason: EndReason, *, farewell: bool) -> None:
        """End it, with the agent's goodbye if there is to be one."""
        ...

    @property
    def history(self) -> tuple[HistoryItem, ...]:
        """What was said so far, as the model is shown it."""
        ...


class Account(Protocol):
    """One session's."""

    @property
    def observer(self) -> SessionObserver:
        """Hears what the session uses."""
        ...

    @property
    def cost(self) -> Decimal | None:
        """Spent so far; None where nothing is counted."""
        ...

    def attach(self, session: AccountedSession) -> None:
        """The session has begun. Nothing is asked of it before this."""
        ...

    async def close(self, reason: EndReason) -> None:
        """The session is over; bounded in time, and never raises but when cancelled."""
        ...


class Accounts(Protocol):
    """Opens accounts."""

    async def open(self, session: str, subject: Subject) -> Account:
        """Raises protocols.admission.RefusedError where the user or the deployment may have no further session.

        Whoever waits may be cancelled: then nothing of the account is left, no lease and no row.
        """
        ...


class Unaccounted:
    """Keeps no accounts."""

    async def open(self, _session: str, _subject: Subject) -> Account:
        """Anyone may have any number of sessions."""
        return _NoAccount()


class _NoAccount:
    observer: SessionObserver = Unobserved()
    cost: Decimal | None = None

    def attach(self, _session: AccountedSession) -> None:
        pass

    async def close(self, _reason: EndReason) -> None:
        pass
