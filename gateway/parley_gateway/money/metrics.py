"""What is spent, kept and not known, as series."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from prometheus_client import CollectorRegistry, Counter, Gauge

from parley_gateway.conversation.events import Stage
from parley_gateway.money.limits import Scope, Verdict


class MoneyMetrics:
    """One process's."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._cost = Counter(
            "voice_cost_dollars", "What providers will bill, by the price list.", ["stage"], registry=registry
        )
        self.prices_unknown = Gauge(
            "voice_prices_unknown",
            "1 for what is used or configured without a known price: it is not in any sum.",
            ["provider", "model"],
            registry=registry,
        )
        self._verdicts = Counter(
            "voice_budget_verdicts", "Sessions warned and ended.", ["scope", "verdict"], registry=registry
        )
        self.waiting = Gauge(
            "voice_records_waiting", "Rows and events that wait to be sent.", ["destination"], registry=registry
        )
        self.written = Counter(
            "voice_records_written", "Rows and events that have arrived.", ["destination"], registry=registry
        )
        self.refused = Counter(
            "voice_records_refused", "Rows and events put aside.", ["destination"], registry=registry
        )
        self.lost = Counter(
            "voice_records_lost", "Rows and events that could not be kept.", ["destination"], registry=registry
        )
        for stage in Stage:
            self._cost.labels(stage.value)
        for scope in Scope:
            for verdict in Verdict:
                self._verdicts.labels(scope.value, verdict.value)

    def watch_redis(self, is_up: Callable[[], bool]) -> None:
        """Where there is one."""
        gauge = Gauge("voice_redis_up", "Whether Redis could be reached last.", registry=self._registry)
        gauge.set_function(is_up)

    def watch_budget(self, scope: Scope, dollars: Decimal, spent: Callable[[], Decimal]) -> None:
        """Where a day has a bound: how much, and how much of it is gone as far as this process knows."""
        bound = Gauge("voice_budget_dollars", "What a day may cost.", ["scope"], registry=self._registry)
        bound.labels(scope.value).set(float(dollars))
        gone = Gauge("voice_budget_spent_dollars", "What today has cost.", ["scope"], registry=self._registry)
        gone.labels(scope.value).set_function(lambda: float(spent()))

    def spent(self, stage: Stage, dollars: Decimal) -> None:
        """So much more."""
        self._cost.labels(stage.value).inc(float(dollars))

    def judged(self, scope: Scope, verdict: Verdict) -> None:
        """A session was warned, or ended."""
        self._verdicts.labels(scope.value, verdict.value).inc()
