"""When the caller makes the sound of speech, as one story told by two: our own detector, and the recogniser.

Speech begins with whoever notices it first. The recogniser's news is late by the network, so what it says of a
stretch that our detector has heard and closed already is no news. Positions are ms of the caller's audio.
"""

from __future__ import annotations

from collections.abc import Callable

from parley_gateway.audio.formats import bytes_to_ms
from parley_gateway.conversation.events import SpeechStarted, SpeechStopped
from parley_gateway.ports import VoiceActivity, VoiceActivityStream

Sound = SpeechStarted | SpeechStopped


class Hearing:
    """One caller's. Starts and stops that are told alternate."""

    def __init__(self, activity: VoiceActivity, *, sample_rate: int, tell: Callable[[Sound], None]) -> None:
        self._activity = activity
        self._rate = sample_rate
        self._tell = tell
        self._received = 0
        self._base_ms = 0
        self._speaking_since: int | None = None
        self._heard_through = 0
        """All speech before it has been told of."""
        self._stream = self._open()

    def audio(self, pcm: bytes) -> None:
        """More of the caller's audio."""
        self._received += len(pcm)
        self._stream.send(pcm)

    def told(self, sound: Sound) -> None:
        """What the recogniser says."""
        if isinstance(sound, SpeechStarted):
            if self._speaking_since is None and sound.audio_ms >= self._heard_through:
                self._started(sound)
        elif self._speaking_since is not None and sound.audio_ms > self._speaking_since:
            self._stopped(sound)

    def pause(self) -> None:
        """No audio comes for now: what is spoken is over, and is not to be told any more."""
        self._stream.close()
        self._speaking_since = None
        self._heard_through = self._base_ms = bytes_to_ms(self._received, self._rate)
        self._stream = self._open()

    def close(self) -> None:
        """Let go; nothing is told after this."""
        self._stream.close()

    def _open(self) -> VoiceActivityStream:
        return self._activity.open(sample_rate=self._rate, on_event=self._detected)

    def _detected(self, sound: Sound) -> None:
        at = self._base_ms + sound.audio_ms
        if isinstance(sound, SpeechStarted):
            if self._speaking_since is None:
                self._started(SpeechStarted(at))
        else:
            self._heard_through = at
            if self._speaking_since is not None:
                self._stopped(SpeechStopped(max(at, self._speaking_since)))

    def _started(self, sound: SpeechStarted) -> None:
        self._speaking_since = sound.audio_ms
        self._tell(sound)

    def _stopped(self, sound: SpeechStopped) -> None:
        self._speaking_since = None
        self._tell(sound)
