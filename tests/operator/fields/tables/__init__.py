"""The rows, one file for each part of the spec; each has its ROWS."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from tests.operator.fields.row import Row


def all_rows() -> list[Row]:
    """Of every file."""
    names = sorted(module.name for module in iter_modules(__path__))
    return [row for name in names for row in import_module(f"{__name__}.{name}").ROWS]
