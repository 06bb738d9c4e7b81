"""One stream through soxr's resampler, with little delay."""

from __future__ import annotations

import numpy as np
import soxr

from parley_gateway.audio.formats import FULL_SCALE

_LOW_DELAY_UP_TO = 24_000
"""Hz. soxr's usual filter works in blocks: 8 -> 16 kHz comes 120 ms late, its variable-rate filter 40 ms at
0.4 ms of CPU per second. Above this rate the blocks are 40 ms and the variable-rate filter costs 1.6 ms."""

_TYPE = np.dtype("<i2")


class SoxrStream:
    """Works in 32-bit float: soxr's own 16-bit path dithers, and so differs from run to run."""

    def __init__(self, in_rate: int, out_rate: int, *, rough: bool) -> None:
        """Rates in Hz. `rough`: by cubic interpolation, without delay."""
        low_delay = not rough and max(in_rate, out_rate) <= _LOW_DELAY_UP_TO
        quality = "QQ" if rough else "HQ"
        self._stream = soxr.ResampleStream(in_rate, out_rate, 1, dtype="float32", quality=quality, vr=low_delay)

    def feed(self, pcm: bytes) -> bytes:
        """More s16le in, and what can be said of the output so far."""
        samples = np.frombuffer(pcm, _TYPE).astype(np.float32) / np.float32(FULL_SCALE)
        return _to_pcm(self._stream.resample_chunk(samples))

    def finish(self) -> bytes:
        """The rest of the output."""
        return _to_pcm(self._stream.resample_chunk(np.empty(0, np.float32), last=True))


def _to_pcm(samples: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> bytes:
    scaled = np.rint(samples * np.float32(FULL_SCALE))
    pcm: bytes = np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1).astype(_TYPE).tobytes()
    return pcm
