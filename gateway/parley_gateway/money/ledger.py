"""One session's account book: what was used, and what it costs, counted as it is spent.

A line is the usage of one model in one unit at one price. Its cost is reckoned from the line's whole amount, so
that the parts in which usage comes do not change the sum.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from parley_gateway.conversation.events import Stage
from parley_gateway.money.price_list import ListedPrice
from parley_gateway.money.prices import Prices
from parley_gateway.ports import Unit, Usage

_QUANTUM = Decimal("1e-12")
"""Dollars to which a line's cost is rounded: a millionth of a millionth, finer than any price."""


@dataclass(frozen=True, slots=True)
class Line:
    """What was used of one model in one unit at one price."""

    stage: Stage
    provider: str
    model: str
    unit: Unit
    amount: Decimal
    cost: Decimal | None
    """In dollars; None where the price is not known."""
    estimated: bool
    """Whether some of it is not the provider's own count."""


@dataclass(slots=True)
class _Entry:
    price: ListedPrice | None
    amount: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    estimated: bool = False

    def add(self, amount: Decimal) -> Decimal:
        """Returns what the cost grew by."""
        self.amount += amount
        if self.price is None:
            return Decimal(0)
        before, self.cost = self.cost, (self.amount * self.price.dollars / self.price.per).quantize(_QUANTUM)
        return self.cost - before


_Key = tuple[Stage, str, str, Unit, date | None]


class Ledger:
    """Never refuses: what is spent is spent."""

    def __init__(self, prices: Prices, *, on_unknown: Callable[[str, str, Unit], None] | None = None) -> None:
        """`on_unknown` hears once of each provider, model and unit whose price is not known."""
        self._prices = prices
        self._on_unknown = on_unknown
        self._entries: dict[_Key, _Entry] = {}
        self.total = Decimal(0)
        """Dollars, of all whose price is known."""

    def add(self, usage: Usage, *, day: date) -> Decimal:
        """Count it at the day's price; returns what it cost."""
        cost = sum((self._add(usage, unit, amount, day) for unit, amount in usage.amounts.items()), Decimal(0))
        self.total += cost
        return cost

    def _add(self, usage: Usage, unit: Unit, amount: float, day: date) -> Decimal:
        """An amount that is none, which only a defect can bring, is left out rather than made money of."""
        if not math.isfinite(amount) or amount <= 0:
            return Decimal(0)
        price = self._prices.find(usage.provider, usage.model, unit, day=day)
        key = (usage.stage, usage.provider, usage.model, unit, price.since if price else None)
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = _Entry(price)
            if price is None and self._on_unknown is not None:
                self._on_unknown(usage.provider, usage.model, unit)
        entry.estimated |= usage.estimated
        return entry.add(Decimal(str(amount)))

    @property
    def lines(self) -> tuple[Line, ...]:
        """All there are, in the order in which they were begun."""
        return tuple(
            Line(*key[:4], entry.amount, entry.cost if entry.price else None, entry.estimated)
            for key, entry in self._entries.items()
        )

    @property
    def prices_unknown(self) -> bool:
        """Whether something was used whose price is not known: the total is then too small."""
        return any(entry.price is None for entry in self._entries.values())


def by_stage(lines: Iterable[Line]) -> dict[Stage, Decimal]:
    """Dollars of each stage, of all whose price is known."""
    costs = dict.fromkeys(Stage, Decimal(0))
    for line in lines:
        costs[line.stage] += line.cost or 0
    return costs


def by_unit(lines: Iterable[Line]) -> dict[Unit, Decimal]:
    """What was used in each unit, priced or not."""
    amounts: defaultdict[Unit, Decimal] = defaultdict(Decimal)
    for line in lines:
        amounts[line.unit] += line.amount
    return dict(amounts)
