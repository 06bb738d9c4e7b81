"""How much audio a recogniser was sent, told as it is sent: a budget cannot stop what it does not know of."""

from __future__ import annotations

from parley_gateway.conversation.events import Stage
from parley_gateway.ports import SttRequest, Unit, Usage

INTERVAL_S = 10.0
"""Of audio, after which it is told."""
_SAMPLE_BYTES = 2


class AudioMeter:
    """The parts add up to all that was sent."""

    def __init__(self, request: SttRequest, *, provider: str, model: str, rate: int) -> None:
        """`rate`: Hz of the s16le mono that is sent."""
        self._meter = request.meter
        self._provider = provider
        self._model = model
        self._bytes_per_s = rate * _SAMPLE_BYTES
        self._untold = 0

    def sent(self, pcm: bytes) -> None:
        """More has gone out."""
        self._untold += len(pcm)
        if self._untold >= INTERVAL_S * self._bytes_per_s:
            self.settle()

    def settle(self) -> None:
        """Tell what is left, because no more is sent, or for now."""
        if self._untold:
            amounts = {Unit.AUDIO_SECONDS: self._untold / self._bytes_per_s}
            self._untold = 0
            self._meter(Usage(Stage.STT, self._provider, self._model, amounts))
