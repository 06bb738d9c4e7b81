"""From times to samples: no sample twice, none lost, no seam where audio is continuous (G14)."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_gateway.recordings.track import SEAM_S, Placed, Track
from tests.emulators.speech import speech_like

RATE = 8_000


def samples(ms: int) -> bytes:
    return b"\x01\x00" * (RATE * ms // 1000)


def test_audio_stands_where_it_was() -> None:
    track = Track(rate=RATE, file_rate=RATE)
    assert track.place(1.5, samples(20)) == [Placed(12_000, samples(20))]


def test_audio_that_follows_at_once_leaves_no_seam() -> None:
    track = Track(rate=RATE, file_rate=RATE)
    track.place(1.0, samples(20))
    assert track.place(1.0 + 0.02 + 0.9 * SEAM_S, samples(20)) == [Placed(8_160, samples(20))]


def test_audio_that_comes_before_the_end_of_the_last_begins_there() -> None:
    track = Track(rate=RATE, file_rate=RATE)
    track.place(1.0, samples(500))
    assert track.place(1.2, samples(20)) == [Placed(12_000, samples(20))]


Pieces = st.lists(st.tuples(st.floats(0, 2), st.integers(1, 400)), max_size=40)


@given(Pieces)
def test_g14_every_sample_has_a_place_of_its_own(pieces: list[tuple[float, int]]) -> None:
    track = Track(rate=RATE, file_rate=RATE)
    now, end, put = 0.0, 0, 0
    for pause, ms in pieces:
        now += pause
        for at, pcm in track.place(now, samples(ms)):
            assert at >= end
            assert at >= (now - SEAM_S) * RATE - 1
            end = at + len(pcm) // 2
            put += len(pcm)
        now += ms / 1000
    assert track.end() == []
    assert put == sum(len(samples(ms)) for _, ms in pieces)


@pytest.mark.parametrize("file_rate", [8_000, 16_000, 48_000])
def test_g14_speech_at_another_rate_keeps_its_time_and_is_whole(file_rate: int) -> None:
    """Cut into pieces as a playout tells it, and with a pause between two replies."""
    track = Track(rate=24_000, file_rate=file_rate)
    speech = speech_like(1_000, rate=24_000)
    placed: list[Placed] = []
    for reply_at in (0.5, 3.0):
        for n in range(10):
            placed += track.place(reply_at + n * 0.1, speech[n * 4_800 : (n + 1) * 4_800])
    placed += track.end()
    for reply_at in (0.5, 3.0):
        begin = round(reply_at * file_rate)
        ours = [one for one in placed if begin <= one.at < begin + 2 * file_rate]
        assert ours[0].at == begin
        assert sum(len(one.pcm) // 2 for one in ours) == pytest.approx(file_rate, abs=2)
        assert all(a.at + len(a.pcm) // 2 == b.at for a, b in pairwise(ours))
