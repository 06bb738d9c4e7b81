"""Bytes and time of s16le mono."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_gateway.audio.formats import SampleAligner, bytes_to_ms, is_whole, ms_to_bytes


@pytest.mark.parametrize(
    ("ms", "rate", "size"),
    [(20, 8_000, 320), (20, 16_000, 640), (100, 24_000, 4_800), (20, 22_050, 882), (0, 8_000, 0)],
)
def test_known_sizes(ms: int, rate: int, size: int) -> None:
    assert ms_to_bytes(ms, rate) == size
    assert bytes_to_ms(size, rate) == ms


@given(ms=st.integers(0, 10_000_000), rate=st.sampled_from([8_000, 16_000, 22_050, 24_000, 44_100, 48_000]))
def test_a_duration_survives_the_way_there_and_back(ms: int, rate: int) -> None:
    size = ms_to_bytes(ms, rate)

    assert size % 2 == 0
    assert ms - 1 <= bytes_to_ms(size, rate) <= ms


@given(data=st.binary(max_size=400), cuts=st.lists(st.integers(0, 9), max_size=80))
def test_an_aligner_hands_on_whole_samples_and_loses_nothing(data: bytes, cuts: list[int]) -> None:
    aligner, at, out = SampleAligner(), 0, []
    for cut in [*cuts, len(data)]:
        out.append(aligner.feed(data[at : at + cut]))
        at += cut

    assert all(is_whole(piece) for piece in out)
    assert b"".join(out) == data[: len(data) // 2 * 2]
    assert aligner.pending == len(data) % 2
