"""A stream of PCM from one sample rate to another, with little delay and whatever the chunks."""

from __future__ import annotations

import numpy as np
import soxr

from parley_gateway.audio.formats import FULL_SCALE, SAMPLE_BYTES

LOWEST_RATE = 4_000
HIGHEST_RATE = 192_000

_LOW_DELAY_UP_TO = 24_000
"""Hz. soxr's usual filter works in blocks: 8 -> 16 kHz comes 120 ms late, its variable-rate filter 40 ms at
0.4 ms of CPU per second. Above this rate the blocks are 40 ms and the variable-rate filter costs 1.6 ms."""

_TYPE = np.dtype("<i2")


class Resampler:
    """One stream. The same samples in give the same samples out, however they are cut into chunks.

    Works in 32-bit float: soxr's own 16-bit path dithers, and so differs from run to run.
    """

    def __init__(self, in_rate: int, out_rate: int, *, rough: bool = False) -> None:
        """Rates in Hz; equal ones pass audio through. Raises ValueError for a rate out of range.

        `rough`: by cubic interpolation, for what only a detector of speech hears. A third of the CPU, no delay,
        and overtones that people would hear.
        """
        for rate in (in_rate, out_rate):
            if not LOWEST_RATE <= rate <= HIGHEST_RATE:
                raise ValueError(f"a sample rate of {rate} Hz is not within {LOWEST_RATE} to {HIGHEST_RATE} Hz")
        self.in_rate = in_rate
        self.out_rate = out_rate
        self._rough = rough
        self._stream = None if in_rate == out_rate else _stream(in_rate, out_rate, rough)

    def feed(self, pcm: bytes) -> bytes:
        """What can be said of the output so far. Raises ValueError when a sample is cut in two."""
        if len(pcm) % SAMPLE_BYTES:
            raise ValueError("PCM must be whole 16-bit samples: an even number of bytes")
        if self._stream is None or not pcm:
            return pcm
        samples = np.frombuffer(pcm, _TYPE).astype(np.float32) / np.float32(FULL_SCALE)
        return _to_pcm(self._stream.resample_chunk(samples))

    def flush(self) -> bytes:
        """The rest of the output; the next `feed` begins a new stream."""
        if self._stream is None:
            return b""
        rest = _to_pcm(self._stream.resample_chunk(np.empty(0, np.float32), last=True))
        self._stream = _stream(self.in_rate, self.out_rate, self._rough)
        return rest


def _stream(in_rate: int, out_rate: int, rough: bool) -> soxr.ResampleStream:
    if rough:
        return soxr.ResampleStream(in_rate, out_rate, 1, dtype="float32", quality="QQ")
    low_delay = max(in_rate, out_rate) <= _LOW_DELAY_UP_TO
    return soxr.ResampleStream(in_rate, out_rate, 1, dtype="float32", quality="HQ", vr=low_delay)


def _to_pcm(samples: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> bytes:
    scaled = np.rint(samples * np.float32(FULL_SCALE))
    pcm: bytes = np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1).astype(_TYPE).tobytes()
    return pcm
