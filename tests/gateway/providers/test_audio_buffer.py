"""Audio on its way to a recogniser is bounded, in order, and knows its place in what the caller said."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from parley_gateway.providers.audio_buffer import AudioBuffer

RATE = 16_000
MS = 32  # bytes
CAPACITY_MS = 200

# What is pushed (ms), then how much is taken (ms).
steps = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 300)), max_size=30)


def numbered(first_ms: int, ms: int) -> bytes:
    """Audio of which every ms says which of the caller's it is."""
    return b"".join(n.to_bytes(4, "little") * (MS // 4) for n in range(first_ms, first_ms + ms))


@given(steps)
def test_g04_what_is_taken_is_what_was_said_in_its_order_without_the_dropped(
    pushed: list[tuple[int, int]],
) -> None:
    buffer = AudioBuffer(rate=RATE, capacity_ms=CAPACITY_MS)
    said_ms = taken_ms = dropped_ms = 0
    for push_ms, take_ms in pushed:
        dropped_ms += buffer.push(numbered(said_ms, push_ms))
        said_ms += push_ms
        assert buffer.pending_ms <= CAPACITY_MS
        pcm = buffer.take(take_ms)
        for at in range(0, len(pcm), MS):
            assert buffer.caller_ms(taken_ms) == int.from_bytes(pcm[at : at + 4], "little")
            taken_ms += 1
    assert said_ms == taken_ms + dropped_ms + buffer.pending_ms


@given(st.lists(st.integers(0, 3000), max_size=20))
def test_g04_without_a_drop_the_places_are_the_same(lengths: list[int]) -> None:
    buffer = AudioBuffer(rate=RATE, capacity_ms=100_000)
    assert [buffer.push(bytes(length * 2)) for length in lengths] == [0] * len(lengths)
    assert buffer.caller_ms(12_345) == 12_345
