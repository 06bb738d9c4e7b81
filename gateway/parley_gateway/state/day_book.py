"""What was spent today, as this process knows it: its own spending, and what it was last told of all pods'.

Pure. Spending leaves in postings of whole millionths of a dollar; what is less stays here until it makes one. A
posting that may not have arrived is sent again unchanged, while later spending waits for the next.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from parley_gateway.state.shared import Posting, Purse

_MICRO = 1_000_000


@dataclass(slots=True)
class _Page:
    shared: int = 0
    """Micros of all pods, as last heard; this process's own are among them once posted."""
    unposted: Decimal = Decimal(0)
    posting: Posting | None = None

    @property
    def spent(self) -> Decimal:
        return Decimal(self.shared + (self.posting.micros if self.posting else 0)) / _MICRO + self.unposted


class DayBook:
    """One page for each purse and day. Days begin at midnight UTC."""

    def __init__(self, today: Callable[[], date]) -> None:
        self._today = today
        self._pages: dict[Purse, _Page] = {}
        self._number = 0

    def purse(self, name: str) -> Purse:
        """Today's."""
        return Purse(name, self._today())

    def spend(self, name: str, dollars: Decimal) -> None:
        """So much more went out."""
        self._pages.setdefault(self.purse(name), _Page()).unposted += dollars

    def spent(self, name: str) -> Decimal:
        """Today, by all pods as far as it is known here."""
        page = self._pages.get(self.purse(name))
        return page.spent if page else Decimal(0)

    def learn(self, purse: Purse, micros: int) -> None:
        """What all pods have spent. Not while a posting is under way: it may be among it, or not."""
        page = self._pages.setdefault(purse, _Page())
        if page.posting is None:
            page.shared = micros

    def postings(self) -> list[Posting]:
        """What the others should be told; the same again until it was `posted`."""
        for purse, page in self._pages.items():
            micros = int(page.unposted * _MICRO)
            if page.posting is None and micros > 0:
                self._number += 1
                page.posting = Posting(purse, self._number, micros)
                page.unposted -= Decimal(micros) / _MICRO
        return [page.posting for page in self._pages.values() if page.posting]

    def posted(self, posting: Posting, micros: int) -> None:
        """It has arrived, and so much have all pods spent now."""
        page = self._pages[posting.purse]
        page.posting = None
        page.shared = micros

    def forget(self, *, needed: Collection[str] | None) -> None:
        """Drop pages of past days, and of purses that are not `needed` (None: all are), once all was posted."""
        today = self._today()
        for purse, page in list(self._pages.items()):
            past = purse.day != today
            unneeded = needed is not None and purse.name not in needed
            told = page.posting is None and int(page.unposted * _MICRO) == 0
            if (past and (told or needed is None)) or (unneeded and told):
                del self._pages[purse]

    def __len__(self) -> int:
        return len(self._pages)
