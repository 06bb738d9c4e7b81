"""Whether somebody speaks, from energy and zero crossings of 20 ms frames: no model, no state but the room.

Enough for a quiet room or a telephone; a recogniser behind it decides whether the sound was words.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from parley_gateway.audio.formats import FULL_SCALE, SAMPLE_BYTES, SampleAligner
from parley_gateway.conversation.events import SpeechStarted, SpeechStopped

VadEvent = SpeechStarted | SpeechStopped

FRAME_MS = 20


@dataclass(frozen=True, slots=True)
class VadTuning:
    """When sound counts as speech. Levels are dB below full scale, or dB above the noise of the room."""

    onset_db: float = 12.0
    """Above the noise, for speech to begin."""
    release_db: float = 7.0
    """Above the noise, below which it may end: the gap between the two keeps a wavering voice in one piece."""
    quietest_speech_db: float = -52.0
    """Nothing below is speech, however quiet the room."""
    onset_ms: int = 60
    """So long it must sound, so that a click does not count."""
    release_ms: int = 300
    """So long it must be quiet: longer than the closure of a stop consonant, shorter than a pause for thought."""
    highest_crossing_hz: float = 3_000.0
    """Voiced speech crosses zero less often; hiss and white noise more. Asked at the onset only."""
    noise_window_ms: int = 3_000
    """The quietest stretch within it is taken for the noise. Speech has gaps in three seconds, a fan has none."""


class EnergyVad:
    """One stream of s16le mono at `rate` Hz. Positions are milliseconds since its beginning."""

    def __init__(self, rate: int, tuning: VadTuning | None = None) -> None:
        self._tuning = tuning = tuning or VadTuning()
        self._frame = rate * FRAME_MS // 1000
        self._crossings_per_frame = 2 * tuning.highest_crossing_hz * FRAME_MS / 1000
        self._aligner = SampleAligner()
        self._pending = b""
        self._frames = 0
        self._run = 0
        """Frames in a row that speak for the other state."""
        self.speaking = False
        self._noise = _NoiseFloor(tuning.noise_window_ms // FRAME_MS)

    @property
    def position_ms(self) -> int:
        """How much has been judged."""
        return self._frames * FRAME_MS

    def feed(self, pcm: bytes) -> list[VadEvent]:
        """What begins and ends in the next audio, in chunks of any length."""
        data = self._pending + self._aligner.feed(pcm)
        size = self._frame * SAMPLE_BYTES
        count = len(data) // size
        self._pending = data[count * size :]
        if not count:
            return []
        frames = np.frombuffer(data, "<i2", count * self._frame).reshape(count, self._frame)
        return [
            event
            for level, crossings in zip(_levels(frames), _crossings(frames), strict=True)
            if (event := self._judge(level, crossings)) is not None
        ]

    def stop(self) -> list[SpeechStopped]:
        """Take speech for ended here, because no more audio comes to tell."""
        self._run = 0
        if not self.speaking:
            return []
        self.speaking = False
        return [SpeechStopped(audio_ms=self.position_ms)]

    def _judge(self, level: float, crossings: int) -> VadEvent | None:
        self._frames += 1
        noise = self._noise.feed(level)
        tuning = self._tuning
        if self.speaking:
            quiet = level < max(noise + tuning.release_db, tuning.quietest_speech_db)
            return self._count(quiet, tuning.release_ms, SpeechStopped)
        loud = level > max(noise + tuning.onset_db, tuning.quietest_speech_db)
        return self._count(loud and crossings <= self._crossings_per_frame, tuning.onset_ms, SpeechStarted)

    def _count(self, other: bool, needed_ms: int, event: type[VadEvent]) -> VadEvent | None:
        self._run = self._run + 1 if other else 0
        if self._run * FRAME_MS < needed_ms:
            return None
        since = (self._frames - self._run) * FRAME_MS
        self._run = 0
        self.speaking = not self.speaking
        return event(audio_ms=since)


class _NoiseFloor:
    """The quietest of the last frames, in blocks, smoothed over three frames so that one lull is not the room."""

    _BLOCKS = 6
    _LOWEST_DB = -65.0
    _EXPECTED_DB = -55.0
    _EXPECTED_BLOCKS = 2
    """For the first second: speech may begin with the first frame, and would be taken for the room."""

    def __init__(self, frames: int) -> None:
        self._per_block = max(1, frames // self._BLOCKS)
        self._blocks: deque[float] = deque([self._EXPECTED_DB], maxlen=self._BLOCKS)
        self._expecting = self._EXPECTED_BLOCKS
        self._recent: deque[float] = deque(maxlen=3)
        self._quietest = 0.0
        self._count = 0

    def feed(self, level: float) -> float:
        self._recent.append(level)
        self._quietest = min(self._quietest, max(sum(self._recent) / len(self._recent), self._LOWEST_DB))
        self._count += 1
        floor = min(self._quietest, *self._blocks)
        if self._count == self._per_block:
            self._close_block()
        return floor

    def _close_block(self) -> None:
        self._blocks.append(self._quietest)
        self._quietest, self._count = 0.0, 0
        self._expecting -= 1
        if self._expecting == 0:
            self._blocks.popleft()


def _levels(frames: NDArray[np.int16]) -> list[float]:
    """Of each frame in dB of full scale, a constant offset left out; silence is -90."""
    samples = frames.astype(np.float32) / FULL_SCALE
    power = samples.var(axis=1)
    levels: list[float] = (10 * np.log10(np.maximum(power, 1e-9))).tolist()
    return levels


def _crossings(frames: NDArray[np.int16]) -> list[int]:
    negative = np.signbit(frames - frames.mean(axis=1, keepdims=True))
    counts: list[int] = np.count_nonzero(negative[:, 1:] != negative[:, :-1], axis=1).tolist()
    return counts
