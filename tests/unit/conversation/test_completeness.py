"""Whether a turn sounds finished, by its last words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_gateway.conversation.completeness import Completeness, completeness

COMPLETE, UNSURE, INCOMPLETE = Completeness.COMPLETE, Completeness.UNSURE, Completeness.INCOMPLETE


@pytest.mark.parametrize(
    ("text", "sounds"),
    [
        ("I would like to book a table for two.", COMPLETE),
        ("What are you open for?", COMPLETE),
        ('She said "tomorrow."', COMPLETE),
        ("yes", COMPLETE),
        ("no, thank you", COMPLETE),
        ("that's all", COMPLETE),
        ("I would like a table", UNSURE),
        ("I would like a table for", INCOMPLETE),
        ("I would like a table for.", UNSURE),
        ("I would like a table and", INCOMPLETE),
        ("I would like a table and.", INCOMPLETE),
        ("could you book the?", INCOMPLETE),
        ("I would like a table,", INCOMPLETE),
        ("I would like to...", INCOMPLETE),
        ("My name is", INCOMPLETE),
        ("it's for, uh", INCOMPLETE),
        ("on Friday, let me see.", INCOMPLETE),
        ("my number is five five", INCOMPLETE),
        ("my number is 555 0123", INCOMPLETE),
        ("that is B R", INCOMPLETE),
        ("at seven", UNSURE),
        ("at 7:30.", COMPLETE),
        ("on November 21, 2026.", COMPLETE),
        ("for two", UNSURE),
        ("", UNSURE),
        ("…", UNSURE),
    ],
)
def test_english(text: str, sounds: Completeness) -> None:
    assert completeness(text, language="en-US", punctuated=True) is sounds


@pytest.mark.parametrize(
    ("language", "text", "sounds"),
    [
        ("de", "Ich hätte gern einen Tisch für zwei.", COMPLETE),
        ("de-AT", "Ich hätte gern einen Tisch für", INCOMPLETE),
        ("de", "Das geht nicht, weil", INCOMPLETE),
        ("de", "nein danke", COMPLETE),
        ("de", "null eins sieben", INCOMPLETE),
        ("es-MX", "Quisiera una mesa para", INCOMPLETE),
        ("es", "Quisiera una mesa para dos.", COMPLETE),
        ("es", "mañana, o sea", INCOMPLETE),
        ("es", "sí", COMPLETE),
        ("fr-CA", "Je voudrais une table pour", INCOMPLETE),
        ("fr", "Je voudrais une table pour deux.", COMPLETE),
        ("fr", "c'est euh", INCOMPLETE),
        ("fr", "d’accord", COMPLETE),  # noqa: RUF001
        ("pl", "Poproszę stolik dla", UNSURE),
        ("pl", "Poproszę stolik dla dwóch osób.", COMPLETE),
        ("pl", "Poproszę stolik,", INCOMPLETE),
        ("ja", "二名でお願いします。", COMPLETE),
        ("ja", "二名で、", INCOMPLETE),
    ],
)
def test_other_languages(language: str, text: str, sounds: Completeness) -> None:
    assert completeness(text, language=language, punctuated=True) is sounds


def test_a_recogniser_that_writes_no_punctuation_is_not_held_to_it() -> None:
    assert completeness("a table for two", language="en", punctuated=False) is UNSURE
    assert completeness("a table for two.", language="en", punctuated=True) is COMPLETE
    assert completeness("a table for", language="en", punctuated=False) is INCOMPLETE


@given(st.text(max_size=60), st.sampled_from(["en", "de", "es", "fr", "ja", ""]), st.booleans())
def test_it_has_a_view_of_any_text(text: str, language: str, punctuated: bool) -> None:
    assert completeness(text, language=language, punctuated=punctuated) in Completeness
