"""What becomes of recordings, as series of Prometheus; there where sessions are recorded."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge

from parley_gateway.recordings.about import End

NOT_BEGUN = "not_begun"
"""Of a session that should have been recorded, while there was no room or no disk."""


class RecordingMetrics:
    """One process's."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._ended = Counter(
            "voice_recordings", "Recordings that are over, and why they are.", ["end"], registry=registry
        )
        for end in (*(one.value for one in End), NOT_BEGUN):
            self._ended.labels(end)
        self._active = Gauge("voice_recordings_active", "Sessions that are recorded now.", registry=registry)

    def watch(self, active: Callable[[], int]) -> None:
        """Who knows how many are recorded now."""
        self._active.set_function(active)

    def ended(self, end: End) -> None:
        """One is over."""
        self._ended.labels(end.value).inc()

    def not_begun(self) -> None:
        """A session goes unrecorded."""
        self._ended.labels(NOT_BEGUN).inc()
