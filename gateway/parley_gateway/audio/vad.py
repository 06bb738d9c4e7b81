"""Whether somebody speaks, from energy and zero crossings of 20 ms frames: no model, no state but the room.

Enough for a quiet room or a telephone; a recogniser behind it decides whether the sound was words.
"""

from __future__ import annotations

from dataclasses import dataclass

from parley_gateway.audio.edges import SpeechEdges, VadEvent
from parley_gateway.audio.formats import SAMPLE_BYTES, SampleAligner
from parley_gateway.audio.loudness import NoiseFloor, Samples, level_db, samples_of, zero_crossings
from parley_gateway.conversation.events import SpeechStopped

__all__ = ["FRAME_MS", "EnergyVad", "VadEvent", "VadTuning"]

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
        self._noise = NoiseFloor(frame_ms=FRAME_MS, window_ms=tuning.noise_window_ms)
        self._edges = SpeechEdges(frame_ms=FRAME_MS, onset_ms=tuning.onset_ms, release_ms=tuning.release_ms)

    @property
    def speaking(self) -> bool:
        """Whether speech has begun and not ended."""
        return self._edges.speaking

    @property
    def position_ms(self) -> int:
        """How much has been judged."""
        return self._edges.position_ms

    def feed(self, pcm: bytes) -> list[VadEvent]:
        """What begins and ends in the next audio, in chunks of any length."""
        data = self._pending + self._aligner.feed(pcm)
        size = self._frame * SAMPLE_BYTES
        count = len(data) // size
        self._pending = data[count * size :]
        if not count:
            return []
        samples = samples_of(data, count * self._frame)
        frames = (samples[at : at + self._frame] for at in range(0, samples.size, self._frame))
        return [event for frame in frames if (event := self._edges.take(changes=self._changes(frame))) is not None]

    def stop(self) -> list[SpeechStopped]:
        """Take speech for ended here, because no more audio comes to tell."""
        stopped = self._edges.stop()
        return [] if stopped is None else [stopped]

    def _changes(self, frame: Samples) -> bool:
        level = level_db(frame)
        noise = self._noise.feed(level)
        tuning = self._tuning
        if self._edges.speaking:
            return level < max(noise + tuning.release_db, tuning.quietest_speech_db)
        loud = level > max(noise + tuning.onset_db, tuning.quietest_speech_db)
        return loud and zero_crossings(frame) <= self._crossings_per_frame
