"""Promises to callers, and whether a turn has kept them."""

from __future__ import annotations

from parley_contract.observability import SlaConfig
from parley_gateway.session.observer import Latency

ALL = "all"
"""The promise to keep every promise."""


class TurnSla:
    """One session's present turn: what lies between the end of one reply and the end of the next."""

    def __init__(self, config: SlaConfig) -> None:
        self._most = {
            Latency.FIRST_TOKEN: config.first_token,
            Latency.PARTIAL_ASR: config.partial_transcript,
            Latency.BARGE_IN: config.barge_in,
            Latency.SYNTHESIS: config.synthesis,
            Latency.FIRST_AUDIO: config.first_audio,
        }
        self._kept: dict[str, bool] = {}

    def latency(self, kind: Latency, seconds: float) -> None:
        """Something was measured in this turn."""
        most = self._most.get(kind)
        if most is not None:
            self._kept[kind.value] = self._kept.get(kind.value, True) and seconds <= most

    def close(self, *, failed: bool) -> dict[str, bool]:
        """The turn is over: which promises were put to the test, and whether they were kept.

        Empty where nothing was promised about it, as of a greeting. A reply that failed keeps none of `all`.
        """
        kept, self._kept = self._kept, {}
        if kept or failed:
            kept[ALL] = not failed and all(kept.values())
        return kept
