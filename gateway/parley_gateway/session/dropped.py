"""Tells the client that its audio is being left out, and that it is not any more, without telling it each time."""

from __future__ import annotations

from collections.abc import Callable

from parley_gateway.conversation.notices import InputDropped

INTERVAL_S = 1.0


class DropNotices:
    """One episode after the other: what was dropped in it adds up; 0 ends it."""

    def __init__(self, notify: Callable[[InputDropped], None], clock: Callable[[], float]) -> None:
        self._notify = notify
        self._clock = clock
        self._ms = 0
        self._told_at = 0.0

    def dropped(self, ms: int) -> None:
        """So much of the audio that was just handed over was left out."""
        if ms == 0 and self._ms == 0:
            return
        now = self._clock()
        if ms == 0:
            self._ms = 0
            self._notify(InputDropped(0))
            return
        first = self._ms == 0
        self._ms += ms
        if first or now - self._told_at >= INTERVAL_S:
            self._told_at = now
            self._notify(InputDropped(self._ms))
