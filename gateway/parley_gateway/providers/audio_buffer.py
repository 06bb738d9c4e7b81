"""Audio on its way to a recogniser: bounded, and aware of what it had to drop."""

from __future__ import annotations

from collections import deque

_SAMPLE_BYTES = 2
_GAPS_KEPT = 1024
"""Recognisers speak of the last minutes at most; older gaps only matter as part of the sum."""


class AudioBuffer:
    """S16le mono waiting to be sent. When it is full the oldest is dropped: late words are worth more.

    The recogniser counts the audio it gets, the caller the audio that was said: `caller_ms` translates.
    """

    def __init__(self, *, rate: int, capacity_ms: int) -> None:
        self._ms_bytes = rate * _SAMPLE_BYTES // 1000
        self._capacity = capacity_ms * self._ms_bytes
        self._pending = bytearray()
        self._taken = 0
        self._dropped_ms = 0
        self._gaps: deque[tuple[int, int]] = deque(maxlen=_GAPS_KEPT)  # (stream ms, all dropped before it)

    @property
    def pending_ms(self) -> int:
        """What waits, in whole ms."""
        return len(self._pending) // self._ms_bytes

    def push(self, pcm: bytes) -> int:
        """Append audio; returns the ms dropped to stay within the capacity."""
        self._pending += pcm
        excess = len(self._pending) - self._capacity
        if excess <= 0:
            return 0
        dropped_ms = min(-(-excess // self._ms_bytes), self.pending_ms)
        del self._pending[: dropped_ms * self._ms_bytes]
        self._remember_gap(dropped_ms)
        return dropped_ms

    def take(self, at_most_ms: int) -> bytes:
        """The oldest audio, which counts as sent from now on; empty when there is none."""
        pcm = bytes(self._pending[: at_most_ms * self._ms_bytes])
        del self._pending[: len(pcm)]
        self._taken += len(pcm)
        return pcm

    def caller_ms(self, stream_ms: int) -> int:
        """Where in the caller's audio that lies which is at `stream_ms` of the audio taken."""
        for at, dropped in reversed(self._gaps):
            if at <= stream_ms:
                return stream_ms + dropped
        return stream_ms

    def _remember_gap(self, dropped_ms: int) -> None:
        self._dropped_ms += dropped_ms
        at = self._taken // self._ms_bytes
        if self._gaps and self._gaps[-1][0] == at:
            self._gaps.pop()
        self._gaps.append((at, self._dropped_ms))
