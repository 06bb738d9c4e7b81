"""Columns of text, as kubectl aligns them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click

_GAP = "   "


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Headings and rows; each column as wide as its widest cell. Colours do not count."""
    lines = [tuple(headings), *map(tuple, rows)]
    widths = [max(len(click.unstyle(cell)) for cell in column) for column in zip(*lines, strict=True)]
    return "\n".join(_line(line, widths) for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell + " " * (width - len(click.unstyle(cell))) for cell, width in zip(cells, widths, strict=True))
    return _GAP.join(padded).rstrip()
