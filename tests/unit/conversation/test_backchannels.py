"""Words that say no more than that somebody listens."""

from __future__ import annotations

import pytest

from parley_gateway.conversation.backchannels import Backchannels


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en-US", "Mhm."),
        ("en-GB", "Yeah, yeah, okay."),
        ("en", "Mm-hmm, I see."),
        ("en", "all right"),
        ("de", "Ja, genau."),
        ("de", "alles klar"),
        ("es", "Sí, claro."),
        ("fr", "D’accord, très bien."),  # noqa: RUF001
        ("pl", "aha, ok"),
    ],
)
def test_these_are(language: str, text: str) -> None:
    assert Backchannels(language).make_up(text)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", ""),
        ("en", "..."),
        ("en", "no"),
        ("en", "wait"),
        ("en", "yes but not on Friday"),
        ("en", "I"),
        ("en", "see"),
        ("de", "nein"),
        ("de", "ja aber"),
        ("pl", "yes"),
    ],
)
def test_these_are_not(language: str, text: str) -> None:
    assert not Backchannels(language).make_up(text)


def test_those_that_are_chosen_take_the_place_of_the_language_s_own() -> None:
    chosen = Backchannels("en", ["go on", "Right!"])
    assert chosen.make_up("right, go on")
    assert not chosen.make_up("yes")


def test_none_may_be_chosen() -> None:
    assert not Backchannels("en", []).make_up("mhm")
