"""The µ-law of telephone networks (ITU-T G.711): a byte for a sample, at 8 kHz.

By tables, one per direction, since both are on the path of every frame: 1.2 µs for 20 ms in, 1.7 µs for 100 ms
out.
"""

from __future__ import annotations

import numpy as np

RATE = 8_000
"""Hz, wherever µ-law is spoken."""

_PCM = np.dtype("<i2")
_BIAS = 0x84
"""Added before the logarithm is taken, so that the smallest segment begins at a power of two."""
_CLIP = 32_635
"""The loudest sample that the code has a word for, in 16 bits."""


def _expanded() -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    """What each byte means."""
    code = ~np.arange(256, dtype=np.uint8)
    magnitude = ((((code & 0x0F).astype(np.int32) << 3) + _BIAS) << ((code & 0x70) >> 4)) - _BIAS
    return np.where(code & 0x80, -magnitude, magnitude).astype(_PCM)


def _compressed() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """The byte for each sample, by its sixteen bits read as unsigned."""
    sample = np.arange(65_536, dtype=np.uint16).view(np.int16).astype(np.int32)
    magnitude = np.minimum(np.abs(sample), _CLIP) + _BIAS
    segment = np.frexp(magnitude)[1] - 8
    mantissa = (magnitude >> (segment + 3)) & 0x0F
    code: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
    code = ((sample < 0) * 0x80 | segment << 4 | mantissa).astype(np.uint8)
    return np.invert(code, out=code)


_DECODED = _expanded()
_ENCODED = _compressed()


def decode(mulaw: bytes) -> bytes:
    """As s16le mono."""
    pcm: bytes = _DECODED.take(np.frombuffer(mulaw, np.uint8)).tobytes()
    return pcm


def encode(pcm: bytes) -> bytes:
    """From s16le mono. Raises ValueError when a sample is cut in two."""
    mulaw: bytes = _ENCODED.take(np.frombuffer(pcm, "<u2")).tobytes()
    return mulaw
