"""Finds the price of what was used: one's own before the list's, the closest name, the latest date."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from parley_contract.limits import Price
from parley_gateway.money.price_list import ListedPrice, listed
from parley_gateway.ports import Unit

_SNAPSHOT = re.compile(r"[-@](\d{4}-\d{2}-\d{2}|\d{8}|\d{6}|\d{3,4}|latest)")
"""What a provider puts behind a model's name for one of its versions: the price is the model's. Anything else
makes another model, whose price is not to be guessed: gpt-4o-audio is not gpt-4o."""
_ALWAYS = date.min


class Prices:
    """Looked up for every usage, so what was found is remembered for the day."""

    def __init__(self, overrides: Iterable[Price] = (), *, rows: Iterable[ListedPrice] | None = None) -> None:
        self._overrides = [_override(price) for price in overrides]
        self._rows = listed() if rows is None else tuple(rows)
        self._day: date | None = None
        self._found: dict[tuple[str, str, Unit], ListedPrice | None] = {}

    def find(self, provider: str, model: str, unit: Unit, *, day: date) -> ListedPrice | None:
        """What holds on `day`; None where it is not known."""
        if day != self._day:
            self._day = day
            self._found.clear()
        key = (provider, model, unit)
        if key not in self._found:
            self._found[key] = self._look_up(*key, day)
        return self._found[key]

    def knows(self, provider: str, model: str, *, day: date) -> bool:
        """Whether anything about a model has a price: to be said before it is used."""
        return any(self.find(provider, model, unit, day=day) for unit in Unit)

    def _look_up(self, provider: str, model: str, unit: Unit, day: date) -> ListedPrice | None:
        for rows in (self._overrides, self._rows):
            fitting = [
                row
                for row in rows
                if (row.provider, row.unit) == (provider, unit) and row.since <= day and _names(row.model, model)
            ]
            if fitting:
                return max(fitting, key=lambda row: (len(row.model.rstrip("*")), row.since))
        return None


def _names(pattern: str, model: str) -> bool:
    if pattern.endswith("*"):
        return model.startswith(pattern[:-1])
    return model == pattern or (model.startswith(pattern) and _SNAPSHOT.fullmatch(model, len(pattern)) is not None)


def _override(price: Price) -> ListedPrice:
    return ListedPrice(
        price.provider, price.model, Unit(price.unit), price.price, price.per, price.since or _ALWAYS
    )
