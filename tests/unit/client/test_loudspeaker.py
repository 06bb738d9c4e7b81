"""The loudspeaker plays what came, holds and drops as told, and says truly what was heard."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from parley_client import Audio, Loudspeaker

RATE = 8000
MS = RATE // 1000 * 2


def audio(reply: int, offset_ms: int, ms: int) -> Audio:
    return Audio(reply=reply, offset_ms=offset_ms, pcm=b"\1\0" * (ms * MS // 2))


def test_silence_where_there_is_nothing_to_play() -> None:
    loudspeaker = Loudspeaker(rate=RATE)
    assert loudspeaker.pull(320) == b"\0" * 320
    assert loudspeaker.report() is None


def test_what_was_played_is_reported() -> None:
    loudspeaker = Loudspeaker(rate=RATE)
    loudspeaker.push(audio(1, 0, 100))
    loudspeaker.pull(30 * MS)
    report = loudspeaker.report()
    assert report
    assert (report.reply, report.played_ms, report.buffered_ms, report.state) == (1, 30, 70, "playing")


def test_the_end_of_what_came_is_reported_once() -> None:
    loudspeaker = Loudspeaker(rate=RATE)
    loudspeaker.push(audio(1, 0, 20))
    loudspeaker.pull(40 * MS)
    report = loudspeaker.report()
    assert report
    assert (report.played_ms, report.state) == (20, "finished")
    assert loudspeaker.report() is None


def test_more_of_a_reply_after_it_ran_dry_is_reported_again() -> None:
    loudspeaker = Loudspeaker(rate=RATE)
    loudspeaker.push(audio(1, 0, 20))
    loudspeaker.pull(20 * MS)
    loudspeaker.report()
    loudspeaker.push(audio(1, 20, 20))
    loudspeaker.pull(20 * MS)
    report = loudspeaker.report()
    assert report
    assert (report.played_ms, report.state) == (40, "finished")


def test_a_pause_holds_what_is_queued() -> None:
    loudspeaker = Loudspeaker(rate=RATE)
    loudspeaker.push(audio(1, 0, 40))
    loudspeaker.pull(20 * MS)
    loudspeaker.pause()
    assert loudspeaker.pull(20 * MS) == b"\0" * (20 * MS)
    report = loudspeaker.report()
    assert report
    assert (report.played_ms, report.state) == (20, "paused")
    loudspeaker.resume()
    assert loudspeaker.pull(20 * MS) == b"\1\0" * (10 * MS)


def test_nothing_of_a_dropped_reply_is_played_not_even_what_comes_late() -> None:
    loudspeaker = Loudspeaker(rate=RATE)
    loudspeaker.push(audio(1, 0, 40))
    loudspeaker.drop(1)
    loudspeaker.push(audio(1, 40, 40))
    assert loudspeaker.pull(20 * MS) == b"\0" * (20 * MS)
    assert loudspeaker.heard_all(1)


def test_the_reply_after_a_dropped_one_is_played_even_when_that_was_paused() -> None:
    loudspeaker = Loudspeaker(rate=RATE)
    loudspeaker.push(audio(1, 0, 40))
    loudspeaker.pause()
    loudspeaker.drop(1)
    loudspeaker.push(audio(2, 0, 20))
    assert loudspeaker.pull(20 * MS) == b"\1\0" * (10 * MS)


@given(st.lists(st.integers(1, 50), max_size=10), st.lists(st.integers(1, 50), max_size=20))
def test_however_it_is_cut_all_is_played_in_order(chunks: list[int], pulls: list[int]) -> None:
    loudspeaker = Loudspeaker(rate=RATE)
    whole, offset = b"", 0
    for number, ms in enumerate(chunks):
        pcm = bytes([number + 1, 0]) * (ms * MS // 2)
        loudspeaker.push(Audio(reply=1, offset_ms=offset, pcm=pcm))
        whole, offset = whole + pcm, offset + ms
    played = b"".join(loudspeaker.pull(ms * MS) for ms in pulls)
    common = min(len(whole), len(played))
    assert played[:common] == whole[:common]
    assert not any(played[common:])
