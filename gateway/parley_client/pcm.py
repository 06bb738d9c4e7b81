"""Speech as PCM: from and to WAV files, and where it begins to be silent."""

from __future__ import annotations

import array
import sys
import wave
from pathlib import Path

import numpy as np
import soxr

_SAMPLE_BYTES = 2
_FULL_SCALE = 32_768
_QUIET = 0.01
"""40 dB below full scale: below the softest syllable of a recording, above a room's noise."""
_FRAME_MS = 10


class WavError(ValueError):
    """A file that cannot be played to a gateway; says why."""


def read_wav(path: Path, *, rate: int) -> bytes:
    """The recording as s16le mono at `rate` Hz. Raises WavError."""
    try:
        with wave.open(str(path), "rb") as recording:
            width, channels, source = recording.getsampwidth(), recording.getnchannels(), recording.getframerate()
            data = recording.readframes(recording.getnframes())
    except OSError as error:
        raise WavError(f"{path}: {error.strerror}") from error
    except (EOFError, wave.Error) as error:
        raise WavError(f"{path}: not a WAV file of PCM") from error
    if width != _SAMPLE_BYTES:
        raise WavError(f"{path}: {8 * width} bits a sample; convert it to 16-bit PCM")
    samples = np.frombuffer(data[: len(data) - len(data) % (width * channels)], dtype="<i2")
    mono = samples.reshape(-1, channels).astype(np.float32).mean(axis=1)
    resampled = soxr.resample(mono, source, rate) if source != rate else mono
    return bytes(np.clip(np.rint(resampled), -_FULL_SCALE, _FULL_SCALE - 1).astype("<i2").tobytes())


def write_wav(path: Path, pcm: bytes, *, rate: int) -> None:
    """Write s16le mono at `rate` Hz."""
    with wave.open(str(path), "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(_SAMPLE_BYTES)
        recording.setframerate(rate)
        recording.writeframes(pcm)


def speech_ends_ms(pcm: bytes, *, rate: int) -> int:
    """Where the last sound in it ends: latencies count from there, not from the silence after it."""
    samples = array.array("h", pcm[: len(pcm) - len(pcm) % _SAMPLE_BYTES])
    if sys.byteorder == "big":
        samples.byteswap()
    frame = rate * _FRAME_MS // 1000
    for end in range(len(samples), 0, -frame):
        window = samples[max(0, end - frame) : end]
        if max(window) - min(window) > 2 * _QUIET * _FULL_SCALE:
            return end * 1000 // rate
    return 0
