"""Which of a resource's two sets of pods something belongs to: those that serve, or a canary beside them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Track:
    """A set of pods. Its component is in their labels, so that no selector of one finds those of the other."""

    component: str
    suffix: str
    """Of the names of its objects, after the resource's; empty for the resource's own name."""


MAIN = Track("gateway", "")
CANARY = Track("gateway-canary", "canary")
TRACKS = (MAIN, CANARY)
