"""The last minutes at a glance: for people and scripts that have no Prometheus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from parley_gateway.conversation.events import EndReason
from parley_gateway.session.observer import Latency
from parley_gateway.telemetry.sla import ALL
from parley_gateway.telemetry.window import SPAN_S, Window, percentile

_PERCENTILES = (50, 95, 99)


class Summary:
    """Latencies, promises, sessions and money of one process."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` is monotonic."""
        self._clock = clock
        self._latencies = {kind: Window(clock) for kind in Latency}
        self._promises: dict[str, Window] = {}
        self._costs = Window(clock)
        self._ended: Counter[str] = Counter()
        self._spent = Decimal(0)

    def latency(self, kind: Latency, seconds: float) -> None:
        """A span was measured."""
        self._latencies[kind].add(seconds)

    def turn(self, kept: dict[str, bool]) -> None:
        """A turn is over, and has kept its promises or not."""
        for promise, was_kept in kept.items():
            self._promises.setdefault(promise, Window(self._clock)).add(float(was_kept))

    def session_ended(self, reason: EndReason) -> None:
        """A session is over."""
        self._ended[reason.value] += 1

    def cost(self, dollars: Decimal) -> None:
        """What a session has cost in the end."""
        self._costs.add(float(dollars))
        self._spent += dollars

    def compliance(self, promise: str = ALL) -> float | None:
        """The part of the window's turns that kept a promise; None where none was put to the test."""
        window = self._promises.get(promise)
        return window.mean() if window is not None else None

    def report(self, *, active: int, most: int) -> dict[str, Any]:
        """The body of /metrics/summary."""
        return {
            "windowSeconds": SPAN_S,
            "sessions": {"active": active, "most": most, "ended": dict(self._ended)},
            "latencySeconds": {kind.value: _spread(window) for kind, window in self._latencies.items()},
            "sla": {promise: self.compliance(promise) for promise in self._promises},
            "cost": {"currency": "USD", "total": f"{self._spent:f}", "perSession": _spread(self._costs)},
        }


def _spread(window: Window) -> dict[str, Any]:
    values = window.values()
    spread = {f"p{percent}": round(percentile(values, percent), 6) for percent in _PERCENTILES} if values else {}
    return {"count": len(values), **spread}
