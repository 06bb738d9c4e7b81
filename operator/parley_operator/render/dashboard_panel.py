"""What a dashboard is made of: rows of panels, each with its queries.

In a query `$AT` stands for what selects the resource's series, and `$__rate_interval` is Grafana's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["stat", "timeseries", "state-timeline"]
RATE = "[$__rate_interval]"


@dataclass(frozen=True)
class Query:
    """One or more lines of a panel."""

    expression: str
    legend: str = ""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One picture."""

    title: str
    description: str
    queries: tuple[Query, ...]
    unit: str = "short"
    kind: Kind = "timeseries"
    width: int = 8
    height: int = 8
    thresholds: tuple[tuple[float, str], ...] = ()
    """Values from which on another colour begins: the alerts' own."""
    low_is_bad: bool = False
    """The colours run the other way."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """Words for values."""


@dataclass(frozen=True)
class Row:
    """Panels under one heading."""

    title: str
    panels: tuple[Panel, ...]


def stat(
    title: str, expression: str, unit: str, description: str, *marks: tuple[float, str], low_is_bad: bool = False
) -> Panel:
    """One number, which the first row has six of."""
    return Panel(
        title=title,
        description=description,
        queries=(Query(expression),),
        unit=unit,
        kind="stat",
        width=4,
        height=4,
        thresholds=marks,
        low_is_bad=low_is_bad,
    )


def quantile(rank: str, kind: str, legend: str) -> Query:
    """A percentile of a span that callers feel."""
    buckets = f'rate(voice_latency_seconds_bucket{{$AT,type="{kind}"}}{RATE})'
    return Query(f"histogram_quantile({rank}, sum by (le) ({buckets}))", legend)


def percentiles(kind: str, name: str) -> tuple[Query, ...]:
    """The usual and the bad case."""
    return quantile("0.5", kind, f"{name} p50"), quantile("0.95", kind, f"{name} p95")


def span(title: str, kind: str, description: str, *, promise: float | None = None) -> Panel:
    """A span's two percentiles, with the default promise as a line."""
    return Panel(
        title=title,
        description=description,
        queries=percentiles(kind, title.lower()),
        unit="s",
        thresholds=((promise, "red"),) if promise else (),
    )
