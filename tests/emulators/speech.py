"""Sound with the shape of speech: syllables of a low tone, with short gaps between them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

_SYLLABLE_MS = 180
_GAP_MS = 60
_PITCH_HZ = 140.0
_LOUDNESS = 0.25


def speech_like(ms: int, *, rate: int) -> bytes:
    """`ms` of s16le mono that a voice activity detector takes for speech."""
    length = ms * rate // 1000 * 2
    beat = _beat(rate)
    return (beat * (length // len(beat) + 1))[:length]


def silence(ms: int, *, rate: int) -> bytes:
    """`ms` of s16le mono zeros."""
    return bytes(ms * rate // 1000 * 2)


@lru_cache(maxsize=8)
def _beat(rate: int) -> bytes:
    """One syllable and the gap after it."""
    time = np.arange(_SYLLABLE_MS * rate // 1000) / rate
    harmonics = sum(np.sin(2 * np.pi * _PITCH_HZ * n * time) / n for n in range(1, 8))
    syllable = harmonics / np.max(np.abs(harmonics)) * np.hanning(len(time)) * _LOUDNESS
    pcm = np.concatenate([syllable, np.zeros(_GAP_MS * rate // 1000)])
    return bytes((pcm * 32_767).astype("<i2").tobytes())
