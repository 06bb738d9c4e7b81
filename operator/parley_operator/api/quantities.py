"""Kubernetes quantities: reading them, comparing them, and writing them as the API server does.

The server rewrites 2048Mi as 2Gi. A manifest that is already in its spelling compares equal to the live object.
"""

from __future__ import annotations

import re
from decimal import Decimal

QUANTITY_PATTERN = r"^([0-9]{1,15}m|[0-9]{1,15}(\.[0-9]{1,3})?(k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?)$"
"""The quantities that requests and limits take: no sign, no exponent, nothing finer than a milli-unit."""

_DECIMAL = {
    "m": Decimal("0.001"),
    "": Decimal(1),
    **{unit: Decimal(1000) ** n for n, unit in enumerate("kMGTP", 1)},
}
_BINARY = {"": Decimal(1), **{f"{unit}i": Decimal(1024) ** n for n, unit in enumerate("KMGTP", 1)}}


def parse_quantity(value: int | str) -> Decimal:
    """The amount in units (cores, bytes).

    Raises:
        ValueError: the text is not a quantity.
    """
    text = str(value)
    if not re.search(QUANTITY_PATTERN, text):
        raise ValueError("must be a quantity such as 500m, 2 or 1Gi")
    number, unit = re.fullmatch(r"([0-9.]+)([A-Za-z]*)", text).groups()  # type: ignore[union-attr]
    return Decimal(number) * (_DECIMAL | _BINARY)[unit]


def canonical_quantity(value: int | str) -> str:
    """The API server's spelling: no fraction, the largest unit of the same family that divides the amount."""
    amount = parse_quantity(value)
    if amount == 0:
        return "0"
    binary = str(value).endswith("i") and amount >= 1024 and amount == int(amount)
    units = _BINARY if binary else _DECIMAL
    unit, size = max(((u, s) for u, s in units.items() if amount % s == 0), key=lambda entry: entry[1])
    return f"{int(amount / size)}{unit}"
