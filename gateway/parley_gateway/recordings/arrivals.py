"""When the caller's audio was spoken, from when it came.

No audio comes before it was spoken to its end. What came within one moment, perhaps all at once after a stall of
the network, began no later than that allows for each piece of it; and where it then still begins later than the
audio before it ended, the caller's client sent nothing in between.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from parley_gateway.audio.formats import SAMPLE_BYTES

MOMENT_S = 0.5
"""What comes within so long is looked at together."""
JITTER_S = 0.1
"""A pause is longer: what is shorter is the network's."""


class Piece(NamedTuple):
    """Audio of one channel."""

    at: float
    """The clock's time at which it began."""
    pcm: bytes


class Arrivals:
    """One caller's audio. `came` is on the path of every frame."""

    def __init__(self, *, rate: int, clock: Callable[[], float], tell: Callable[[Piece], None]) -> None:
        self._bytes_per_s = rate * SAMPLE_BYTES
        self._clock = clock
        self._tell = tell
        self._moment = bytearray()
        self._over_at = 0.0
        self._began = math.inf
        self._ended = -math.inf
        """When the audio before this moment ended."""

    def came(self, pcm: bytes) -> None:
        """More of it, at this time."""
        now = self._clock()
        if now >= self._over_at:
            self.settle()
            self._over_at = now + MOMENT_S
        self._moment += pcm
        began = now - len(self._moment) / self._bytes_per_s
        if began < self._began:
            self._began = began

    def look(self) -> None:
        """Tell of a moment that is over, whether or not anything comes after it."""
        if self._clock() >= self._over_at:
            self.settle()

    def settle(self) -> None:
        """Tell of what has come so far."""
        if not self._moment:
            return
        began = self._began if self._began > self._ended + JITTER_S else self._ended
        pcm, self._moment = bytes(self._moment), bytearray()
        self._ended = began + len(pcm) / self._bytes_per_s
        self._began = math.inf
        self._tell(Piece(began, pcm))
