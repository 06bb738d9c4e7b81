"""What the caller says while the agent speaks, that is not meant to stop it; and what is."""

from __future__ import annotations

import pytest

from parley_gateway.conversation.commands import PausePlayout, ResumePlayout, StartReply, StopPlayout
from parley_gateway.conversation.events import InterruptRequested, ReplyProduced, TurnEnd
from parley_gateway.conversation.notices import ReplyContinued, ReplyOver, ReplyStatus, TranscriptUpdated
from parley_gateway.conversation.policy import Policy, TurnsEndBy
from tests.unit.conversation.driver import Driver, kinds, notices

OFFER = "I can offer you a table on Tuesday at seven. There is also one by the window on Wednesday at eight."
STATEMENT_MS = 4000
"""What each sentence of the offer takes to say."""


def offering(*, heard_ms: int = 2000, policy: Policy | None = None, text: str = OFFER) -> Driver:
    """A driver whose agent is saying something long, of which so much was heard."""
    driver = Driver(policy=policy)
    driver.caller_says("what do you have")
    driver.advance(1.0)
    driver.model_writes(text)
    driver.voice_speaks(STATEMENT_MS, segment=0)
    driver.voice_speaks(STATEMENT_MS, segment=1)
    driver.client_plays(heard_ms)
    return driver


# --- backchannels ---


def test_a_backchannel_lets_the_reply_go_on_where_it_was_and_is_not_answered() -> None:
    driver = offering()
    driver.starts_speaking()
    driver.advance(0.3)
    assert StopPlayout not in kinds(driver.hears("Mhm."))
    commands = driver.stops_speaking()
    assert ResumePlayout(1, 2000) in commands
    driver.hears("Mhm.", final=True, revises=True)
    driver.turn_ends()
    driver.advance(10)
    assert len(driver.commands(StartReply)) == 1
    assert driver.history == [("caller", "what do you have")]
    assert driver.notices(TranscriptUpdated)[-1].text == "Mhm."
    assert driver.notices(TranscriptUpdated)[-1].final


def test_a_backchannel_that_is_transcribed_after_its_sound_does_too() -> None:
    driver = offering()
    driver.starts_speaking()
    driver.advance(0.4)
    driver.stops_speaking()
    assert kinds(driver.hears("Okay.", final=True))[:2] == [ReplyContinued, ResumePlayout]


def test_a_backchannel_whose_sound_is_never_said_to_end_holds_the_reply_for_a_moment_only() -> None:
    driver = offering()
    driver.starts_speaking()
    driver.hears("yeah")
    assert kinds(driver.advance(0.61)) == [ReplyContinued, ResumePlayout]


def test_a_backchannel_that_goes_on_is_an_interruption() -> None:
    driver = offering()
    driver.starts_speaking()
    driver.advance(0.2)
    driver.hears("yeah")
    assert StopPlayout in kinds(driver.hears("yeah but not on Tuesday", revises=True))


def test_a_backchannel_without_any_sound_changes_nothing() -> None:
    driver = offering()
    driver.hears("mhm", final=True)
    driver.turn_ends()
    assert driver.commands(PausePlayout) == []
    assert driver.notices(ReplyOver) == []


@pytest.mark.parametrize("by", [TurnsEndBy.SILENCE, TurnsEndBy.SEMANTIC])
def test_where_silence_ends_turns_it_is_no_turn_either(by: TurnsEndBy) -> None:
    driver = offering(policy=Policy(turns_end_by=by))
    driver.starts_speaking()
    driver.hears("right", final=True)
    driver.stops_speaking()
    driver.advance(5)
    assert len(driver.commands(StartReply)) == 1


def test_yes_is_an_answer_when_the_agent_has_finished() -> None:
    driver = Driver()
    driver.caller_says("hello")
    driver.agent_says("Shall I book it?")
    driver.caller_says("yes")
    assert driver.history[-1] == ("caller", "yes")
    assert driver.reply == 2


def test_yes_is_an_answer_when_the_agent_has_just_asked() -> None:
    driver = offering(heard_ms=4100, text="Is Tuesday at seven all right for you? I could also offer another day.")
    driver.starts_speaking()
    driver.advance(0.2)
    assert StopPlayout in kinds(driver.hears("yes", final=True))
    driver.turn_ends()
    assert driver.history[-1] == ("caller", "yes")


def test_yes_is_no_answer_any_more_when_the_agent_has_gone_on_since_it_asked() -> None:
    driver = offering(heard_ms=7900, text="Is Tuesday at seven all right for you? I could also offer another day.")
    driver.starts_speaking()
    driver.advance(0.2)
    assert StopPlayout not in kinds(driver.hears("yes", final=True))


def test_yes_is_an_answer_when_the_agent_is_about_to_finish() -> None:
    driver = offering(heard_ms=2 * STATEMENT_MS - 800)
    driver.feed(ReplyProduced(1))
    driver.starts_speaking()
    driver.advance(0.2)
    assert StopPlayout in kinds(driver.hears("okay", final=True))


def test_what_the_client_commits_is_a_turn_whatever_it_is() -> None:
    driver = offering()
    driver.starts_speaking()
    driver.hears("okay", final=True)
    driver.stops_speaking()
    driver.commits()
    assert driver.history[-1] == ("caller", "okay")


def test_words_that_stop_no_reply_can_be_chosen() -> None:
    driver = offering(policy=Policy(backchannels=("go on",)))
    driver.hears("go on")
    assert driver.notices(ReplyOver) == []
    driver.hears("yeah")
    assert [over.status for over in driver.notices(ReplyOver)] == [ReplyStatus.INTERRUPTED]


# --- echo ---


def test_the_agent_s_own_words_neither_stop_it_nor_become_a_turn() -> None:
    driver = offering(heard_ms=0)
    driver.client_plays(300)
    driver.starts_speaking()
    for heard in ("I", "I can", "I can offer you", "I can offer you a table on"):
        driver.client_plays(2000)
        assert StopPlayout not in kinds(driver.hears(heard, revises=heard != "I"))
    driver.hears("I can offer you a table on", final=True, revises=True)
    driver.turn_ends()
    driver.advance(10)
    assert driver.notices(ReplyOver) == []
    assert {transcript.turn for transcript in driver.notices(TranscriptUpdated)} == {1}, "nobody said it"
    assert driver.history == [("caller", "what do you have")]


def test_once_echo_is_known_its_sound_holds_no_reply() -> None:
    driver = offering(heard_ms=1500)
    driver.starts_speaking()
    assert ResumePlayout in kinds(driver.hears("offer you a table", final=True))
    driver.turn_ends()
    assert PausePlayout not in kinds(driver.starts_speaking())


def test_a_word_of_the_agent_s_that_the_caller_repeats_is_heard() -> None:
    driver = offering(heard_ms=2600)
    driver.starts_speaking()
    driver.advance(0.2)
    assert StopPlayout not in kinds(driver.hears("Tuesday")), "it may be the first word of an echo"
    assert StopPlayout in kinds(driver.hears("Tuesday?", final=True, revises=True))
    driver.turn_ends()
    assert driver.history[-1] == ("caller", "Tuesday?")


def test_what_the_agent_said_a_while_ago_is_no_echo() -> None:
    driver = offering(heard_ms=6500)
    driver.starts_speaking()
    driver.advance(0.2)
    assert StopPlayout in kinds(driver.hears("a table on Tuesday at seven", final=True))


def test_what_the_agent_has_not_said_yet_is_no_echo() -> None:
    driver = offering(heard_ms=500)
    driver.starts_speaking()
    driver.advance(0.2)
    assert StopPlayout in kinds(driver.hears("on Wednesday at eight", final=True))


def test_an_echo_that_the_caller_speaks_over_is_an_interruption() -> None:
    driver = offering(heard_ms=1500)
    driver.starts_speaking()
    driver.advance(0.2)
    driver.hears("offer you a table")
    assert StopPlayout in kinds(driver.hears("offer you a table no wait", revises=True))


def test_an_echo_that_comes_after_the_end_is_none_of_the_caller_s() -> None:
    driver = Driver()
    driver.caller_says("hello")
    driver.agent_says("What can I do for you today then?")
    driver.advance(0.5)
    driver.starts_speaking()
    driver.hears("do for you today", final=True)
    driver.turn_ends()
    assert len(driver.commands(StartReply)) == 1


def test_what_the_caller_repeats_after_the_end_is_an_answer() -> None:
    driver = Driver()
    driver.caller_says("hello")
    driver.agent_says("Is it Tuesday at seven?")
    driver.advance(1.5)
    driver.caller_says("Tuesday at seven")
    assert driver.history[-1] == ("caller", "Tuesday at seven")


# --- no barge-in ---


def test_where_speech_may_not_stop_the_agent_it_is_answered_afterwards() -> None:
    driver = offering(policy=Policy(barge_in=False))
    for words in ("not on Tuesday", "and not at eight"):
        driver.caller_says(words)
    assert driver.commands(PausePlayout) == []
    assert driver.notices(ReplyOver) == []
    driver.feed(ReplyProduced(1))
    commands = driver.client_plays(2 * STATEMENT_MS, finished=True)
    assert [command.reply for command in commands if isinstance(command, StartReply)] == [2]
    assert driver.history[-2:] == [("agent", OFFER), ("caller", "not on Tuesday and not at eight")]


def test_it_is_answered_with_what_the_caller_is_still_saying() -> None:
    driver = offering(policy=Policy(barge_in=False))
    driver.caller_says("not on Tuesday")
    driver.starts_speaking()
    driver.hears("but")
    driver.feed(ReplyProduced(1))
    driver.client_plays(2 * STATEMENT_MS, finished=True)
    assert len(driver.commands(StartReply)) == 1
    driver.hears("but on Friday", final=True, revises=True)
    driver.stops_speaking()
    driver.turn_ends()
    assert driver.history[-1] == ("caller", "not on Tuesday but on Friday")


def test_the_client_still_stops_it() -> None:
    driver = offering(policy=Policy(barge_in=False))
    assert notices(driver.feed(InterruptRequested()), ReplyOver) == [ReplyOver(1, ReplyStatus.INTERRUPTED)]


def test_an_eager_end_drafts_nothing_while_the_agent_speaks() -> None:
    driver = offering(policy=Policy(barge_in=False))
    driver.starts_speaking()
    driver.hears("not on Tuesday", final=True)
    assert kinds(driver.turn_ends(TurnEnd.EAGER)) == []
