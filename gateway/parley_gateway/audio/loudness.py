"""How loud a frame is, and how loud the room behind it."""

from __future__ import annotations

from collections import deque
from math import log10

import numpy as np
from numpy.typing import NDArray

from parley_gateway.audio.formats import FULL_SCALE

Samples = NDArray[np.float32]
"""Of s16, not scaled."""

_SILENCE = 1e-9
"""Power of full scale, below which all is the same: -90 dB."""


def samples_of(pcm: bytes, count: int) -> Samples:
    """The first `count` samples of s16le."""
    return np.frombuffer(pcm, "<i2", count).astype(np.float32)


def level_db(frame: Samples) -> float:
    """Power in dB of full scale, a constant offset left out; silence is -90."""
    mean = float(frame.sum()) / frame.size
    power = float(frame.dot(frame)) / frame.size - mean * mean
    return 10 * log10(max(power / (FULL_SCALE * FULL_SCALE), _SILENCE))


def zero_crossings(frame: Samples) -> int:
    """How often the frame changes its sign, a constant offset left out."""
    negative = np.signbit(frame - frame.mean())
    return int(np.count_nonzero(negative[1:] != negative[:-1]))


class NoiseFloor:
    """The quietest of the last frames, in blocks, smoothed over three frames so that one lull is not the room."""

    _BLOCKS = 6
    _LOWEST_DB = -65.0
    _EXPECTED_DB = -55.0
    _EXPECTED_BLOCKS = 2
    """For the first second: speech may begin with the first frame, and would be taken for the room."""

    def __init__(self, *, frame_ms: int, window_ms: int) -> None:
        """`window_ms`: how far back a frame is remembered."""
        self._per_block = max(1, window_ms // frame_ms // self._BLOCKS)
        self._blocks: deque[float] = deque([self._EXPECTED_DB], maxlen=self._BLOCKS)
        self._quietest_block = self._EXPECTED_DB
        self._expecting = self._EXPECTED_BLOCKS
        self._before = self._before_that = 0.0
        self._frames = 0
        self._quietest = 0.0
        self._count = 0

    def feed(self, level: float) -> float:
        """The noise, in dB, now that a frame of this level has come."""
        self._frames += 1
        known = min(self._frames, 3)
        smoothed = (level + self._before + self._before_that) / known
        self._before, self._before_that = level, self._before
        self._quietest = min(self._quietest, max(smoothed, self._LOWEST_DB))
        self._count += 1
        floor = min(self._quietest, self._quietest_block)
        if self._count == self._per_block:
            self._close_block()
        return floor

    def _close_block(self) -> None:
        self._blocks.append(self._quietest)
        self._quietest, self._count = 0.0, 0
        self._expecting -= 1
        if self._expecting == 0:
            self._blocks.popleft()
        self._quietest_block = min(self._blocks)
