"""Sound with the shape of speech: syllables of a low tone, with short gaps between them."""

from __future__ import annotations

import struct
from functools import lru_cache
from zlib import crc32

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


def voiced(text: str, ms: int, *, rate: int) -> bytes:
    """`ms` of speech that is another for another text: a voice that is mistaken for another is seen."""
    begin = crc32(text.encode()) % (len(_beat(rate)) // 2) * 2
    length = ms * rate // 1000 * 2
    return speech_like(ms + _SYLLABLE_MS + _GAP_MS, rate=rate)[begin : begin + length]


def wav_header(rate: int, *, channels: int = 1, bits: int = 16, length: int = 0xFFFFFFFF) -> bytes:
    """Of s16le mono, of unknown length by default: what a server writes before it knows how much will follow."""
    frame = channels * bits // 8
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, rate, rate * frame, frame, bits)
    return b"RIFF" + struct.pack("<I", 0xFFFFFFFF) + b"WAVE" + form + struct.pack("<4sI", b"data", length)


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
