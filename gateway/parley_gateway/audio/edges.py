"""From a verdict on each frame to the beginnings and ends of speech: each must last before it counts."""

from __future__ import annotations

from parley_gateway.conversation.events import SpeechStarted, SpeechStopped

VadEvent = SpeechStarted | SpeechStopped


class SpeechEdges:
    """One stream. Positions are ms since its beginning, of where the change began and not of where it was sure."""

    def __init__(self, *, frame_ms: int, onset_ms: int, release_ms: int) -> None:
        """`onset_ms`: so long frames must be speech for it to begin; `release_ms`: not be speech for it to end."""
        self._frame_ms = frame_ms
        self._onset_ms = onset_ms
        self._release_ms = release_ms
        self._frames = 0
        self._run = 0
        """Frames in a row that speak for the other state."""
        self.speaking = False

    @property
    def position_ms(self) -> int:
        """How much has been judged."""
        return self._frames * self._frame_ms

    def take(self, *, changes: bool) -> VadEvent | None:
        """The verdict on the next frame: whether it speaks against the present state."""
        self._frames += 1
        self._run = self._run + 1 if changes else 0
        if self._run * self._frame_ms < (self._release_ms if self.speaking else self._onset_ms):
            return None
        since = (self._frames - self._run) * self._frame_ms
        self._run = 0
        self.speaking = not self.speaking
        return SpeechStarted(since) if self.speaking else SpeechStopped(since)

    def stop(self) -> SpeechStopped | None:
        """Take speech for ended here, because no more audio comes to tell."""
        self._run = 0
        if not self.speaking:
            return None
        self.speaking = False
        return SpeechStopped(self.position_ms)
