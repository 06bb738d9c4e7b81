"""What the operator counts and measures, as Prometheus reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from time import perf_counter

import aiohttp
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from parley_operator.kube.connection import Handler
from parley_operator.kube.inventory import Key

ConditionCounts = dict[tuple[str, str], int]
"""How many resources have a condition of this type and status."""


class _Conditions(Collector):
    """Counted at each scrape: keeping a gauge true to every change is more work and may drift."""

    def __init__(self, count: Callable[[], ConditionCounts]) -> None:
        self._count = count

    def collect(self) -> Iterable[Metric]:
        """The family of gauges."""
        family = GaugeMetricFamily(
            "parley_voicedeployments", "VoiceDeployments by condition and its status.", labels=["type", "status"]
        )
        for (kind, status), number in sorted(self._count().items()):
            family.add_metric([kind, status], number)
        yield family


class _Certificates(Collector):
    """Read at each scrape."""

    def __init__(self, expiries: Callable[[], Iterable[tuple[Key, str]]]) -> None:
        self._expiries = expiries

    def collect(self) -> Iterable[Metric]:
        """The family of gauges. Its labels are not `namespace` and `name`: Prometheus has its own of that name."""
        family = GaugeMetricFamily(
            "parley_operator_certificate_not_after_seconds",
            "When the certificate of a VoiceDeployment's endpoint expires, in seconds since 1970.",
            labels=["voice_namespace", "voice_deployment"],
        )
        for (namespace, name), moment in self._expiries():
            family.add_metric([namespace, name], datetime.fromisoformat(moment).timestamp())
        yield family


class _NotReady(Collector):
    """Read at each scrape: as many series as there are resources in trouble, and none for those that serve."""

    def __init__(self, keys: Callable[[], Iterable[Key]]) -> None:
        self._keys = keys

    def collect(self) -> Iterable[Metric]:
        """The family of gauges, with labels as above."""
        family = GaugeMetricFamily(
            "parley_operator_not_ready",
            "1 for each VoiceDeployment that is not Ready, unless it is suspended.",
            labels=["voice_namespace", "voice_deployment"],
        )
        for namespace, name in self._keys():
            family.add_metric([namespace, name], 1)
        yield family


class OperatorMetrics:
    """All metrics of one operator process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.reconcile_seconds = Histogram(
            "parley_operator_reconcile_seconds",
            "Time to reconcile one resource once.",
            buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
            registry=self.registry,
        )
        self.reconciles = Counter(
            "parley_operator_reconciles", "Reconciliations by result.", ["result"], registry=self.registry
        )
        self.applies = Counter(
            "parley_operator_applies", "Child objects by what an apply did.", ["outcome"], registry=self.registry
        )
        self.requests = Counter(
            "parley_operator_api_requests",
            "Requests to the API server by verb and status code; code 0 is no answer.",
            ["verb", "code"],
            registry=self.registry,
        )
        self.request_seconds = Histogram(
            "parley_operator_api_request_seconds",
            "Time until the API server began to answer.",
            ["verb"],
            registry=self.registry,
        )
        self.watch_events = Counter(
            "parley_operator_watch_events", "Watch events by kind.", ["kind"], registry=self.registry
        )
        self.leader = Gauge(
            "parley_operator_leader", "1 while this process holds the Lease.", registry=self.registry
        )

    def observe_queue(
        self, *, depth: Callable[[], float], age: Callable[[], float], slow: Callable[[], float]
    ) -> None:
        """Measure a queue at each scrape."""
        Gauge(
            "parley_operator_queue_depth", "Resources that wait for a worker.", registry=self.registry
        ).set_function(depth)
        Gauge(
            "parley_operator_queue_oldest_seconds",
            "How long the first in line has waited, slow resources aside.",
            registry=self.registry,
        ).set_function(age)
        Gauge(
            "parley_operator_slow_resources",
            "Resources whose last reconciliation took so long that they have workers of their own.",
            registry=self.registry,
        ).set_function(slow)

    def observe_conditions(self, count: Callable[[], ConditionCounts]) -> None:
        """Count resources by condition at each scrape."""
        self.registry.register(_Conditions(count))

    def observe_certificates(self, expiries: Callable[[], Iterable[tuple[Key, str]]]) -> None:
        """Tell when certificates expire; moments are as statuses have them."""
        self.registry.register(_Certificates(expiries))

    def observe_not_ready(self, keys: Callable[[], Iterable[Key]]) -> None:
        """Name the resources that should serve and do not."""
        self.registry.register(_NotReady(keys))

    def render(self) -> bytes:
        """The text format."""
        return generate_latest(self.registry)

    async def middleware(self, request: aiohttp.ClientRequest, handler: Handler) -> aiohttp.ClientResponse:
        """Count a request of the process; for every session to the API server."""
        verb, started, code = _verb(request), perf_counter(), "0"
        try:
            response = await handler(request)
            code = str(response.status)
            return response
        finally:
            self.requests.labels(verb, code).inc()
            self.request_seconds.labels(verb).observe(perf_counter() - started)


def _verb(request: aiohttp.ClientRequest) -> str:
    if request.method == "GET" and request.url.query.get("watch") == "true":
        return "watch"
    if request.method == "PATCH" and "apply-patch" in request.headers.get("Content-Type", ""):
        return "apply"
    return request.method.lower()


def count_conditions(statuses: Iterator[Iterable[dict[str, str]]]) -> ConditionCounts:
    """Counts over the `status.conditions` of all resources."""
    counts: ConditionCounts = {}
    for conditions in statuses:
        for condition in conditions:
            at = (condition["type"], condition["status"])
            counts[at] = counts.get(at, 0) + 1
    return counts
