"""µ-law is that of ITU-T G.711: the values of its tables, and the properties that the standard states."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_gateway.audio import mulaw

DECISIONS = [
    (0, 0xFF),
    (0, 0x7F),
    (8, 0xFE),
    (-8, 0x7E),
    (132, 0xEF),
    (-132, 0x6F),
    (32_124, 0x80),
    (-32_124, 0x00),
]
"""Values of the standard's table 2, scaled from 14 bits to 16, and their words."""

BELOW_14_BITS = 3
"""The standard codes 14 bits: what the two below them held is lost before."""


def one(sample: int) -> bytes:
    return struct.pack("<h", sample)


@pytest.mark.parametrize(("sample", "word"), DECISIONS)
def test_a_word_means_what_the_standard_says(sample: int, word: int) -> None:
    assert mulaw.decode(bytes([word])) == one(sample)


@pytest.mark.parametrize("word", [word for word in range(256) if word != 0x7F])
def test_every_word_survives_a_round_trip(word: int) -> None:
    assert mulaw.encode(mulaw.decode(bytes([word]))) == bytes([word])


def test_the_negative_zero_becomes_the_positive_one() -> None:
    assert mulaw.encode(mulaw.decode(b"\x7f")) == b"\xff"


@given(st.integers(-32_768, 32_767))
def test_a_sample_comes_back_within_half_a_step_of_its_segment(sample: int) -> None:
    (back,) = struct.unpack("<h", mulaw.decode(mulaw.encode(one(sample))))
    clipped = max(-32_635, min(32_635, sample))
    assert abs(back - clipped) <= max(4, (abs(clipped) + 132) / 32) + BELOW_14_BITS


@given(st.integers(-32_768, 32_766))
def test_louder_is_never_coded_as_softer(sample: int) -> None:
    below, above = (
        struct.unpack("<h", mulaw.decode(mulaw.encode(one(value))))[0] for value in (sample, sample + 1)
    )
    assert below <= above


@given(st.binary(max_size=400))
def test_a_stream_may_be_cut_anywhere(words: bytes) -> None:
    half = len(words) // 2
    assert mulaw.decode(words[:half]) + mulaw.decode(words[half:]) == mulaw.decode(words)


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="whole 16-bit samples"):
        mulaw.encode(b"\0")
