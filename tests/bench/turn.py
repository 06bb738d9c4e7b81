"""One turn of a benchmark's conversation: when each thing happened, as seen from outside of the server."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field

clock = time.perf_counter
"""Of all times here, in seconds."""

_SAID = re.compile(rb"caller (\d+) asks (\d+)")
_ANSWERED = re.compile(r"Caller (\d+) hears answer (\d+)")


@dataclass
class Turn:
    """Of one caller. Times are None until the thing has happened."""

    caller: int
    number: int
    audio_s: float
    """How long its answer will be."""
    ended: float | None = None
    """The recogniser said that the turn is over."""
    asked: float | None = None
    """The model has the request."""
    written: float | None = None
    """The model has sent the end of the first sentence."""
    voiced: float | None = None
    """The voice has the first sentence."""
    spoken: float | None = None
    """The voice has sent the first audio."""
    heard: float | None = None
    """The client has the first audio."""
    heard_s: float = 0.0
    """Audio that the client has."""
    underruns: int = 0
    underrun_s: float = 0.0
    interrupted: float | None = None
    """The recogniser said that the caller speaks into the answer."""
    stopped: float | None = None
    """The client was told to stop."""
    _spans: list[float] = field(default_factory=list)

    @property
    def question(self) -> str:
        """What the recogniser understands."""
        return f"caller {self.caller} asks {self.number}"

    @property
    def sentences(self) -> tuple[str, str]:
        """What the model answers."""
        return (
            f"Caller {self.caller} hears answer {self.number} now.",
            "The kitchen is open until ten and there is a table by the window.",
        )

    @property
    def to_model_s(self) -> float | None:
        """End of turn → request of the model."""
        return _span(self.ended, self.asked)

    @property
    def to_voice_s(self) -> float | None:
        """First sentence → request of the voice."""
        return _span(self.written, self.voiced)

    @property
    def to_client_s(self) -> float | None:
        """First audio → client."""
        return _span(self.spoken, self.heard)

    @property
    def added_s(self) -> float | None:
        """What the server adds to what the providers take; never less than nothing for a part."""
        return _sum(self.to_model_s, self.to_voice_s, self.to_client_s)

    @property
    def after_model_s(self) -> float | None:
        """The same, from the model's first sentence on."""
        return _sum(self.to_voice_s, self.to_client_s)

    @property
    def to_silence_s(self) -> float | None:
        """The recogniser hears speech → the client is told to stop."""
        return _span(self.interrupted, self.stopped)


def _span(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else end - start


def _sum(*parts: float | None) -> float | None:
    known = [max(0.0, part) for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


def asked_in(body: bytes) -> tuple[int, int] | None:
    """Caller and number of the last question in a request."""
    last = [*_SAID.finditer(body)][-1:]
    return (int(last[0][1]), int(last[0][2])) if last else None


def answered_in(text: str) -> tuple[int, int] | None:
    """Caller and number of the answer that a text is of."""
    found = _ANSWERED.search(text)
    return (int(found[1]), int(found[2])) if found else None
