"""Whole utterances, cut out of a caller's audio by what a detector says of it. No clock but the audio, no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field

from parley_gateway.audio.formats import SAMPLE_BYTES, bytes_to_ms, ms_to_bytes

PRE_ROLL_MS = 300
"""Kept before speech: the soft beginning of a word lies before what a detector notices."""
POST_ROLL_MS = 200
"""Kept after it, where there is as much: models guess at words that end with the audio."""
SHORTEST_MS = 120
"""Of speech. A cough or a click is not worth a request, and makes these models invent words."""
LONGEST_MS = 28_000
"""Whisper hears 30 s at a time; who talks on is heard in pieces."""
_LAG_MS = 2_500
"""More than any detector takes to say that speech has begun: Silero's may be two seconds behind."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """What is to be recognised as one."""

    number: int
    pcm: bytes = field(repr=False)


class Utterances:
    """One caller's. Positions are ms of the audio since the beginning."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._audio = bytearray()
        self._forgotten = 0
        """Bytes before what is kept."""
        self._count = 0
        self._since: int | None = None
        """Where the open utterance's speech began."""
        self._cut_through = 0
        """Where the last one ended: nothing is heard twice."""

    @property
    def open(self) -> bool:
        """Whether an utterance has begun and not ended."""
        return self._since is not None

    @property
    def position_ms(self) -> int:
        """All audio so far."""
        return bytes_to_ms(self._forgotten + len(self._audio), self._rate)

    def feed(self, pcm: bytes) -> Utterance | None:
        """More audio; an utterance that has become as long as may be is cut here, and goes on as the next.

        However long the piece, all of it is kept until the next one: the detector has not heard it yet.
        """
        self._forget()
        self._audio += pcm
        cut = None
        if self._since is not None and self.position_ms - self._since >= LONGEST_MS:
            cut = self._cut(self._since, self.position_ms)
            self._since = self.position_ms
        return cut

    def started(self, at_ms: int) -> None:
        """Speech has begun there."""
        if self._since is None:
            self._since = at_ms

    def stopped(self, at_ms: int) -> Utterance | None:
        """Speech has ended there; None where it was too short to be any."""
        since, self._since = self._since, None
        return None if since is None else self._cut(since, at_ms)

    def now(self) -> Utterance | None:
        """What is open up to here, because somebody wants it now. If speech goes on, it does so as the next."""
        if self._since is None:
            return None
        since, self._since = self._since, self.position_ms
        return self._cut(since, self.position_ms)

    def number(self) -> int:
        """The number of an utterance without audio."""
        self._count += 1
        return self._count

    def _cut(self, since: int, until: int) -> Utterance | None:
        if until - since < SHORTEST_MS:
            return None
        begin = max(since - PRE_ROLL_MS, self._cut_through)
        end = min(until + POST_ROLL_MS, self.position_ms)
        self._cut_through = end
        first, last = (max(0, ms_to_bytes(at, self._rate) - self._forgotten) for at in (begin, end))
        return Utterance(self.number(), bytes(self._audio[first:last]))

    def _forget(self) -> None:
        """Keep the open utterance, or what may turn out to be the beginning of one."""
        keep_from = self.position_ms - _LAG_MS if self._since is None else self._since
        surplus = ms_to_bytes(keep_from - PRE_ROLL_MS, self._rate) - self._forgotten
        if surplus > 0:
            surplus -= surplus % SAMPLE_BYTES
            del self._audio[:surplus]
            self._forgotten += surplus
