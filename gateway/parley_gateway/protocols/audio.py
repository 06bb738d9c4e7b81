"""Audio of clients, in both directions: where it belongs and how much there may be."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from parley_gateway.protocols.rates import LeakyBucket

_SAMPLE_BYTES = 2
_AHEAD_MS = 10_000
"""A client whose network stalled may send this much at once; more is a client that does not send in real time."""
_REAL_TIME_MS_PER_S = 1020
"""Sound cards run up to a few thousandths fast; 2 % covers them and fills no buffer that matters."""


class Taken(NamedTuple):
    """What is to be done with a binary frame. A tuple, for there is one for every 20 ms of each caller."""

    pcm: bytes
    """Whole samples to hand on; empty where the frame is left out."""
    flow_ms: int | None = None
    """Where the client is to be told: the ms left out so far, or 0 once all is taken again."""


class IncomingAudio:
    """The caller's audio: joined into whole samples, and bounded to what real time allows."""

    def __init__(self, *, rate: int, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._carry = b""
        self._dropping = False
        self._bucket = LeakyBucket(per_second=_REAL_TIME_MS_PER_S, capacity=_AHEAD_MS, clock=clock)

    def take(self, data: bytes) -> Taken:
        """A frame may end in the middle of a sample: that byte waits for the next one."""
        data = self._carry + data if self._carry else data
        whole = len(data) - len(data) % _SAMPLE_BYTES
        self._carry, pcm = data[whole:], data[:whole]
        ms = whole / _SAMPLE_BYTES * 1000 / self._rate
        room = self._bucket.take(ms)
        changed = room is self._dropping
        self._dropping = not room
        if room:
            return Taken(pcm, 0 if changed else None)
        return Taken(b"", max(1, round(ms)) if changed else None)


class OutgoingAudio:
    """The agent's audio: which reply the client believes it to be, and from where on."""

    def __init__(self, *, rate: int) -> None:
        self._rate = rate
        self._reply = 0
        self._cleared = 0
        self._announced_ms = 0
        self._samples = 0

    def send(self, reply: int, offset_ms: int, pcm: bytes) -> bool:
        """Count audio that is sent now; True where the client must first be told what it is.

        A rounding of one millisecond in the offset is no jump.
        """
        jumped = reply != self._reply or abs(offset_ms - self._sent_ms) > 1
        if jumped:
            self._reply, self._announced_ms, self._samples = reply, offset_ms, 0
        self._samples += len(pcm) // _SAMPLE_BYTES
        return jumped

    def clear(self, reply: int) -> None:
        """No audio of this reply or an earlier one is wanted any more."""
        self._cleared = max(self._cleared, reply)

    def is_stale(self, reply: int) -> bool:
        """Whether audio of this reply is not wanted any more."""
        return reply <= self._cleared

    @property
    def _sent_ms(self) -> int:
        return self._announced_ms + self._samples * 1000 // self._rate
