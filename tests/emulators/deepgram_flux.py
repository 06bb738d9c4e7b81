"""Deepgram Flux's `/v2/listen` over a WebSocket."""

from __future__ import annotations

from tests.emulators.deepgram_v1 import Answering, DeepgramListen
from tests.emulators.flux_recogniser import FluxRecogniser
from tests.emulators.journal import Entry
from tests.emulators.recogniser import Message


class DeepgramFlux(DeepgramListen):
    """Version 2."""

    route = "/v2/listen"

    def recogniser(self, entry: Entry) -> Answering:
        """What listens to one stream."""
        return FluxRecogniser(self.script, eager="eager_eot_threshold" in entry.query)

    def greeting(self) -> list[Message]:
        """That it listens."""
        return [{"type": "Connected", "request_id": "emulated", "sequence_id": 0}]
