"""A session's audio for whoever keeps it: the caller's as it comes, the agent's once it is heard.

What was sent to the client is not yet heard: it may be paused, dropped and sent again, or cut off.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from parley_gateway.audio.formats import SAMPLE_BYTES


class SessionRecording(Protocol):
    """Where one session's audio is kept. No method blocks or raises, whatever becomes of it."""

    def caller(self, pcm: bytes) -> None:
        """More of the caller's audio, at the link's input rate, as it has just come."""
        ...

    def agent(self, at: float, pcm: bytes) -> None:
        """The caller has heard this of the agent, from the loop's time `at` on; at the link's output rate."""
        ...


class HeardAudio:
    """The audio of one reply between its being sent and its being heard."""

    def __init__(self, tell: Callable[[float, bytes], None], *, rate: int) -> None:
        """`tell`: is told when what was heard began, and what it was."""
        self._tell = tell
        self._bytes_per_s = rate * SAMPLE_BYTES
        self._told = 0
        """Bytes of the reply that are known to have been heard."""
        self._unheard = bytearray()

    def sent(self, pcm: bytes) -> None:
        """The client has more of the reply."""
        self._unheard += pcm

    def settle(self, upto: int, *, began_at: float) -> None:
        """So many bytes of the reply were heard, its first one at `began_at` if there were no pauses since."""
        size = min(upto - self._told, len(self._unheard))
        if size > 0:
            self._tell(began_at + self._told / self._bytes_per_s, bytes(self._unheard[:size]))
            del self._unheard[:size]
            self._told += size

    def taken_back(self, size: int) -> None:
        """The client has dropped the last of it, which is sent again: a little of it is heard twice."""
        again = max(0, size - len(self._unheard))
        del self._unheard[len(self._unheard) - (size - again) :]
        self._told -= again
