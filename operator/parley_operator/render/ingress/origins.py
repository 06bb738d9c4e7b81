"""Allowed origins in the forms that controllers take: those that are exact, and patterns for those with a `*`."""

from __future__ import annotations

from collections.abc import Iterable

_LABELS = "[A-Za-z0-9.-]+"


def exact(origins: Iterable[str]) -> list[str]:
    """The origins without a wildcard."""
    return [origin for origin in origins if "*" not in origin]


def patterns(origins: Iterable[str]) -> list[str]:
    """A regular expression for each origin with a wildcard, which stands for one label or more."""
    return [pattern(origin) for origin in origins if "*" in origin]


def pattern(origin: str) -> str:
    """A regular expression for an origin: of what may stand in one, dots alone mean something there."""
    return f"^{origin.replace('.', '[.]').replace('*', _LABELS)}$"
