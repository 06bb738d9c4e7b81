"""When a turn is over by silence, by the semantic rule, or by a recogniser that changes; and what is drafted."""

from __future__ import annotations

import pytest

from parley_gateway.conversation.commands import CommitInput, CommitReply, StartReply
from parley_gateway.conversation.events import PolicyChanged, SpeechStopped, TurnEnd
from parley_gateway.conversation.notices import ReplyBegan
from parley_gateway.conversation.policy import Policy, TurnsEndBy
from tests.unit.conversation.driver import Driver, kinds, notices

BY_SILENCE = Policy(turns_end_by=TurnsEndBy.SILENCE)
SEMANTIC = Policy(turns_end_by=TurnsEndBy.SEMANTIC)


def waits(driver: Driver) -> float:
    """How long the answer takes to begin, in steps of 10 ms."""
    for step in range(500):
        if driver.notices(ReplyBegan):
            return step / 100
        driver.advance(0.01)
    raise AssertionError("it never began")


def says(driver: Driver, text: str) -> None:
    driver.starts_speaking()
    driver.hears(text, final=True)
    driver.advance(1.0)
    driver.stops_speaking()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("a table for two.", 0.35),
        ("a table, for", 1.6),
        ("a table. for two", 0.6),
    ],
)
def test_g04_by_the_semantic_rule_silence_is_longer_after_what_goes_on(text: str, seconds: float) -> None:
    driver = Driver(policy=SEMANTIC)
    says(driver, text)
    assert waits(driver) == pytest.approx(seconds, abs=0.011)


def test_g04_silence_is_counted_from_where_speech_ended_not_from_when_that_was_told() -> None:
    driver = Driver(policy=BY_SILENCE)
    driver.starts_speaking()
    driver.hears("a table for two", final=True)
    driver.feed(SpeechStopped(1000, ago_ms=250))
    assert waits(driver) == pytest.approx(0.35, abs=0.011)


def test_g04_final_words_that_come_late_do_not_make_the_silence_longer() -> None:
    driver = Driver(policy=BY_SILENCE)
    driver.starts_speaking()
    driver.stops_speaking()
    driver.advance(0.5)
    driver.hears("a table for two", final=True)
    assert waits(driver) == pytest.approx(0.1, abs=0.011)


def test_g04_final_words_that_come_after_it_are_answered_at_once() -> None:
    driver = Driver(policy=BY_SILENCE)
    driver.starts_speaking()
    driver.stops_speaking()
    assert CommitInput in kinds(driver.advance(0.9))
    assert notices(driver.hears("a table for two", final=True), ReplyBegan)


def test_g04_by_the_semantic_rule_not_even_then_if_they_go_on() -> None:
    driver = Driver(policy=SEMANTIC)
    driver.starts_speaking()
    driver.stops_speaking()
    driver.advance(0.9)
    driver.hears("a table for", final=True)
    assert waits(driver) == pytest.approx(0.7, abs=0.011)


def test_g04_words_that_are_not_final_show_that_the_caller_is_still_heard() -> None:
    driver = Driver(policy=BY_SILENCE)
    driver.starts_speaking()
    driver.hears("a table")
    driver.stops_speaking()
    driver.advance(0.5)
    driver.hears("a table for", revises=True)
    driver.advance(0.5)
    assert driver.notices(ReplyBegan) == []
    driver.hears("a table for two", final=True, revises=True)
    assert driver.notices(ReplyBegan), "the silence before it was long enough"


def test_g04_the_recogniser_s_own_end_is_only_a_hint_then() -> None:
    driver = Driver(policy=BY_SILENCE)
    driver.starts_speaking()
    driver.hears("a table for two", final=True)
    driver.turn_ends()
    assert driver.notices(ReplyBegan) == []
    assert waits(driver) == pytest.approx(0.6, abs=0.011)


# --- drafts ---


def test_g05_an_answer_is_drafted_while_the_silence_lasts() -> None:
    driver = Driver(policy=BY_SILENCE)
    says(driver, "a table for two")
    assert [start.speculative for start in driver.commands(StartReply)] == [True]
    assert CommitReply in kinds(driver.advance(0.61))


def test_g05_it_is_drafted_when_the_final_words_are_there_and_not_before() -> None:
    driver = Driver(policy=BY_SILENCE)
    driver.starts_speaking()
    driver.hears("a table for two")
    driver.stops_speaking()
    assert driver.commands(StartReply) == []
    driver.hears("a table for two", final=True, revises=True)
    assert [start.speculative for start in driver.commands(StartReply)] == [True]


def test_g05_nothing_is_drafted_after_what_goes_on() -> None:
    driver = Driver(policy=SEMANTIC)
    says(driver, "I would like a table for")
    assert driver.commands(StartReply) == []


def test_g05_a_caller_who_goes_on_makes_it_useless() -> None:
    driver = Driver(policy=BY_SILENCE)
    says(driver, "a table")
    driver.advance(0.3)
    says(driver, "for two")
    driver.advance(0.61)
    assert [start.speculative for start in driver.commands(StartReply)] == [True, True]
    assert driver.history == [("caller", "a table for two")]
    assert [notice.reply for notice in driver.notices(ReplyBegan)] == [2]


@pytest.mark.parametrize("by", TurnsEndBy)
def test_g05_by_choice_nothing_is_drafted_at_all(by: TurnsEndBy) -> None:
    driver = Driver(policy=Policy(turns_end_by=by, preemptive=False))
    says(driver, "a table for two")
    driver.turn_ends(TurnEnd.EAGER)
    assert driver.commands(StartReply) == []
    driver.turn_ends()
    driver.advance(2)
    assert [start.speculative for start in driver.commands(StartReply)] == [False]


def test_g05_an_eager_end_drafts_whoever_ends_the_turn() -> None:
    driver = Driver(policy=BY_SILENCE)
    driver.starts_speaking()
    driver.hears("a table for two", final=True)
    driver.turn_ends(TurnEnd.EAGER)
    assert [start.speculative for start in driver.commands(StartReply)] == [True]
    driver.stops_speaking()
    assert waits(driver) == pytest.approx(0.6, abs=0.011)
    assert len(driver.commands(StartReply)) == 1


def test_g05_an_eager_end_that_is_taken_back_leaves_the_silence_to_decide() -> None:
    driver = Driver(policy=BY_SILENCE)
    says(driver, "a table for two")
    driver.turn_ends(TurnEnd.WITHDRAWN)
    assert waits(driver) == pytest.approx(0.6, abs=0.011)
    assert [start.speculative for start in driver.commands(StartReply)] == [True, False]


# --- another recogniser ---


def test_g10_a_recogniser_that_leaves_turns_to_us_takes_over_in_the_middle_of_one() -> None:
    driver = Driver(owns_turns=True)
    driver.starts_speaking()
    driver.hears("a table for two", final=True)
    driver.stops_speaking()
    driver.feed(PolicyChanged(owns_turns=False))
    assert waits(driver) == pytest.approx(0.6, abs=0.011)


def test_g10_and_one_that_does_not() -> None:
    driver = Driver(owns_turns=False)
    says(driver, "a table for two")
    driver.feed(PolicyChanged(owns_turns=True))
    driver.advance(1.0)
    assert driver.notices(ReplyBegan) == []
    driver.turn_ends()
    assert driver.notices(ReplyBegan)
