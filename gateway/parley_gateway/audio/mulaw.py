"""The µ-law of telephone networks (ITU-T G.711): a byte for a sample, at 8 kHz.

By `audioop`, since both ways are on the path of every frame, and NumPy would cost a process that only carries
telephone calls 13 MB. It left the standard library with Python 3.13; `audioop-lts` is the same code.
"""

from __future__ import annotations

import warnings

from parley_gateway.audio.formats import SAMPLE_BYTES, is_whole

with warnings.catch_warnings():
    # Python 3.11 and 3.12 tell of its leaving.
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

RATE = 8_000
"""Hz, wherever µ-law is spoken."""


def decode(mulaw: bytes) -> bytes:
    """As s16le mono."""
    return audioop.ulaw2lin(mulaw, SAMPLE_BYTES)


def encode(pcm: bytes) -> bytes:
    """From s16le mono. Raises ValueError when a sample is cut in two."""
    if not is_whole(pcm):
        raise ValueError("PCM must be whole 16-bit samples: an even number of bytes")
    return audioop.lin2ulaw(pcm, SAMPLE_BYTES)
