"""What a protocol measures, as the process that serves it wants to hear it."""

from __future__ import annotations

from typing import Protocol


class ProtocolObserver(Protocol):
    """Hears of one or of many connections. No call may raise or block."""

    def input_dropped(self, ms: int) -> None:
        """That much of a caller's audio was left out."""
        ...
