"""Calls of tools: made once, kept whatever happens, spoken around."""

from __future__ import annotations

import pytest

from parley_gateway.conversation.commands import (
    CommitReply,
    ContinueReply,
    EndSession,
    FinishSpeech,
    ReplyKind,
    RunTool,
    Speak,
    StartReply,
    StopPlayout,
)
from parley_gateway.conversation.events import (
    ClearRequested,
    FailureKind,
    InterruptRequested,
    ReplyFailed,
    ReplyProduced,
    Stage,
    TextReceived,
    TurnEnd,
)
from parley_gateway.conversation.history import ToolCall, ToolExchange, ToolResult, ToolStatus
from parley_gateway.conversation.notices import (
    ReplyOver,
    ReplyStatus,
    ReplyTextAdded,
    ToolBegan,
    ToolOver,
)
from parley_gateway.conversation.phrases import Phrases
from parley_gateway.conversation.tools import NO_MORE, RUNNING, SAME, TOO_MANY
from tests.unit.conversation.driver import Driver, kinds, notices, told


def calling(*, phrases: Phrases | None = None) -> Driver:
    """A driver whose agent has said that it will look, and has called a tool."""
    driver = Driver(phrases=phrases)
    driver.caller_says("a table for two")
    driver.model_writes("Let me see", ended=False)
    driver.model_calls("book")
    driver.model_writes("")
    return driver


def test_g12_what_was_written_before_the_call_is_spoken_then_the_tool_is_called() -> None:
    driver = Driver()
    driver.caller_says("a table for two")
    driver.model_writes("Let me see", ended=False)
    commands = driver.model_calls("book")
    assert kinds(commands) == [Speak, ReplyTextAdded, ToolBegan, RunTool]
    assert driver.commands(RunTool) == [RunTool(ToolCall("book", "book", "{}"), "1:book")]
    assert notices(commands, ToolBegan) == [ToolBegan("book", "book")]
    assert FinishSpeech not in kinds(driver.model_writes("")), "more will be said"


def test_g12_the_reply_goes_on_with_the_result() -> None:
    driver = calling()
    commands = driver.tool_answers("book", "booked")
    assert kinds(commands) == [ToolOver, ContinueReply]
    assert told(driver.commands(ContinueReply)[0].history) == [
        ("caller", "a table for two"),
        ("agent", "Let me see"),
        ("book", "booked"),
    ]
    assert FinishSpeech in kinds(driver.model_writes("It is booked."))
    driver.voice_speaks(500, segment=0)
    driver.voice_speaks(700, segment=1)
    driver.feed(ReplyProduced(1))
    driver.client_plays(1200, finished=True)
    assert driver.history == [
        ("caller", "a table for two"),
        ("agent", "Let me see"),
        ("book", "booked"),
        ("agent", "It is booked."),
    ]
    assert driver.notices(ReplyOver) == [ReplyOver(1, ReplyStatus.COMPLETED)]


def test_g12_what_follows_the_call_is_another_sentence() -> None:
    driver = calling()
    driver.tool_answers("book")
    driver.model_writes("It is booked.")
    assert [command.text for command in driver.commands(Speak)] == ["Let me see", " It is booked."]


def test_g12_several_calls_are_waited_for() -> None:
    driver = Driver()
    driver.caller_says("a table for two")
    driver.model_calls("look")
    driver.model_calls("book")
    assert driver.tool_answers("book")[-1:] != []
    assert driver.commands(ContinueReply) == []
    driver.model_writes("")
    driver.tool_answers("look", status=ToolStatus.FAILED)
    assert len(driver.commands(ContinueReply)) == 1
    assert [call.key for call in driver.commands(RunTool)] == ["1:look", "2:book"]


def test_g12_a_tool_that_answers_before_the_model_has_ended_is_waited_for_as_well() -> None:
    driver = Driver()
    driver.caller_says("a table for two")
    driver.model_calls("book")
    driver.tool_answers("book")
    assert ContinueReply in kinds(driver.model_writes(""))


def test_g12_a_call_that_is_told_twice_is_made_once() -> None:
    driver = calling()
    driver.model_calls("book")
    assert len(driver.commands(RunTool)) == 1


# --- drafts ---


def test_g12_a_draft_calls_its_tools_when_it_is_the_reply() -> None:
    driver = Driver()
    driver.starts_speaking()
    driver.hears("a table for two", final=True)
    driver.turn_ends(TurnEnd.EAGER)
    driver.model_writes("Let me see", ended=False)
    assert kinds(driver.model_calls("book")) == [Speak]
    assert kinds(driver.model_writes("")) == []
    assert driver.history == []
    assert kinds(driver.turn_ends())[-3:] == [CommitReply, ToolBegan, RunTool]
    assert len(driver.commands(RunTool)) == 1
    driver.tool_answers("book")
    assert len(driver.commands(ContinueReply)) == 1


def test_g12_a_draft_that_is_thrown_away_calls_none() -> None:
    driver = Driver()
    driver.starts_speaking()
    driver.hears("a table", final=True)
    driver.turn_ends(TurnEnd.EAGER)
    driver.model_calls("book")
    driver.model_writes("")
    driver.turn_ends(TurnEnd.WITHDRAWN)
    driver.hears("for two", final=True)
    driver.turn_ends()
    assert driver.commands(RunTool) == []


# --- interruptions ---


def test_g12_a_result_that_comes_after_an_interruption_is_kept_where_the_call_was_made() -> None:
    driver = calling()
    driver.voice_speaks(500)
    driver.feed(ReplyProduced(1))
    driver.client_plays(500)
    driver.hears("and a high chair", final=True)
    driver.turn_ends()
    assert told(driver.commands(StartReply)[-1].history) == [
        ("caller", "a table for two"),
        ("agent", "Let me see"),
        ("book", RUNNING),
        ("caller", "and a high chair"),
    ]
    commands = driver.tool_answers("book", "booked")
    assert notices(commands, ToolOver) == [ToolOver("book", "book", ToolStatus.SUCCEEDED)]
    assert driver.commands(ContinueReply) == []
    assert driver.history == [
        ("caller", "a table for two"),
        ("agent", "Let me see"),
        ("book", "booked"),
        ("caller", "and a high chair"),
    ]


def test_g12_a_result_makes_a_draft_useless_that_did_not_know_it() -> None:
    driver = calling()
    driver.feed(InterruptRequested())
    driver.hears("well", final=True)
    driver.turn_ends(TurnEnd.EAGER)
    driver.tool_answers("book", "booked")
    driver.turn_ends()
    assert [start.speculative for start in driver.commands(StartReply)] == [False, True, False]
    assert ("book", "booked") in told(driver.commands(StartReply)[-1].history)


def test_g12_the_same_call_is_not_made_again_while_it_runs() -> None:
    driver = calling()
    driver.caller_says("hurry up")
    commands = driver.model_calls("book", id="again")
    assert len(driver.commands(RunTool)) == 1
    assert notices(commands, ToolOver) == [ToolOver("again", "book", ToolStatus.FAILED)]
    driver.model_writes("")
    assert ("book", SAME) in told(driver.commands(ContinueReply)[-1].history)


def test_g12_a_result_is_told_although_the_words_that_stopped_its_reply_are_taken_back() -> None:
    driver = calling()
    driver.hears("the")
    driver.feed(ClearRequested())
    assert len(driver.commands(StartReply)) == 1, "there is nothing to say yet"
    commands = driver.tool_answers("book", "booked")
    assert [start.reply for start in commands if isinstance(start, StartReply)] == [2]


@pytest.mark.parametrize(
    ("again", "made"),
    [
        ('{"people":4,"at":"7"}', 1),
        ('{ "at": "7", "people": 4 }', 1),
        ('{"people": 5, "at": "7"}', 2),
        ('{"people": 4.0, "at": "7"}', 2),
        ('{"people": true, "at": "7"}', 2),
        ('{"people": 4, "at": "7"', 2),
        ("[" * 100_000, 2),
    ],
)
def test_g12_a_call_that_runs_is_known_again_however_the_model_writes_its_arguments(again: str, made: int) -> None:
    driver = Driver()
    driver.caller_says("a table for four")
    driver.model_calls("book", arguments='{"people": 4, "at": "7"}')
    driver.caller_says("hurry up")
    driver.model_calls("book", arguments=again, id="again")
    assert len(driver.commands(RunTool)) == made


def test_g12_words_that_came_to_nothing_have_the_agent_go_on_when_the_tool_has_answered() -> None:
    driver = calling()
    driver.hears("the")
    driver.hears("", final=True, revises=True)
    driver.turn_ends()
    assert len(driver.commands(StartReply)) == 1, "there is nothing to say yet"
    commands = driver.tool_answers("book", "booked")
    assert [start.reply for start in commands if isinstance(start, StartReply)] == [2]
    assert told(driver.commands(StartReply)[-1].history)[-1] == ("book", "booked")


def test_g12_a_caller_who_wants_quiet_is_not_told_the_result() -> None:
    driver = calling()
    driver.feed(InterruptRequested())
    driver.tool_answers("book", "booked")
    assert len(driver.commands(StartReply)) == 1
    driver.caller_says("so?")
    assert ("book", "booked") in told(driver.commands(StartReply)[-1].history)


def test_g12_a_result_after_the_next_answer_is_kept_and_not_spoken_unasked() -> None:
    driver = calling()
    driver.caller_says("hurry up")
    driver.agent_says("One moment.")
    driver.tool_answers("book", "booked")
    assert len(driver.commands(StartReply)) == 2
    driver.caller_says("so?")
    assert ("book", "booked") in told(driver.commands(StartReply)[-1].history)


def test_g12_only_what_was_heard_of_each_part_stays() -> None:
    driver = calling()
    driver.voice_speaks(600)
    driver.tool_answers("book", "booked")
    driver.model_writes("It is booked for tonight.")
    driver.voice_speaks(1500, segment=1)
    driver.client_plays(1400)
    driver.hears("wait")
    assert driver.history == [
        ("caller", "a table for two"),
        ("agent", "Let me see"),
        ("book", "booked"),
        ("agent", "It is booked"),
    ]


def test_g12_a_call_without_a_word_leaves_only_itself() -> None:
    driver = Driver()
    driver.caller_says("a table for two")
    driver.model_calls("book")
    driver.feed(TextReceived("stop"))
    driver.tool_answers("book", "booked")
    assert driver.history == [("caller", "a table for two"), ("book", "booked"), ("caller", "stop")]


def test_g12_okay_is_no_interruption_of_one_who_looks_it_up() -> None:
    driver = calling()
    driver.voice_speaks(500)
    driver.feed(ReplyProduced(1))
    driver.client_plays(500)
    driver.starts_speaking()
    driver.hears("okay", final=True)
    driver.stops_speaking()
    driver.turn_ends()
    assert driver.notices(ReplyOver) == []
    assert ContinueReply in kinds(driver.tool_answers("book", "booked"))


# --- what goes wrong ---


def test_g12_a_result_of_no_call_is_nothing() -> None:
    assert calling().tool_answers("other") == []


def test_g12_a_model_that_fails_after_the_call_keeps_the_result() -> None:
    driver = calling(phrases=Phrases(apology="Sorry."))
    driver.feed(ReplyFailed(1, Stage.LLM, FailureKind.CUT))
    assert driver.commands(StartReply)[-1].kind is ReplyKind.PHRASE
    driver.tool_answers("book", "booked")
    assert ToolExchange(ToolCall("book", "book", "{}"), ToolResult("book", ToolStatus.SUCCEEDED, "booked")) in (
        driver.core.history.items
    )


def test_g12_tools_that_never_answer_fail_the_reply() -> None:
    driver = calling()
    assert driver.advance(29.9) == []
    assert StopPlayout in kinds(driver.advance(0.2))
    assert driver.notices(ReplyOver) == [ReplyOver(1, ReplyStatus.FAILED)]


def test_g12_a_model_that_calls_on_and_on_is_told_to_answer_and_fails_if_it_does_not() -> None:
    driver = Driver()
    driver.caller_says("a table for two")
    rounds = driver.timings.max_tool_rounds
    for number in range(rounds):
        driver.model_calls("book", id=f"c{number}")
        driver.model_writes("")
        driver.tool_answers(f"c{number}")
    assert len(driver.commands(RunTool)) == rounds
    driver.model_calls("book", id="more")
    driver.model_writes("")
    assert len(driver.commands(RunTool)) == rounds
    assert told(driver.commands(ContinueReply)[-1].history)[-1] == ("book", NO_MORE)
    driver.model_calls("book", id="even more")
    driver.model_writes("")
    assert driver.notices(ReplyOver) == [ReplyOver(1, ReplyStatus.FAILED)]


def test_g12_calls_that_run_are_bounded_whoever_made_them() -> None:
    driver = Driver()
    for number in range(driver.timings.max_calls + 1):
        driver.caller_says("and another")
        driver.model_calls("book", id=f"c{number}", arguments=str(number))
        driver.model_writes("")
    assert len(driver.commands(RunTool)) == driver.timings.max_calls
    assert driver.history[-1] == ("book", TOO_MANY)


@pytest.mark.parametrize("status", ToolStatus)
def test_g12_however_a_call_ends_the_model_is_told(status: ToolStatus) -> None:
    driver = calling()
    driver.tool_answers("book", "in words", status=status)
    exchange = driver.commands(ContinueReply)[0].history[-1]
    assert isinstance(exchange, ToolExchange)
    assert (exchange.result.status, exchange.result.text) == (status, "in words")
    assert driver.commands(EndSession) == []
