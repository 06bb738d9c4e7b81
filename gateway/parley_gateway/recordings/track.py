"""One channel of a recording: from audio with times to samples with places, without seams and never two in one."""

from __future__ import annotations

from typing import NamedTuple

from parley_gateway.audio.formats import SAMPLE_BYTES
from parley_gateway.audio.resample import Resampler

SEAM_S = 0.005
"""Audio that follows another within so little follows it at once: a gap of one sample is a click."""


class Placed(NamedTuple):
    """Where audio stands in the file."""

    at: int
    """In samples from the beginning."""
    pcm: bytes


class Track:
    """Takes audio in the order of its times; what would begin before the end of the one before begins there."""

    def __init__(self, *, rate: int, file_rate: int) -> None:
        """Hz of the audio, and of the file."""
        self._rate = rate
        self._file_rate = file_rate
        self._resampler = Resampler(rate, file_rate)
        self._next = 0
        self._expected_s = 0.0
        """When the next audio begins if it follows at once."""

    def place(self, at_s: float, pcm: bytes) -> list[Placed]:
        """Audio that begins `at_s` into the recording; with what the resampler kept of the audio before it."""
        placed = []
        if at_s > self._expected_s + SEAM_S:
            placed += self.end()
            self._next = max(self._next, round(at_s * self._file_rate))
            self._expected_s = self._next / self._file_rate
        self._expected_s += len(pcm) / SAMPLE_BYTES / self._rate
        return placed + self._put(self._resampler.feed(pcm))

    def end(self) -> list[Placed]:
        """No audio follows for now."""
        return self._put(self._resampler.flush())

    def _put(self, pcm: bytes) -> list[Placed]:
        if not pcm:
            return []
        at = self._next
        self._next += len(pcm) // SAMPLE_BYTES
        return [Placed(at, pcm)]
