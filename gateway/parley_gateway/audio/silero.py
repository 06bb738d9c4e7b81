"""Voice activity by Silero's model: one model and one thread for all callers of a process.

A caller's audio is judged in windows of 32 ms. Windows that are no louder than the room are silent, and never
reach the model; the others of all callers that come within a few milliseconds go through it at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from parley_gateway.audio.edges import SpeechEdges, VadEvent
from parley_gateway.audio.formats import FULL_SCALE, SAMPLE_BYTES
from parley_gateway.audio.loudness import NoiseFloor, Samples, level_db, samples_of
from parley_gateway.audio.resample import Resampler
from parley_gateway.audio.silero_batches import Batches, Model
from parley_gateway.audio.silero_model import CONTEXT, RATE, WINDOW, WINDOW_MS, Floats, SileroModel, no_state

_WINDOW_BYTES = WINDOW * SAMPLE_BYTES
_MOST_WAITING = 64
"""Windows of one caller, two seconds: on a machine that is further behind, their loudness is the verdict."""


@dataclass(frozen=True, slots=True)
class SileroTuning:
    """When speech is probable, and how long it must be. Levels are dB below full scale, or above the noise."""

    onset: float = 0.5
    """Probability from which a window may begin speech."""
    release: float = 0.35
    """Probability below which it may end it: the gap between the two keeps a wavering voice in one piece."""
    onset_ms: int = 2 * WINDOW_MS
    release_ms: int = 9 * WINDOW_MS
    """Longer than the closure of a stop consonant, shorter than a pause for thought."""
    gate_db: float = 4.0
    """Above the noise, below which the model is not asked."""
    quietest_speech_db: float = -58.0
    """Nothing below is speech, however quiet the room."""
    noise_window_ms: int = 3_000
    linger: int = 3
    """Quiet windows after a loud one that the model still hears: words end softly."""
    look_back: int = 3
    """Quiet windows before a loud one that it hears then: words begin softly, and it needs to get into them.
    Without, it notices speech at a low level 100 ms later."""


@dataclass(frozen=True, slots=True)
class _Window:
    """One that waits for its turn."""

    audio: Floats | None
    """With its context, of ±1; None for a silent one, of which the model is not asked."""
    heard_before: bool = False
    """Whether it was judged already, and only helps with the next."""


class SileroActivity:
    """Implements `ports.VoiceActivity`."""

    def __init__(self, load: Callable[[], Model] = SileroModel, *, tuning: SileroTuning | None = None) -> None:
        """The model is loaded by `warm`, or for the first caller who speaks."""
        self._batches = Batches(load)
        self._tuning = tuning or SileroTuning()

    async def warm(self) -> None:
        """Load the model."""
        await self._batches.start()

    def open(self, *, sample_rate: int, on_event: Callable[[VadEvent], None]) -> SileroStream:
        """Begin to listen to one caller."""
        return SileroStream(self._batches, self._tuning, sample_rate=sample_rate, on_event=on_event)

    async def aclose(self) -> None:
        """End the thread; what waits is not judged any more."""
        await self._batches.aclose()


class SileroStream:
    """One caller. Positions are ms since the stream was opened."""

    def __init__(
        self, batches: Batches, tuning: SileroTuning, *, sample_rate: int, on_event: Callable[[VadEvent], None]
    ) -> None:
        self.state = no_state(1)
        self._batches = batches
        self._tuning = tuning
        self._on_event = on_event
        self._resampler = Resampler(sample_rate, RATE, rough=True)
        self._rest = b""
        self._context = np.zeros(CONTEXT, np.float32)
        self._noise = NoiseFloor(frame_ms=WINDOW_MS, window_ms=tuning.noise_window_ms)
        self._quiet = tuning.linger
        """Windows in a row that were not loud."""
        self._skipped: deque[Floats] = deque(maxlen=tuning.look_back)
        self._waiting: deque[_Window] = deque()
        self._taken: deque[_Window] = deque()
        self._enlisted = False
        """Whether the model has some of it, or is about to."""
        self._edges = SpeechEdges(frame_ms=WINDOW_MS, onset_ms=tuning.onset_ms, release_ms=tuning.release_ms)
        self._closed = False

    @property
    def behind(self) -> bool:
        """Whether the model has not judged all that it is to hear of what was sent."""
        return self._enlisted

    def send(self, pcm: bytes) -> None:
        """More audio, in chunks of any length of whole samples."""
        if self._closed:
            return
        data = self._rest + self._resampler.feed(pcm)
        count = len(data) // _WINDOW_BYTES
        self._rest = data[count * _WINDOW_BYTES :]
        samples = samples_of(data, count * WINDOW)
        for at in range(0, samples.size, WINDOW):
            self._hear(samples[at : at + WINDOW])

    def close(self) -> None:
        """Let go; nothing is said after this."""
        self._closed = True
        self._waiting.clear()

    # --- what the model is asked ---

    def _hear(self, window: Samples) -> None:
        level = level_db(window)
        loud = level > max(self._noise.feed(level) + self._tuning.gate_db, self._tuning.quietest_speech_db)
        self._quiet = 0 if loud else self._quiet + 1
        audio = np.empty(CONTEXT + WINDOW, np.float32)
        audio[:CONTEXT] = self._context
        np.divide(window, FULL_SCALE, out=audio[CONTEXT:])
        self._context = audio[-CONTEXT:]
        if self._quiet > self._tuning.linger:
            self._skipped.append(audio)
            self._judge_later(_Window(None))
        else:
            self._waiting.extend(_Window(before, heard_before=True) for before in self._skipped)
            self._skipped.clear()
            self._judge_later(_Window(audio))

    def _judge_later(self, window: _Window) -> None:
        """In its turn; at once where none waits before it and the verdict is there."""
        if window.audio is None and not self._waiting and not self._enlisted:
            self._judge(0.0)
            return
        self._waiting.append(window)
        if len(self._waiting) > _MOST_WAITING:
            self._judge_by_loudness()
        elif not self._enlisted:
            self._enlist()

    def _enlist(self) -> None:
        self._enlisted = True
        self._batches.enlist(self)

    def take(self) -> Sequence[Floats]:
        """What the model is to judge now, in its order."""
        self._taken, self._waiting = self._waiting, deque()
        return [window.audio for window in self._taken if window.audio is not None]

    # --- what it answers ---

    def judged(self, probabilities: Sequence[float]) -> None:
        """The verdicts on what was taken. What needs no model and came meanwhile follows at once."""
        verdicts = iter(probabilities)
        for window in self._taken:
            speech = 0.0 if window.audio is None else next(verdicts)
            if not window.heard_before:
                self._judge(speech)
        self._taken = deque()
        self._enlisted = False
        if any(window.audio is not None for window in self._waiting):
            self._enlist()
        while self._waiting and not self._enlisted:
            self._waiting.popleft()
            self._judge(0.0)

    def _judge_by_loudness(self) -> None:
        """All that waits, now: what the model still says of it comes too late."""
        for window in (*self._taken, *self._waiting):
            if not window.heard_before:
                self._judge(0.0 if window.audio is None else 1.0)
        self._taken, self._waiting = deque(), deque()

    def _judge(self, speech: float) -> None:
        tuning = self._tuning
        changes = speech < tuning.release if self._edges.speaking else speech >= tuning.onset
        event = self._edges.take(changes=changes)
        if event is not None and not self._closed:
            self._on_event(event)
