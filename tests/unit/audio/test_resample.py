"""Resampling keeps time, level and tone, and does not notice how its input was cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley_gateway.audio.resample import Resampler

RATES = [8_000, 16_000, 22_050, 24_000, 44_100, 48_000]


def tone(hz: float, rate: int, seconds: float = 1.0, amplitude: float = 0.5) -> bytes:
    time = np.arange(int(rate * seconds)) / rate
    return (amplitude * 32_767 * np.sin(2 * np.pi * hz * time)).astype("<i2").tobytes()


def whole(resampler: Resampler, pcm: bytes) -> bytes:
    return resampler.feed(pcm) + resampler.flush()


@pytest.mark.parametrize("in_rate", RATES)
@pytest.mark.parametrize("out_rate", RATES)
def test_a_second_stays_a_second_and_a_tone_stays_that_tone(in_rate: int, out_rate: int) -> None:
    out = np.frombuffer(whole(Resampler(in_rate, out_rate), tone(1_000, in_rate)), "<i2").astype(float)

    assert abs(len(out) - out_rate) <= 1
    middle = out[out_rate // 4 : 3 * out_rate // 4]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert spectrum.argmax() * out_rate / len(middle) == pytest.approx(1_000, abs=4)
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.5 * 32_767 / np.sqrt(2), rel=0.01)


@settings(deadline=None, max_examples=60)
@given(
    rates=st.tuples(st.sampled_from(RATES), st.sampled_from(RATES)),
    cuts=st.lists(st.integers(0, 700), max_size=30),
    seed=st.integers(0, 2**32 - 1),
)
def test_chunks_make_no_difference(rates: tuple[int, int], cuts: list[int], seed: int) -> None:
    pcm = np.random.default_rng(seed).integers(-32_768, 32_768, 6_000).astype("<i2").tobytes()
    resampler = Resampler(*rates)
    pieces, at = [], 0
    for cut in cuts:
        pieces.append(resampler.feed(pcm[at : at + cut * 2]))
        at += cut * 2
    pieces += [resampler.feed(pcm[at:]), resampler.flush()]

    assert b"".join(pieces) == whole(Resampler(*rates), pcm)


def test_equal_rates_hand_on_the_same_bytes() -> None:
    pcm = tone(440, 16_000)
    resampler = Resampler(16_000, 16_000)

    assert resampler.feed(pcm) is pcm
    assert resampler.flush() == b""


@pytest.mark.parametrize(
    ("in_rate", "out_rate"), [(8_000, 16_000), (16_000, 8_000), (22_050, 24_000), (48_000, 16_000)]
)
@pytest.mark.parametrize("rough", [False, True], ids=["for people", "for detectors"])
def test_it_lags_the_live_stream_by_less_than_three_frames(in_rate: int, out_rate: int, rough: bool) -> None:
    resampler = Resampler(in_rate, out_rate, rough=rough)
    pcm = tone(1_000, in_rate)
    frame = in_rate // 50 * 2
    produced = sum(len(resampler.feed(pcm[at : at + frame])) for at in range(0, len(pcm), frame))

    assert (out_rate - produced / 2) / out_rate < 0.060


def test_full_scale_clips_instead_of_wrapping() -> None:
    square = np.where(np.arange(8_000) // 20 % 2, 32_767, -32_768).astype("<i2")
    out = np.frombuffer(whole(Resampler(8_000, 16_000), square.tobytes()), "<i2")

    assert out.max() == 32_767
    assert out.min() == -32_768
    steady = np.arange(8_000) % 20 // 5 % 3 > 0  # away from the edges, where the sign is certain
    assert np.all((out[::2][steady] > 0) == (square[steady] > 0))


def test_after_a_flush_a_new_stream_begins_with_no_memory_of_the_old() -> None:
    resampler = Resampler(8_000, 16_000)
    first = whole(resampler, tone(300, 8_000))

    assert whole(resampler, tone(300, 8_000)) == first


def test_half_a_sample_is_an_error_that_says_so() -> None:
    with pytest.raises(ValueError, match="whole 16-bit samples"):
        Resampler(8_000, 16_000).feed(b"\x00")


@pytest.mark.parametrize("rate", [0, -8_000, 3_999, 192_001])
def test_a_rate_out_of_range_is_an_error_that_names_it(rate: int) -> None:
    with pytest.raises(ValueError, match=f"{rate} Hz"):
        Resampler(rate, 16_000)
