"""When the caller's audio was spoken: the network delays it, and only a silent client leaves it out (G14)."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from parley_gateway.recordings.arrivals import JITTER_S, Arrivals, Piece

RATE = 8_000
FRAME_S = 0.02


def frame(number: int) -> bytes:
    """20 ms that are no other's."""
    return number.to_bytes(2, "little") * 160


@dataclass
class Line:
    """A caller's line, and what is known of it."""

    now: float = 0.0
    pieces: list[Piece] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.arrivals = Arrivals(rate=RATE, clock=lambda: self.now, tell=self.pieces.append)

    def at(self, now: float, *frames: int) -> None:
        self.now = now
        for number in frames:
            self.arrivals.came(frame(number))

    def heard_at(self, number: int) -> float:
        """When a frame began."""
        for piece in self.pieces:
            if (at := piece.pcm.find(frame(number))) >= 0:
                return piece.at + at / 2 / RATE
        raise AssertionError(f"frame {number} is missing")


def test_audio_ends_when_it_came() -> None:
    line = Line()
    for n in range(1, 100):
        line.at(5 + n * FRAME_S, n)
    line.arrivals.settle()
    assert abs(line.heard_at(1) - 5.0) < 0.001
    assert abs(line.heard_at(99) - (5.0 + 98 * FRAME_S)) < 0.001


def test_what_a_stall_of_the_network_delayed_stands_where_it_was_spoken() -> None:
    line = Line()
    for n in range(1, 50):
        line.at(n * FRAME_S, n)
    line.at(4.0, *range(50, 201))
    for n in range(201, 300):
        line.at(n * FRAME_S, n)
    line.arrivals.settle()
    assert abs(line.heard_at(60) - 59 * FRAME_S) < 0.001
    assert abs(line.heard_at(299) - 298 * FRAME_S) < 0.001


def test_what_comes_a_little_late_leaves_no_gap() -> None:
    line = Line()
    for n in range(1, 200):
        line.at(n * FRAME_S + (0.09 if n > 60 else 0.0), n)
    line.arrivals.settle()
    ends = [piece.at + len(piece.pcm) / 2 / RATE for piece in line.pieces]
    assert [piece.at for piece in line.pieces[1:]] == ends[:-1]


def test_where_the_client_sent_nothing_there_is_nothing() -> None:
    line = Line()
    for n in range(1, 50):
        line.at(n * FRAME_S, n)
    for n in range(50, 100):
        line.at(10 + n * FRAME_S, n)
    line.arrivals.settle()
    assert abs(line.heard_at(50) - (10 + 49 * FRAME_S)) < 0.001


def test_what_is_kept_back_for_a_moment_is_told_though_nothing_follows() -> None:
    line = Line()
    line.at(1.0, 1)
    line.arrivals.look()
    assert line.pieces == []
    line.now = 2.0
    line.arrivals.look()
    assert len(line.pieces) == 1


Delays = st.lists(st.floats(0, 1.5), min_size=1, max_size=120)


@given(Delays)
def test_g14_nothing_is_lost_doubled_or_heard_before_it_was_spoken(delays: list[float]) -> None:
    """A microphone that is never off, over a network that delays frames and keeps their order."""
    line = Line()
    now = 0.0
    for n, delay in enumerate(delays, start=1):
        now = max(now, n * FRAME_S + delay)
        line.at(now, n)
    line.arrivals.settle()
    assert b"".join(piece.pcm for piece in line.pieces) == b"".join(frame(n) for n in range(1, len(delays) + 1))
    ended = -1.0
    for piece in line.pieces:
        assert piece.at >= ended - 1e-9
        ended = piece.at + len(piece.pcm) / 2 / RATE
    for n in range(1, len(delays) + 1):
        assert line.heard_at(n) >= (n - 1) * FRAME_S - 1e-6
    assert ended <= now + max(delays) + JITTER_S, "and later than it came by no more than the network was late"
