"""Recordings in and out, and where speech ends in them."""

from __future__ import annotations

import wave
from pathlib import Path

import pytest

from parley_client import WavError, read_wav, write_wav
from parley_client.pcm import speech_ends_ms
from tests.emulators.speech import silence, speech_like


def test_what_is_written_is_read(tmp_path: Path) -> None:
    pcm = speech_like(500, rate=16_000)
    write_wav(tmp_path / "a.wav", pcm, rate=16_000)
    assert read_wav(tmp_path / "a.wav", rate=16_000) == pcm


def test_a_recording_is_resampled_to_what_is_wanted(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", speech_like(500, rate=44_100), rate=44_100)
    assert len(read_wav(tmp_path / "a.wav", rate=16_000)) == 16_000


def test_two_channels_become_one(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "a.wav"), "wb") as recording:
        recording.setnchannels(2)
        recording.setsampwidth(2)
        recording.setframerate(16_000)
        recording.writeframes(b"\x10\0\x20\0" * 100)
    assert read_wav(tmp_path / "a.wav", rate=16_000) == b"\x18\0" * 100


def test_a_file_that_is_no_recording_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF nonsense")
    with pytest.raises(WavError, match=r"a\.wav"):
        read_wav(tmp_path / "a.wav", rate=16_000)


def test_eight_bits_are_refused_with_what_to_do(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "a.wav"), "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(1)
        recording.setframerate(8000)
        recording.writeframes(b"\x80" * 100)
    with pytest.raises(WavError, match="16-bit"):
        read_wav(tmp_path / "a.wav", rate=16_000)


@pytest.mark.parametrize("rate", [8000, 16_000, 48_000])
def test_the_silence_after_speech_is_not_part_of_it(rate: int) -> None:
    # 700 ms end within the gap after a syllable; the last one fades out before.
    ends = speech_ends_ms(speech_like(660, rate=rate) + silence(800, rate=rate), rate=rate)
    assert 600 <= ends <= 660


def test_silence_has_no_end_of_speech() -> None:
    assert speech_ends_ms(silence(500, rate=16_000), rate=16_000) == 0
    assert speech_ends_ms(b"", rate=16_000) == 0


def test_an_empty_file_is_no_recording_and_the_error_says_so(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    path.write_bytes(b"")
    with pytest.raises(WavError, match=r"empty\.wav: not a WAV file"):
        read_wav(path, rate=16_000)
