"""What was heard beside what is being said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_gateway.conversation.echo import Resemblance, resemblance
from parley_gateway.conversation.words import words_of

NONE, PERHAPS, ECHO = Resemblance.NONE, Resemblance.PERHAPS, Resemblance.ECHO
SAID = "I can offer you a table on Tuesday at seven, or one by the window on Wednesday at eight."


@pytest.mark.parametrize(
    ("heard", "is_"),
    [
        ("I can offer you a table", ECHO),
        ("table on Tuesday at seven or", ECHO),
        ("can offer you able on tuesday", PERHAPS),
        ("I can offer a table on Tuesday at heaven or one by the window", ECHO),
        ("a table on", ECHO),
        ("Tuesday", PERHAPS),
        ("on Tuesday", PERHAPS),
        ("offer you cable", PERHAPS),
        ("Thursday", NONE),
        ("Tuesday no", NONE),
        ("on Tuesday at seven please thanks", NONE),
        ("I can offer you a table on Tuesday no wait", NONE),
        ("on Tuesday please make it", NONE),
        ("is there one on Tuesday", NONE),
        ("window the by one or", NONE),
        ("", NONE),
    ],
)
def test_table(heard: str, is_: Resemblance) -> None:
    assert resemblance(words_of(heard), words_of(SAID)) is is_


def test_of_an_agent_that_says_nothing_there_is_no_echo() -> None:
    assert resemblance(("hello",), ()) is NONE


COUNTED = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
WORDS = st.lists(st.sampled_from(COUNTED), max_size=30)


@given(said=WORDS.filter(lambda words: len(words) >= 3), data=st.data())
def test_any_run_of_words_of_the_agent_s_is_one(said: list[str], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(said) - 3))
    end = data.draw(st.integers(start + 3, len(said)))
    assert resemblance(said[start:end], said) is ECHO


@given(said=WORDS, own=st.lists(st.sampled_from(["please", "wait", "stop", "no"]), min_size=2, max_size=6))
def test_two_words_of_the_caller_s_own_at_the_end_are_heard(said: list[str], own: list[str]) -> None:
    assert resemblance([*said, *own], said) is NONE


@given(said=WORDS, heard=WORDS.filter(lambda words: len(words) < 3))
def test_a_word_or_two_are_never_proof(said: list[str], heard: list[str]) -> None:
    assert resemblance(heard, said) is not ECHO
