"""Voice activity by loudness: nothing to load, and nothing that sessions share."""

from __future__ import annotations

from collections.abc import Callable

from parley_gateway.audio.edges import VadEvent
from parley_gateway.audio.vad import EnergyVad


class EnergyActivity:
    """Implements `ports.VoiceActivity`."""

    async def warm(self) -> None:
        """There is nothing to load."""

    def open(self, *, sample_rate: int, on_event: Callable[[VadEvent], None]) -> EnergyStream:
        """Begin to listen to one caller."""
        return EnergyStream(EnergyVad(sample_rate), on_event)

    async def aclose(self) -> None:
        """There is nothing to let go of."""


class EnergyStream:
    """One caller; what is heard in a chunk is told before `send` returns."""

    def __init__(self, vad: EnergyVad, on_event: Callable[[VadEvent], None]) -> None:
        self._vad = vad
        self._on_event = on_event
        self._closed = False

    def send(self, pcm: bytes) -> None:
        """More audio, in chunks of any length."""
        for event in () if self._closed else self._vad.feed(pcm):
            self._on_event(event)

    def close(self) -> None:
        """Let go; nothing is said after this."""
        self._closed = True
