"""What is done about providers in trouble, as series of Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge

from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.providers.resilience.observer import BreakerState

_BREAKER = {BreakerState.CLOSED: 0, BreakerState.HALF_OPEN: 1, BreakerState.OPEN: 2}


class ProviderMetrics:
    """Counts for one process; implements `ResilienceObserver`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        at = ["stage", "provider"]
        self._attempts = Counter(
            "voice_provider_failed_attempts",
            "Requests that failed at a provider, saved or not.",
            [*at, "kind"],
            registry=registry,
        )
        self._retries = Counter(
            "voice_provider_retries", "Requests tried again at the same provider.", at, registry=registry
        )
        self._failovers = Counter(
            "voice_provider_failovers", "Requests that went to another provider.", [*at, "to"], registry=registry
        )
        self._breakers = Gauge(
            "voice_provider_breaker", "0: asked, 1: tried again, 2: left alone.", at, registry=registry
        )
        self._keys = Counter("voice_provider_keys_set_aside", "Keys that were refused.", at, registry=registry)
        self._queue = Gauge(
            "voice_provider_queue_depth", "Requests that wait for a key's turn.", at, registry=registry
        )
        self._cache = Counter(
            "voice_speech_cache_lookups", "Sentences looked for in the cache.", ["result"], registry=registry
        )

    def attempt_failed(self, stage: Stage, provider: str, kind: FailureKind) -> None:
        """A request failed at a provider."""
        self._attempts.labels(stage.value, provider, kind.value).inc()

    def retried(self, stage: Stage, provider: str) -> None:
        """A request is tried again."""
        self._retries.labels(stage.value, provider).inc()

    def failed_over(self, stage: Stage, provider: str, to: str) -> None:
        """A request goes to another provider."""
        self._failovers.labels(stage.value, provider, to).inc()

    def breaker_changed(self, stage: Stage, provider: str, state: BreakerState) -> None:
        """A provider is left alone, tried again, or back."""
        self._breakers.labels(stage.value, provider).set(_BREAKER[state])

    def key_set_aside(self, stage: Stage, provider: str) -> None:
        """A key was refused."""
        self._keys.labels(stage.value, provider).inc()

    def requests_waiting(self, stage: Stage, provider: str, number: int) -> None:
        """So many requests wait."""
        self._queue.labels(stage.value, provider).set(number)

    def speech_looked_up(self, *, cached: bool) -> None:
        """A segment was looked for in the cache of speech."""
        self._cache.labels("hit" if cached else "miss").inc()
