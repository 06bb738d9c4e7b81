"""Numbers, said and understood."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_gateway.providers.embedded.number_words import parse_number, say_number


@given(value=st.integers(0, 99))
def test_what_is_said_is_understood(value: int) -> None:
    assert parse_number(say_number(value).replace("-", " ")) == value
    assert parse_number(str(value)) == value


@pytest.mark.parametrize(
    ("text", "value"), [("one hundred", 100), ("hundred", 100), ("a hundred", 100), ("ninety two", 92), ("0", 0)]
)
def test_known_numbers(text: str, value: int) -> None:
    assert parse_number(text) == value


@pytest.mark.parametrize("text", ["", "five five", "ten two", "twenty ten", "many", "two hundred", "three hello"])
def test_what_is_no_single_number_is_none(text: str) -> None:
    assert parse_number(text) is None


@pytest.mark.parametrize("value", [100, 9_801, -4])
def test_numbers_that_have_no_words_here_are_digits(value: int) -> None:
    assert say_number(value) == str(value)
