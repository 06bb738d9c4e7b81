"""A WAV file of two channels that is whole at any time: who reads it, or is left with it, has all up to then.

Samples are written where they belong, in any order, and the header, written last each time, never says more than
there is. What is not written is silence. The format is WAVE of Microsoft's RIFF specification, PCM, 16 bit.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

from parley_gateway.audio.formats import SAMPLE_BYTES

LEFT, RIGHT = 0, 1
CHANNELS = 2
FRAME_BYTES = CHANNELS * SAMPLE_BYTES
HEADER_BYTES = 44
_PCM = 1
_BITS = 8 * SAMPLE_BYTES
_MODE = 0o640


class StereoWave:
    """One file, open. Every method may raise OSError; then what was there before still is."""

    def __init__(self, path: Path, *, rate: int) -> None:
        """A new file at `rate` Hz. Raises FileExistsError where there is one."""
        self._rate = rate
        self.frames = 0
        """Samples of each channel."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)
        try:
            self.flush()
        except OSError:
            os.close(self._file)
            raise

    def put(self, channel: int, at: int, pcm: bytes) -> None:
        """Write one channel's samples from sample `at` on; the other channel stays as it is."""
        place = HEADER_BYTES + at * FRAME_BYTES
        frames = bytearray(len(pcm) * CHANNELS)
        there = os.pread(self._file, len(frames), place)
        frames[: len(there)] = there
        memoryview(frames).cast("h")[channel::CHANNELS] = memoryview(pcm).cast("h")
        written = 0
        while written < len(frames):
            written += os.pwrite(self._file, memoryview(frames)[written:], place + written)
        self.frames = max(self.frames, at + len(pcm) // SAMPLE_BYTES)

    def extend(self, frames: int) -> None:
        """Have it last so long, by silence."""
        if frames > self.frames:
            os.truncate(self._file, HEADER_BYTES + frames * FRAME_BYTES)
            self.frames = frames

    def flush(self) -> None:
        """Have the header say how much there is."""
        os.pwrite(self._file, header(self._rate, self.frames), 0)

    def close(self) -> None:
        """The file stays."""
        os.close(self._file)


def header(rate: int, frames: int) -> bytes:
    """The 44 bytes before the samples."""
    size = frames * FRAME_BYTES
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        HEADER_BYTES - 8 + size,
        b"WAVE",
        b"fmt ",
        16,
        _PCM,
        CHANNELS,
        rate,
        rate * FRAME_BYTES,
        FRAME_BYTES,
        _BITS,
        b"data",
        size,
    )


def seconds_of(path: Path) -> float:
    """How long a file of ours lasts, by its header. Raises OSError, or ValueError for another file."""
    with path.open("rb") as file:
        found = file.read(HEADER_BYTES)
    if len(found) < HEADER_BYTES or found[36:40] != b"data":
        raise ValueError(f"{path.name} is no recording")
    rate, size = int.from_bytes(found[24:28], "little"), int.from_bytes(found[40:44], "little")
    return size / FRAME_BYTES / rate
