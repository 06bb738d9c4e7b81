"""The tables of docs/faults.md: each row is a test, and what it says was heard is what has to be heard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.resilience.trouble import ALL, Trouble

_DOCS = Path(__file__).parents[3] / "docs" / "faults.md"


@dataclass(frozen=True)
class Row:
    """One kind of trouble."""

    trouble: Trouble
    with_another: str
    alone: str


def rows(subject: str) -> list[Row]:
    """Of the table about `subject`."""
    _, _, section = _DOCS.read_text().partition(f"| {subject} | with another | alone |\n|---|---|---|\n")
    table, _, _ = section.partition("\n\n")
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    named = {trouble.name: trouble for trouble in ALL}
    found = [Row(named[name], with_another, alone) for name, with_another, alone in cells]
    assert [row.trouble for row in found] == ALL, f"docs/faults.md: {subject} meets every trouble, in this order"
    return found


def each(subject: str) -> Callable[[Any], Any]:
    """A test for each row."""
    found = rows(subject)
    return pytest.mark.parametrize("row", found, ids=[row.trouble.name.replace(" ", "_") for row in found])
