"""A WAV file that others can read at any time (G14)."""

from __future__ import annotations

import wave
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_gateway.recordings.stereo_wave import LEFT, RIGHT, StereoWave, seconds_of
from tests.gateway.recordings.kept import channels

RATE = 8_000


def test_each_channel_is_written_where_it_belongs_in_any_order(tmp_path: Path) -> None:
    file = StereoWave(tmp_path / "one.wav", rate=RATE)
    file.put(RIGHT, 2, b"\x05\x00\x06\x00")
    file.put(LEFT, 0, b"\x01\x00\x02\x00\x03\x00")
    file.flush()
    assert channels(tmp_path / "one.wav") == (
        b"\x01\x00\x02\x00\x03\x00\x00\x00",
        b"\x00\x00\x00\x00\x05\x00\x06\x00",
    )
    file.close()


def test_it_is_whole_before_anything_is_in_it_and_says_its_rate(tmp_path: Path) -> None:
    StereoWave(tmp_path / "one.wav", rate=16_000).close()
    with wave.open(str(tmp_path / "one.wav")) as found:
        assert (found.getnchannels(), found.getframerate(), found.getnframes()) == (2, 16_000, 0)


def test_what_came_after_the_last_flush_is_not_promised(tmp_path: Path) -> None:
    file = StereoWave(tmp_path / "one.wav", rate=RATE)
    file.put(LEFT, 0, bytes(RATE * 2))
    file.flush()
    file.put(LEFT, RATE, bytes(RATE))
    assert seconds_of(tmp_path / "one.wav") == 1.0
    with wave.open(str(tmp_path / "one.wav")) as found:
        assert found.getnframes() == RATE
    file.close()


def test_its_end_may_be_silence(tmp_path: Path) -> None:
    file = StereoWave(tmp_path / "one.wav", rate=RATE)
    file.extend(3)
    file.extend(1)
    file.flush()
    assert channels(tmp_path / "one.wav") == (bytes(6), bytes(6))
    file.close()


def test_nobody_else_s_file_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "one.wav").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        StereoWave(tmp_path / "one.wav", rate=RATE)
    assert (tmp_path / "one.wav").read_bytes() == b"mine"


def test_the_length_of_what_is_no_recording_is_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "one.wav").write_bytes(b"RIFF")
    with pytest.raises(ValueError, match=r"one\.wav"):
        seconds_of(tmp_path / "one.wav")


Puts = st.lists(
    st.tuples(st.sampled_from([LEFT, RIGHT]), st.integers(0, 50), st.binary(min_size=2, max_size=60)), max_size=20
)


@given(Puts)
def test_g14_the_file_holds_what_was_put_last_and_silence_elsewhere(puts: list[tuple[int, int, bytes]]) -> None:
    expected: dict[int, dict[int, bytes]] = {LEFT: {}, RIGHT: {}}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "one.wav"
        file = StereoWave(path, rate=RATE)
        for channel, at, data in puts:
            pcm = data[: len(data) // 2 * 2]
            file.put(channel, at, pcm)
            for n in range(len(pcm) // 2):
                expected[channel][at + n] = pcm[2 * n : 2 * n + 2]
        file.flush()
        file.close()
        found = channels(path)
    length = max((n + 1 for channel in expected.values() for n in channel), default=0)
    for channel in (LEFT, RIGHT):
        assert found[channel] == b"".join(expected[channel].get(n, b"\0\0") for n in range(length))
