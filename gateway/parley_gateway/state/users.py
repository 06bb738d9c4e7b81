"""Users and their bounds: sessions at a time, and money in a day; in this pod, and in all where there is Redis.

One task tells the others what was spent, once a second for all sessions together, and holds the seats. While what
is shared is away, this pod counts alone, or lets nobody in: that is the configuration's choice. Whoever is in
stays, and what was spent meanwhile is told later.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import defaultdict
from collections.abc import Callable, Collection
from decimal import Decimal
from typing import Any

from parley_gateway.logs import where
from parley_gateway.money.limits import Scope
from parley_gateway.state.day_book import DayBook
from parley_gateway.state.shared import AwayError, Purse, Seat, Shared

_logger = logging.getLogger(__name__)

TICK_S = 1.0
"""How late at the most this pod learns what the others have spent."""
RENEW_TICKS = 10
"""Three times in a lease: two may fail."""
_DEPLOYMENT = "deployment"


class UserCapError(Exception):
    """The user has as many sessions as there may be."""


class Users:
    """Those of one process."""

    def __init__(
        self,
        *,
        cap: int | None,
        budgeted: Collection[Scope],
        book: DayBook,
        shared: Shared | None = None,
        refuse_while_away: bool = False,
        on_news: Callable[[], None] = lambda: None,
    ) -> None:
        """`budgeted`: whose days have limits. `on_news` is called when it was learnt what others have spent."""
        self._cap = cap
        self._budgeted = frozenset(budgeted)
        self._book = book
        self._shared = shared
        self._refuse_while_away = refuse_while_away
        self._on_news = on_news
        self._seats: dict[str, Seat] = {}
        self._of_user: defaultdict[str, int] = defaultdict(int)
        self._leaving: dict[Seat, None] = {}
        """Seats to be given back: a set that keeps its order."""
        self._retake = False

    # --- coming and going ---

    async def enter(self, session: str, user: str | None) -> None:
        """Take a seat. Raises UserCapError; AwayError where nobody is let in while others cannot be asked."""
        seat = Seat(_digest(user), session) if user is not None else None
        wanted = seat if self._cap is not None else None
        purses = self._purses(seat)
        if self._shared is not None and (wanted is not None or purses):
            seated = await self._enter_shared(self._shared, wanted, purses)
        else:
            seated = self._free(wanted)
        if not seated:
            raise UserCapError
        if seat is not None:
            self._seats[session] = seat
            self._of_user[seat.user] += 1

    async def _enter_shared(self, shared: Shared, seat: Seat | None, purses: list[Purse]) -> bool:
        try:
            entered = await shared.enter(seat, cap=self._cap or 0, purses=purses)
        except AwayError:
            if self._refuse_while_away:
                raise
            self._retake = True
            return self._free(seat)
        except asyncio.CancelledError:
            if seat is not None:
                self._leaving[seat] = None
            raise
        for purse, micros in entered.spent.items():
            self._book.learn(purse, micros)
        return entered.seated

    def _free(self, seat: Seat | None) -> bool:
        """Whether there is a seat, as far as this process knows."""
        return seat is None or self._cap is None or self._of_user.get(seat.user, 0) < self._cap

    async def leave(self, session: str) -> None:
        """Give the seat back; bounded in time."""
        seat = self._seats.pop(session, None)
        if seat is None:
            return
        self._of_user[seat.user] -= 1
        if not self._of_user[seat.user]:
            del self._of_user[seat.user]
        if self._shared is None or self._cap is None:
            return
        self._leaving[seat] = None
        try:
            await self._give_back(self._shared)
        except AwayError:
            _logger.debug("a seat is given back later")

    async def _give_back(self, shared: Shared) -> None:
        """All that were left; those that come meanwhile wait for the next time."""
        leaving = list(self._leaving)
        if leaving:
            await shared.leave(leaving)
            for seat in leaving:
                self._leaving.pop(seat, None)

    # --- money ---

    def spend(self, session: str, dollars: Decimal) -> None:
        """A session has spent so much."""
        if Scope.DEPLOYMENT in self._budgeted:
            self._book.spend(_DEPLOYMENT, dollars)
        if Scope.USER in self._budgeted and (seat := self._seats.get(session)):
            self._book.spend(seat.user, dollars)

    def spent(self, scope: Scope, session: str) -> Decimal:
        """Today, by the deployment or by the session's user."""
        if scope is Scope.DEPLOYMENT:
            return self._book.spent(_DEPLOYMENT)
        seat = self._seats.get(session)
        return self._book.spent(seat.user) if seat else Decimal(0)

    def _purses(self, seat: Seat | None) -> list[Purse]:
        names = [_DEPLOYMENT] if Scope.DEPLOYMENT in self._budgeted else []
        if seat is not None and Scope.USER in self._budgeted:
            names.append(seat.user)
        return [self._book.purse(name) for name in names]

    def _watched(self) -> list[Purse]:
        """Of all who are in: what is spent elsewhere may end their sessions here."""
        names = [_DEPLOYMENT] if Scope.DEPLOYMENT in self._budgeted else []
        if Scope.USER in self._budgeted:
            names += self._of_user
        return [self._book.purse(name) for name in names]

    # --- the others ---

    async def run(self) -> None:
        """Tell and hear, until cancelled."""
        ticks = 0
        while True:
            await asyncio.sleep(TICK_S)
            ticks += 1
            try:
                await self.tick(renew=ticks % RENEW_TICKS == 0)
            except Exception as error:  # noqa: BLE001 - a defect must not end the counting for all sessions
                _say_broken(error)

    async def tick(self, *, renew: bool = False) -> None:
        """Once: post what was spent, hold the seats, hear of the others. Bounded in time."""
        if self._shared is not None:
            try:
                await self._exchange(self._shared, renew=renew)
            except AwayError:
                self._retake = True
        needed = {_DEPLOYMENT, *self._of_user} if self._shared is not None else None
        self._book.forget(needed=needed)
        self._on_news()

    async def _exchange(self, shared: Shared, *, renew: bool) -> None:
        postings = self._book.postings()
        spent = await shared.post(postings)
        for posting in postings:
            self._book.posted(posting, spent[posting.purse])
        others = [purse for purse in self._watched() if purse not in spent]
        for purse, micros in (await shared.look(others)).items():
            self._book.learn(purse, micros)
        if self._cap is None:
            return
        await self._give_back(shared)
        if (renew or self._retake) and self._seats:
            await self._hold(shared)

    async def _hold(self, shared: Shared) -> None:
        """Seats that Redis has forgotten are taken again, but for those that were left meanwhile."""
        retake, self._retake = self._retake, False
        seats = list(self._seats.values())
        none_lost = await shared.renew(seats, retake=retake)
        self._retake |= not none_lost and not retake
        if retake:
            self._leaving |= {seat: None for seat in seats if self._seats.get(seat.session) is not seat}

    def health(self) -> dict[str, Any] | None:
        """Of what is shared; None where nothing is."""
        return self._shared.health() if self._shared is not None else None

    async def aclose(self) -> None:
        """Tell the last spending, and let go."""
        if self._shared is not None:
            await self.tick()
            await self._shared.aclose()


def _say_broken(error: Exception) -> None:
    _logger.error("counting broke", extra={"error": where(error)})


def _digest(user: str) -> str:
    return hashlib.sha256(user.encode()).hexdigest()[:32]
