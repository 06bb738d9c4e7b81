"""Medians and tails."""

from __future__ import annotations

from collections.abc import Sequence


def p50(values: Sequence[float]) -> float:
    """Half are below. Raises ValueError without any."""
    return _quantile(values, 0.5)


def p95(values: Sequence[float]) -> float:
    """19 of 20 are below. Raises ValueError without any."""
    return _quantile(values, 0.95)


def _quantile(values: Sequence[float], share: float) -> float:
    if not values:
        raise ValueError("there is no quantile of nothing: no turn was measured")
    return sorted(values)[int(len(values) * share)]
