"""Cutting a text into sentences while it is written."""

# ruff: noqa: RUF001 - punctuation of other scripts is meant

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_gateway.conversation.sentences import FIRST_CLAUSE, LONGEST, Segmenter, is_speakable


def segments(*deltas: str) -> list[str]:
    segmenter = Segmenter()
    return [segment for delta in deltas for segment in segmenter.feed(delta)] + segmenter.flush()


def test_a_sentence_is_given_at_its_end_and_not_a_token_later() -> None:
    segmenter = Segmenter()
    assert segmenter.feed("Good morning") == []
    assert segmenter.feed(".") == ["Good morning."]
    assert segmenter.feed(" How are you?") == [" How are you?"]


@pytest.mark.parametrize(
    "text",
    [
        "I am Dr. Smith.",
        "Ask Mrs. Jones, e.g. tomorrow.",
        "Pi is about 3.14 or so.",
        "Version 1.2.3 is out!",
        "Meet J. R. Hartley.",
        "At 5 p.m. we close.",
        "The U.S. market grew.",
        "Well... perhaps.",
        "See www.example.com for more.",
        "See https://example.com/a?b=c for more.",
        "Write to me@example.com today.",
        "Go to example.com now.",
        "1. Open the door.",
    ],
)
def test_a_full_stop_that_ends_nothing_does_not_cut(text: str) -> None:
    assert segments(text) == [text]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_an_address_is_not_cut_however_it_is_written(size: int) -> None:
    text = "See https://example.com/a?b=c or me@example.com for 3.14 more."
    assert segments(*(text[at : at + size] for at in range(0, len(text), size))) == [text]


def test_a_number_at_the_end_waits_for_the_next_character() -> None:
    segmenter = Segmenter()
    assert segmenter.feed("It costs 5.") == []
    assert segmenter.feed(" It") == ["It costs 5."]


def test_closing_quotes_and_brackets_stay_with_their_sentence() -> None:
    assert segments('He said "Go." Then he left.') == ['He said "Go."', " Then he left."]
    assert segments("(Really!) Yes.") == ["(Really!)", " Yes."]


def test_several_marks_are_one_end() -> None:
    assert segments("What?! No!!! Yes.") == ["What?!", " No!!!", " Yes."]


def test_scripts_without_spaces_end_at_their_own_marks() -> None:
    assert segments("你好。今天天气很好！", "好吗？") == ["你好。", "今天天气很好！", "好吗？"]


def test_lines_are_sentences() -> None:
    assert segments("Apples\nPears\n\nPlums") == ["Apples", "\nPears", "\n\nPlums"]


def test_a_long_first_sentence_is_cut_at_a_clause_and_a_later_one_is_not() -> None:
    clause = "If you would like to come and see us on Monday morning"
    assert segments(f"{clause}, that is fine. {clause}, that is fine.") == [
        f"{clause},",
        " that is fine.",
        f" {clause}, that is fine.",
    ]


def test_a_sentence_without_an_end_is_cut_at_a_space() -> None:
    cut = segments("word " * 200)
    assert all(len(segment) <= LONGEST for segment in cut)
    assert not any(segment.startswith("ord") for segment in cut)


def test_text_that_no_voice_could_say_is_no_sentence() -> None:
    assert segments("... --- !!!") == []


TEXT = st.text(st.sampled_from("aB1 .,!?\n。\"')(:/@w…é好") | st.characters(codec="utf-8"), max_size=400)


@given(st.lists(TEXT, max_size=20))
def test_the_segments_joined_are_the_text_but_for_a_tail_without_words(deltas: list[str]) -> None:
    cut, text = "".join(segments(*deltas)), "".join(deltas)
    assert text.startswith(cut)
    assert not is_speakable(text[len(cut) :])


@given(st.lists(TEXT, max_size=20))
def test_every_segment_has_words(deltas: list[str]) -> None:
    assert all(is_speakable(segment) for segment in segments(*deltas))


@given(st.lists(st.text("abc", min_size=1, max_size=600), max_size=8).map(" ".join))
def test_no_segment_is_too_long_even_where_there_is_no_good_place_to_cut(text: str) -> None:
    assert all(len(segment) <= LONGEST for segment in segments(text))


WORDS = st.lists(
    st.sampled_from(
        ["yes", "Dr.", "3.14", "5,", "well", "etc.", "p.m.", "I", "really", "Bonjour", "x:", "你好。"]
    ),
    min_size=1,
    max_size=12,
)
SENTENCES = st.lists(st.tuples(WORDS, st.sampled_from("!?")), min_size=1, max_size=6).map(
    lambda sentences: " ".join(" ".join(words) + end for words, end in sentences)
)


@given(SENTENCES, st.data())
def test_however_well_formed_text_is_chunked_it_is_cut_alike(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=30)))
    chunks = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert segments(*chunks) == segments(text)


@given(SENTENCES)
def test_the_first_segment_is_short_where_the_text_lets_it_be(text: str) -> None:
    first = segments(text)[0]
    assert ", " not in first[FIRST_CLAUSE:]
