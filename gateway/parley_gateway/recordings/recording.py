"""One session's audio on its way to its file: gathered in the event loop, handed over to a thread now and then."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from parley_gateway.audio.formats import SAMPLE_BYTES
from parley_gateway.ports import LinkCapabilities
from parley_gateway.recordings.about import About, End
from parley_gateway.recordings.arrivals import MOMENT_S, Arrivals, Piece

MOST_WAITING_S = 6.0
"""Of both sides' audio, 480 kB at usual rates, may wait for the disk: with more it does not keep up, and memory is
for conversations."""


class Batch(NamedTuple):
    """What has come since the last one."""

    caller: list[Piece]
    agent: list[Piece]
    until: float
    """The clock's time up to which there is nothing else."""
    end: End | None
    """Why nothing follows, if nothing does."""


class Recording:
    """What a session tells of its audio (`session.heard.SessionRecording`), until somebody takes it."""

    def __init__(
        self,
        about: About,
        capabilities: LinkCapabilities,
        *,
        clock: Callable[[], float],
        longest_s: float,
        on_over: Callable[[], None] = lambda: None,
    ) -> None:
        """`on_over`: is told at once when nothing follows."""
        self.about = about
        self.agent_rate = capabilities.output_rate
        self.began_at = clock()
        self.end: End | None = None
        """Why nothing follows, once nothing does."""
        self._clock = clock
        self._longest_s = longest_s
        self._on_over = on_over
        per_s = (capabilities.input_rate + capabilities.output_rate) * SAMPLE_BYTES
        self._most_waiting = int(MOST_WAITING_S * per_s)
        self._waiting = 0
        self._caller: list[Piece] = []
        self._agent: list[Piece] = []
        self._over_at = self.began_at
        self._arrivals = Arrivals(rate=capabilities.input_rate, clock=clock, tell=self._take_caller)

    # --- session.heard.SessionRecording ---

    def caller(self, pcm: bytes) -> None:
        """More of the caller's audio."""
        if self.end is None:
            self._arrivals.came(pcm)

    def agent(self, at: float, pcm: bytes) -> None:
        """What was heard of the agent."""
        if self.end is None:
            self._agent.append(Piece(at, pcm))
            self._count(pcm)

    # --- its owner's side ---

    @property
    def is_due(self) -> bool:
        """Whether it can be known where it begins: what came before the session was there comes first, at once."""
        return self.end is not None or self._clock() >= self.began_at + MOMENT_S

    def finish(self, end: End = End.SESSION) -> None:
        """Nothing follows."""
        self._arrivals.settle()
        self._finish(end)

    def take(self) -> Batch:
        """What has come since the last time."""
        if self._clock() - self.began_at >= self._longest_s:
            self.finish(End.DURATION)
        self._arrivals.look()
        caller, self._caller = self._caller, []
        agent, self._agent = self._agent, []
        self._waiting = 0
        return Batch(caller, agent, self._clock() if self.end is None else self._over_at, self.end)

    def _finish(self, end: End) -> None:
        if self.end is None:
            self.end = end
            self._over_at = self._clock()
            self._on_over()

    def _take_caller(self, piece: Piece) -> None:
        self._caller.append(piece)
        self._count(piece.pcm)

    def _count(self, pcm: bytes) -> None:
        self._waiting += len(pcm)
        if self._waiting > self._most_waiting:
            self._caller.clear()
            self._agent.clear()
            self._finish(End.SLOW)
