"""What of a reply's text was heard."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from parley_gateway.conversation.events import Word
from parley_gateway.conversation.heard import Spoken


def spoken(*segments: tuple[str, int], complete: bool = True) -> Spoken:
    reply = Spoken()
    for text, ms in segments:
        reply.add_audio(reply.add_text(text), ms, ())
    reply.complete = complete
    return reply


def test_segments_that_were_played_were_heard() -> None:
    reply = spoken(("Hello there.", 1000), (" How are you?", 1000))
    assert reply.heard(0) == ""
    assert reply.heard(1000) == "Hello there."
    assert reply.heard(2000) == "Hello there. How are you?"


def test_within_a_segment_text_is_spread_over_its_audio_and_only_whole_words_count() -> None:
    reply = spoken(("one two three four", 1800))
    assert reply.heard(600) == "one"
    assert reply.heard(700) == "one two"
    assert reply.heard(1799) == "one two three"


def test_word_timings_are_believed_before_proportions() -> None:
    reply = Spoken()
    reply.add_text("Hello, you there.")
    words = (Word("Hello", 0, 900), Word("you", 900, 950), Word("there", 950, 1000))
    reply.add_audio(0, 1000, words)
    assert reply.heard(899) == ""
    assert reply.heard(900) == "Hello,"
    assert reply.heard(960) == "Hello, you"
    assert reply.heard(1000) == "Hello, you there."


def test_words_that_are_spelled_otherwise_are_passed_over() -> None:
    reply = Spoken()
    reply.add_text("It is 20 degrees.")
    words = (Word("it", 0, 100), Word("is", 100, 200), Word("twenty", 200, 400), Word("degrees", 400, 900))
    reply.add_audio(0, 1000, words)
    assert reply.heard(500) == "It is"
    assert reply.heard(950) == "It is 20 degrees."


def test_a_segment_that_is_still_being_made_is_expected_to_last_as_long_as_speech_does() -> None:
    reply = spoken(("a sentence of about forty characters, say.", 200), complete=False)
    assert reply.heard(200) == "a"


def test_text_without_audio_was_not_heard() -> None:
    reply = spoken(("Hello.", 500))
    reply.add_text(" Never spoken.")
    assert reply.heard(500) == "Hello."


def test_scripts_without_spaces_are_cut_anywhere() -> None:
    assert spoken(("今天天气很好我们走吧", 1000)).heard(500) == "今天天气很"


WORD = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=12)
SEGMENT = st.tuples(
    st.lists(WORD, min_size=1, max_size=8),
    st.integers(0, 4000),
    st.booleans(),
)


@given(st.lists(SEGMENT, max_size=6), st.booleans(), st.lists(st.integers(-10, 30_000), max_size=8))
def test_what_was_heard_is_a_growing_prefix_of_what_was_said(
    parts: list[tuple[list[str], int, bool]], complete: bool, at: list[int]
) -> None:
    reply = Spoken()
    for words, ms, timed in parts:
        step = ms // len(words)
        timings = [Word(word, n * step, (n + 1) * step) for n, word in enumerate(words)] if timed else []
        reply.add_audio(reply.add_text(" " + " ".join(words)), ms, timings)
    reply.complete = complete
    heard = [reply.heard(ms) for ms in sorted(at)]
    assert all(reply.text.startswith(text) for text in heard)
    assert heard == sorted(heard, key=len)
    assert reply.heard(0) == ""
