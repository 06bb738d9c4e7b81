"""The script: every sentence that can be understood has an answer of its own, and the rest is answered kindly."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_gateway.conversation.history import Speaker, Utterance
from parley_gateway.providers.embedded.replies import SUGGESTIONS, reply_to
from parley_gateway.providers.embedded.vocabulary import DICTIONARY, GRAMMAR, UNCLEAR
from tests.recordings import IN_VOCABULARY

NOW = datetime(2026, 11, 20, 10, 5, tzinfo=UTC)


def answer(text: str, *before: Utterance) -> str:
    return reply_to((*before, Utterance(Speaker.CALLER, text)), NOW)


def grammar_rules() -> dict[str, str]:
    text = re.sub(r"/\*.*?\*/", "", GRAMMAR.read_text(), flags=re.DOTALL)
    return {name: " ".join(body.split()) for name, body in re.findall(r"<(\w+)> = ([^;]+);", text)}


def words_of_grammar() -> set[str]:
    bodies = " ".join(grammar_rules().values())
    return set(re.findall(r"[a-z']+", re.sub(r"<\w+>|/[^/]+/", " ", bodies)))


def sentences() -> list[str]:
    """One sentence for each alternative of the grammar that has no rule of numbers or cards in it."""
    rules = grammar_rules()
    plain = ("greeting", "courtesy", "answer", "question", "request", "command", "farewell")
    return [sentence for name in plain for sentence in _expand(rules[name], rules)]


def _expand(body: str, rules: dict[str, str]) -> list[str]:
    """All sentences of a rule; of a number and of a direction, one stands for all."""
    stand_in = {"number": "ten", "direction": "left"}
    body = re.sub(r"<(\w+)>", lambda use: stand_in.get(use[1]) or f"({rules[use[1]]})", body)
    pattern = body.replace("[", "(?:").replace("]", "|)").replace("(?:", "(")
    found, rest = _alternatives(pattern)
    assert not rest
    return sorted({" ".join(text.split()) for text in found})


def _alternatives(text: str) -> tuple[list[str], str]:
    every: list[str] = []
    so_far = [""]
    while text and text[0] != ")":
        if text[0] == "|":
            every, so_far, text = every + so_far, [""], text[1:]
        elif text[0] == "(":
            inner, text = _alternatives(text[1:])
            text = text[1:]
            so_far = [f"{a} {b}" for a in so_far for b in inner]
        else:
            so_far, text = [part + text[0] for part in so_far], text[1:]
    return every + so_far, text


def test_every_word_of_the_grammar_has_a_pronunciation() -> None:
    spoken = {line.split()[0].partition("(")[0] for line in DICTIONARY.read_text().splitlines()}

    assert words_of_grammar() == spoken


@pytest.mark.parametrize("sentence", sentences())
def test_every_sentence_has_an_answer_of_its_own(sentence: str) -> None:
    assert "I have no answer" not in answer(sentence)


@pytest.mark.parametrize("sentence", IN_VOCABULARY.values())
def test_what_the_recordings_say_has_an_answer_of_its_own(sentence: str) -> None:
    assert "I have no answer" not in answer(sentence)


@pytest.mark.parametrize(
    ("said", "replied"),
    [
        ("what time is it", "It is 10:05, UTC."),
        ("What time is it?", "It is 10:05, UTC."),
        ("what day is it", "Today is Friday, November 20."),
        ("count to three", "One, two, three."),
        ("what is ninety two plus thirty", "Ninety-two plus thirty is 122."),
        ("what is two minus nine", "Two minus nine is minus seven."),
        ("what is 7 times 6", "Seven times six is forty-two."),
        ("go forward ten meters", "All right: go forward ten meters. Done."),
        ("blue", "Blue is a beautiful color."),
        ("thirty three four six ninety two", "I heard the numbers thirty three four six ninety two."),
    ],
)
def test_answers(said: str, replied: str) -> None:
    assert answer(said) == replied


def test_counting_is_bounded() -> None:
    assert answer("count to one hundred").endswith("thirty, and so on.")


def test_it_can_say_again_what_was_heard_last() -> None:
    assert answer("say that again", Utterance(Speaker.AGENT, "Good morning.")) == "Good morning."
    assert "not said anything" in answer("repeat that")


def test_what_is_not_in_the_script_is_repeated_with_what_can_be_asked() -> None:
    assert (
        answer("Book a table for two") == f"I heard: Book a table for two. I have no answer to that. {SUGGESTIONS}"
    )


def test_unclear_speech_is_met_with_what_can_be_asked() -> None:
    assert answer(UNCLEAR).startswith("Sorry")
    assert answer(UNCLEAR).endswith(SUGGESTIONS)


def test_it_begins_when_it_is_asked_to() -> None:
    assert reply_to((), NOW).startswith("Hello")
    assert reply_to((Utterance(Speaker.AGENT, "Hello."),), NOW).startswith("Is there anything else")


@given(text=st.text(max_size=200))
def test_anything_has_an_answer(text: str) -> None:
    assert answer(text).strip()
