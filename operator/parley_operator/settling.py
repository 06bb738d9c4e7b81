"""Waiting until a resource is left alone, so that a burst of edits replaces its pods once.

What is replaced drains for as long as its sessions last: ten edits in a row must not leave ten generations of
draining pods, nor push everything else out of the history. Only what replaces pods waits. What is not there yet is
made at once, and so is everything that no pod notices.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from parley_operator.kube.client import Json
from parley_operator.kube.inventory import Key
from parley_operator.kube.ownership import digest

QUIET = 2.0
"""Seconds without a further change after which pods follow."""
LONGEST = 10.0
"""Seconds from the first change of a burst after which pods follow even though it goes on."""


@dataclass(frozen=True)
class _Burst:
    state: str
    """What was asked for last."""
    due: float
    """When pods may follow it."""
    latest: float
    """When pods may follow whatever is asked for by then."""


class Settling:
    """Since when each resource asks for the pods that it asks for."""

    def __init__(
        self, *, quiet: float = QUIET, longest: float = LONGEST, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._quiet, self._longest, self._clock = quiet, longest, clock
        self._settled: dict[Key, str] = {}
        """The state that pods were last allowed to follow."""
        self._bursts: dict[Key, _Burst] = {}

    def wait(self, key: Key, state: str) -> float:
        """Seconds until pods may follow this state; none for a resource that is seen for the first time."""
        if self._settled.setdefault(key, state) == state:
            self._bursts.pop(key, None)
            return 0.0
        now, burst = self._clock(), self._bursts.get(key)
        if burst is None or burst.state != state:
            latest = burst.latest if burst else now + self._longest
            burst = self._bursts[key] = _Burst(state, min(now + self._quiet, latest), latest)
        if burst.due > now:
            return burst.due - now
        self._settled[key] = state
        del self._bursts[key]
        return 0.0

    def forget(self, key: Key) -> None:
        """The resource is gone."""
        self._settled.pop(key, None)
        self._bursts.pop(key, None)


def replaces_pods(manifest: Json) -> bool:
    """Whether a change of this object begins or records a rollout."""
    return manifest["kind"] in {"Deployment", "ControllerRevision"} or bool(manifest.get("immutable"))


def pods_state(manifests: Iterable[Json]) -> str:
    """A digest of what the pods run."""
    return digest([manifest for manifest in manifests if replaces_pods(manifest)])
