"""Utterances: nothing is heard twice, what is spoken is within, and what is kept is bounded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from parley_gateway.providers.stt.utterances import (
    LONGEST_MS,
    POST_ROLL_MS,
    PRE_ROLL_MS,
    SHORTEST_MS,
    Utterance,
    Utterances,
)

RATE = 1_000
"""One sample per millisecond, which says which one it is."""
_BYTES_PER_MS = 2
_COUNTED = b"".join(ms.to_bytes(_BYTES_PER_MS, "little") for ms in range(60_000))


def audio(begin_ms: int, end_ms: int) -> bytes:
    return _COUNTED[_BYTES_PER_MS * begin_ms : _BYTES_PER_MS * end_ms]


def test_g02_speech_is_cut_with_some_audio_around_it() -> None:
    utterances = Utterances(RATE)
    utterances.feed(audio(0, 1_000))
    utterances.started(900)
    utterances.feed(audio(1_000, 3_000))
    assert utterances.stopped(2_500) == Utterance(1, audio(900 - PRE_ROLL_MS, 2_500 + POST_ROLL_MS))
    assert not utterances.open


def test_g02_a_cough_is_no_utterance() -> None:
    utterances = Utterances(RATE)
    utterances.feed(audio(0, 2_000))
    utterances.started(1_000)
    assert utterances.stopped(1_000 + SHORTEST_MS - 1) is None


def test_g02_nothing_is_heard_twice() -> None:
    utterances = Utterances(RATE)
    utterances.feed(audio(0, 2_000))
    utterances.started(500)
    first = utterances.stopped(1_500)
    utterances.feed(audio(2_000, 4_000))
    utterances.started(1_800)
    second = utterances.stopped(3_000)
    assert first is not None
    assert second is not None
    assert second.pcm == audio(1_500 + POST_ROLL_MS, 3_000 + POST_ROLL_MS)


def test_g02_speech_in_a_long_piece_of_audio_is_whole() -> None:
    utterances = Utterances(RATE)
    utterances.feed(audio(0, 10_000))
    utterances.started(2_000)
    assert utterances.stopped(3_000) == Utterance(1, audio(2_000 - PRE_ROLL_MS, 3_000 + POST_ROLL_MS))


def test_g02_endless_speech_is_heard_in_pieces() -> None:
    utterances, pieces = Utterances(RATE), list[Utterance]()
    utterances.feed(audio(0, 1_000))
    utterances.started(1_000)
    for at in range(1_000, 60_000, 100):
        pieces += [piece for piece in [utterances.feed(audio(at, at + 100))] if piece]
        assert len(utterances._audio) <= _BYTES_PER_MS * (LONGEST_MS + PRE_ROLL_MS + 100)
    assert b"".join(piece.pcm for piece in pieces) == audio(1_000 - PRE_ROLL_MS, 1_000 + 2 * LONGEST_MS)
    assert [piece.number for piece in pieces] == [1, 2]


def test_g02_silence_is_not_kept() -> None:
    utterances = Utterances(RATE)
    for _ in range(60):
        utterances.feed(bytes(_BYTES_PER_MS * 1_000))
    assert len(utterances._audio) <= _BYTES_PER_MS * 4_000


@given(st.lists(st.tuples(st.integers(0, 900), st.sampled_from(["start", "stop", "now"])), max_size=40))
def test_g02_cuts_follow_each_other_and_hold_whole_samples(steps: list[tuple[int, str]]) -> None:
    utterances, at, end, number = Utterances(RATE), 0, -1, 0
    for ms, step in steps:
        utterances.feed(audio(at, at + ms))
        at += ms
        cut = None
        if step == "start":
            utterances.started(max(0, at - 100))
        else:
            cut = utterances.stopped(at) if step == "stop" else utterances.now()
        if cut is not None:
            assert cut.number > number
            assert len(cut.pcm) % 2 == 0
            assert len(cut.pcm) >= _BYTES_PER_MS * SHORTEST_MS
            first = int.from_bytes(cut.pcm[:2], "little")
            assert first > end or number == 0
            end = int.from_bytes(cut.pcm[-2:], "little")
            number = cut.number
