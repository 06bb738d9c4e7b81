"""The one sample format inside the gateway, s16le mono, and the arithmetic between its bytes and its time."""

from __future__ import annotations

SAMPLE_BYTES = 2
"""Bytes of one sample: signed 16 bit, little-endian, one channel."""

FULL_SCALE = 32_768
"""The amplitude that a sample cannot exceed."""


def ms_to_bytes(ms: float, rate: int) -> int:
    """Bytes of the whole samples within `ms` at `rate` Hz."""
    return int(ms * rate / 1000) * SAMPLE_BYTES


def bytes_to_ms(size: int, rate: int) -> int:
    """Whole milliseconds that `size` bytes last at `rate` Hz.

    For positions in a stream count bytes and convert the sum: sums of converted parts drift.
    """
    return size // SAMPLE_BYTES * 1000 // rate


def seconds_to_ms(seconds: float) -> int:
    """Milliseconds, to the nearest."""
    return round(seconds * 1000)


def is_whole(pcm: bytes) -> bool:
    """Whether no sample is cut in two."""
    return len(pcm) % SAMPLE_BYTES == 0


class SampleAligner:
    """Cuts a byte stream at samples: what a transport splits in the middle of one waits for its other half."""

    def __init__(self) -> None:
        self._half = b""

    def feed(self, data: bytes) -> bytes:
        """All whole samples there are, in order."""
        joined = self._half + data if self._half else data
        cut = len(joined) - len(joined) % SAMPLE_BYTES
        self._half = joined[cut:]
        return joined[:cut]

    @property
    def pending(self) -> int:
        """Bytes that wait: 0 or 1. A stream that ends with one was cut."""
        return len(self._half)
