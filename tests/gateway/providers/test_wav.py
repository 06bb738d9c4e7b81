"""What is around the PCM of a server that answers with WAV is never played."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_gateway.conversation.events import FailureKind
from parley_gateway.ports import ProviderError
from parley_gateway.providers.tts.wav import Unwrapped
from tests.emulators.speech import wav_header

RATE = 22_050
PCM = bytes(range(200))
cuts = st.lists(st.integers(0, 300), max_size=12).map(sorted)


def unwrapped(data: bytes, cut: list[int]) -> bytes:
    audio = Unwrapped(rate=RATE)
    edges = [0, *(at for at in cut if at <= len(data)), len(data)]
    return b"".join(audio.feed(data[a:b]) for a, b in pairwise(edges))


@given(cuts)
def test_g02_plain_pcm_stays_as_it_is(cut: list[int]) -> None:
    assert unwrapped(PCM, cut) == PCM


@given(cuts)
def test_g02_a_header_is_taken_off_wherever_it_is_cut(cut: list[int]) -> None:
    assert unwrapped(wav_header(RATE) + PCM, cut) == PCM


@given(cuts)
def test_g02_what_follows_the_samples_is_not_played(cut: list[int]) -> None:
    data = wav_header(RATE, length=len(PCM)) + PCM + b"LIST\x04\0\0\0info"
    assert unwrapped(data, cut) == PCM


@given(cuts)
def test_g02_other_chunks_before_the_samples_are_passed_over(cut: list[int]) -> None:
    header = wav_header(RATE)
    assert unwrapped(header[:36] + b"LIST\x03\0\0\0abc\0" + header[36:] + PCM, cut) == PCM


@pytest.mark.parametrize(
    ("header", "advice"),
    [
        (wav_header(16_000), "set the sample rate to 16000"),
        (wav_header(RATE, channels=2), "16-bit mono PCM"),
        (wav_header(RATE, bits=8), "16-bit mono PCM"),
        (wav_header(RATE)[:12] + wav_header(RATE)[36:], "without a format"),
        (wav_header(RATE)[:12] + b"junk\xff\xff\0\0" + bytes(5000), "without an end"),
    ],
)
def test_g02_audio_that_would_be_noise_is_refused_with_advice(header: bytes, advice: str) -> None:
    with pytest.raises(ProviderError, match=advice) as caught:
        unwrapped(header + PCM, [])
    assert caught.value.kind is FailureKind.GARBAGE
