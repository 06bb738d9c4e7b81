"""Words are placed within the audio that has come, in their order, and out of characters where need be."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_gateway.conversation.events import Word
from parley_gateway.providers.tts.words import CharacterWords, PlacedWords

TEXT = "We're going to 42 Main St., twice."
EACH_MS = 50

times = st.lists(st.tuples(st.integers(-50, 900), st.integers(0, 200)), max_size=12).map(sorted)
moments = st.lists(st.integers(0, 1000), max_size=8).map(sorted)


def words_in(cut: list[int], text: str = TEXT) -> list[Word]:
    """What is made of a text's characters that come in these pieces, the times of each from its own beginning."""
    words, found = CharacterWords(), []
    edges = [0, *(at for at in cut if at < len(text)), len(text)]
    for begin, end in pairwise(edges):
        starts = [number * EACH_MS for number in range(end - begin)]
        found += words.feed(text[begin:end], starts, [EACH_MS] * (end - begin), offset_ms=begin * EACH_MS)
    return found + words.end()


@given(times, moments)
def test_g04_words_come_with_their_audio_in_order_and_none_is_lost(
    placed: list[tuple[int, int]], heard: list[int]
) -> None:
    words = PlacedWords()
    words.add(Word(str(number), start, start + length) for number, (start, length) in enumerate(placed))
    told: list[Word] = []
    for ms in heard:
        found = words.within(ms)
        assert all(0 <= word.start_ms <= word.end_ms <= ms for word in found)
        told += found
    whole = max(heard, default=0)
    rest = words.rest(whole)
    assert all(0 <= word.start_ms <= word.end_ms <= whole for word in rest)
    assert [int(word.text) for word in (*told, *rest)] == list(range(len(placed)))


def test_g04_a_word_waits_for_all_of_its_audio() -> None:
    words = PlacedWords()
    words.add([Word("hello", 100, 400)])
    assert words.within(399) == ()
    assert words.within(400) == (Word("hello", 100, 400),)


@given(st.lists(st.integers(1, len(TEXT)), max_size=10).map(sorted))
def test_g04_characters_become_the_same_words_wherever_the_messages_are_cut(cut: list[int]) -> None:
    words = words_in(cut)
    assert [word.text for word in words] == TEXT.split()
    for word in words:
        assert word.start_ms == TEXT.index(word.text) * EACH_MS
        assert word.end_ms - word.start_ms == len(word.text) * EACH_MS


def test_g04_scripts_without_spaces_have_a_word_per_character() -> None:
    assert [word.text for word in words_in([], "你好 ok")] == ["你", "好", "ok"]


def test_g04_characters_without_their_times_are_an_error() -> None:
    with pytest.raises(ValueError):
        CharacterWords().feed("abc", [0, 1], [1, 1, 1], offset_ms=0)
