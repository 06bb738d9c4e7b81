"""All timings and bounds of the core in one place, in seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timings:
    """How long the core waits for what, before it goes on without."""

    session_s: float = 1800.0
    """How long a session may last."""
    idle_s: float = 300.0
    """How long it may last without speech or text of either side."""
    min_speech_s: float = 0.2
    """Speech shorter than this, and without words, only pauses a reply."""
    end_of_speech_s: float = 0.6
    """Silence that ends a turn where the recogniser does not say when one ends."""
    transcript_s: float = 3.0
    """How long the words of speech that has stopped are waited for."""
    endless_speech_s: float = 10.0
    """Speech that brings no word and no end for so long was none, or its end was lost."""
    reply_stall_s: float = 35.0
    """A reply that makes no progress for so long has failed: the outer bound around all providers' deadlines."""
    max_failures: int = 3
    """So many replies that failed in a row end the session."""
    max_unprompted: int = 2
    """So often in a row the agent goes on by itself after noise had stopped it."""
