"""How long ago something was, as kubectl says it."""

from __future__ import annotations

from datetime import UTC, datetime

_UNITS = (("y", 365 * 86_400), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
_CLEAR = 2
"""Fewer than this many of a unit are said in the smaller one: 90 s, not 1m."""


def age(since: str, *, now: datetime | None = None) -> str:
    """From an RFC 3339 timestamp, such as 4d or 90s."""
    seconds = ((now or datetime.now(UTC)) - datetime.fromisoformat(since)).total_seconds()
    for unit, length in _UNITS:
        if seconds >= _CLEAR * length:
            return f"{int(seconds // length)}{unit}"
    return f"{max(0, int(seconds))}s"
