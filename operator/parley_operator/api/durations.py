"""Durations as the resource writes them: 500ms, 30s, 5m, 1h30m."""

from __future__ import annotations

import re

_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def seconds(text: str) -> float:
    """The length of a duration in seconds. The text has passed the resource's validation."""
    parts = re.findall(r"([0-9]+)(ms|h|m|s)", text)
    return round(sum(int(number) * _SECONDS[unit] for number, unit in parts), 3)
