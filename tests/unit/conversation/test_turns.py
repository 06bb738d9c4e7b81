"""When the caller's turn begins and ends, and what it leads to."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from parley_gateway.conversation.commands import (
    Command,
    CommitInput,
    DiscardInput,
    FinishSpeech,
    ReplyKind,
    Speak,
    StartReply,
)
from parley_gateway.conversation.events import (
    ClearRequested,
    CommitRequested,
    ReplyProduced,
    ReplyRequested,
    ReplyRewound,
    SessionReady,
    TextReceived,
    TurnEnd,
)
from parley_gateway.conversation.notices import (
    CallerQuiet,
    CallerSpeaks,
    Problem,
    ReplyBegan,
    ReplyOver,
    ReplyStatus,
    ReplyTextAdded,
    TranscriptUpdated,
)
from parley_gateway.conversation.timings import Timings
from parley_gateway.conversation.turns import Conversation
from tests.unit.conversation.driver import Driver, kinds, notices, told


def test_a_greeting_is_spoken_without_asking_the_model() -> None:
    core = Conversation(timings=Timings(), owns_turns=True)
    commands = core.feed(SessionReady("Hello. How can I help?"), 0.0)
    assert kinds(commands) == [StartReply, ReplyBegan, Speak, ReplyTextAdded, Speak, ReplyTextAdded, FinishSpeech]
    assert next(command for command in commands if isinstance(command, StartReply)).kind is ReplyKind.PHRASE


def test_a_greeting_that_was_heard_is_in_the_history() -> None:
    driver = Driver(greeting="Hello.")
    driver.voice_speaks(500)
    driver.feed(ReplyProduced(driver.reply))
    driver.client_plays(500, finished=True)
    assert driver.history == [("agent", "Hello.")]


def test_g10_another_model_goes_on_after_the_last_sentence_and_no_half_of_one_is_said() -> None:
    driver = Driver()
    driver.caller_says("when is breakfast")
    driver.model_writes("The pool opens at six. Breakfast", ended=False)
    driver.feed(ReplyRewound(driver.reply))
    driver.model_writes(" Breakfast is at seven.")
    assert [command.text for command in driver.commands(Speak)] == [
        "The pool opens at six.",
        " Breakfast is at seven.",
    ]


def test_a_turn_is_answered_and_both_are_in_the_history() -> None:
    driver = Driver()
    driver.caller_says("what time is it")
    driver.agent_says("It is noon. Anything else?")
    assert driver.history == [("caller", "what time is it"), ("agent", "It is noon. Anything else?")]
    assert driver.notices(ReplyOver)[-1].status is ReplyStatus.COMPLETED
    assert told(driver.commands(StartReply)[0].history)[-1] == ("caller", "what time is it")


def test_sentences_are_spoken_while_the_model_still_writes() -> None:
    driver = Driver()
    driver.caller_says("hello")
    assert kinds(driver.model_writes("Good", ended=False)) == []
    assert kinds(driver.model_writes(" day. And", ended=False)) == [Speak, ReplyTextAdded]


def test_partial_transcripts_are_shown_as_revisions_of_one_turn_and_the_last_is_final() -> None:
    driver = Driver()
    driver.starts_speaking()
    driver.hears("what")
    driver.hears("what time", revises=True)
    driver.hears("what time", final=True, revises=True)
    driver.hears("is it", final=True)
    driver.turn_ends()
    shown = [(notice.turn, notice.rev, notice.text, notice.final) for notice in driver.notices(TranscriptUpdated)]
    assert shown == [
        (1, 1, "what", False),
        (1, 2, "what time", False),
        (1, 3, "what time is it", False),
        (1, 4, "what time is it", True),
    ]
    driver.hears("next turn")
    assert driver.notices(TranscriptUpdated)[-1].turn == 2


def test_the_client_sees_speech_begin_and_end_even_if_the_recogniser_never_says_it_did() -> None:
    driver = Driver()
    driver.starts_speaking()
    driver.hears("hello", final=True)
    driver.turn_ends()
    assert len(driver.notices(CallerSpeaks)) == len(driver.notices(CallerQuiet)) == 1


def test_words_without_any_sound_open_a_turn_too() -> None:
    driver = Driver()
    driver.hears("hello", final=True)
    driver.turn_ends()
    assert len(driver.notices(CallerSpeaks)) == 1
    assert len(driver.commands(StartReply)) == 1


# --- a recogniser that does not own turns ---


def test_silence_ends_a_turn_where_the_recogniser_leaves_it_to_us() -> None:
    driver = Driver(owns_turns=False)
    driver.starts_speaking()
    driver.hears("hello", final=True)
    driver.stops_speaking()
    assert not notices(driver.advance(0.59), ReplyBegan)
    assert notices(driver.advance(0.02), ReplyBegan)


def test_speech_that_goes_on_within_the_silence_is_the_same_turn() -> None:
    driver = Driver(owns_turns=False)
    driver.starts_speaking()
    driver.hears("hello", final=True)
    driver.stops_speaking()
    driver.advance(0.5)
    driver.starts_speaking()
    driver.advance(1.0)
    driver.hears("there", final=True)
    driver.stops_speaking()
    driver.advance(0.61)
    assert driver.history == [("caller", "hello there")]


def test_a_transcript_that_is_not_final_yet_is_asked_for_and_waited_for() -> None:
    driver = Driver(owns_turns=False)
    driver.starts_speaking()
    driver.hears("hel")
    driver.stops_speaking()
    assert kinds(driver.advance(0.61)) == [CommitInput]
    driver.hears("hello", final=True, revises=True)
    assert driver.history == [("caller", "hello")]


def test_a_final_transcript_that_never_comes_is_not_waited_for_for_ever() -> None:
    driver = Driver(owns_turns=False)
    driver.starts_speaking()
    driver.hears("hel")
    driver.stops_speaking()
    driver.advance(0.6 + 3.01)
    assert driver.history == [("caller", "hel")]
    driver.hears("hello", final=True, revises=True)
    driver.advance(10)
    assert driver.history == [("caller", "hel")], "what comes late of a turn that is over is stale"


# --- a recogniser that owns turns, but fails to ---


def test_a_turn_whose_end_is_never_told_ends_by_itself() -> None:
    driver = Driver()
    driver.hears("hello", final=True)
    driver.advance(3.01)
    assert driver.history == [("caller", "hello")]


@pytest.mark.parametrize("owns_turns", [True, False])
def test_a_caller_who_speaks_on_for_long_without_new_words_is_not_cut_off(owns_turns: bool) -> None:
    driver = Driver(owns_turns=owns_turns)
    driver.starts_speaking()
    driver.hears("first of all", final=True)
    driver.advance(8.0)
    assert driver.commands(StartReply) == []
    driver.hears("and then there is this", final=True)
    driver.stops_speaking()
    driver.advance(3.01)
    assert driver.history == [("caller", "first of all and then there is this")]


def test_speech_that_never_ends_and_brings_no_word_is_forgotten() -> None:
    driver = Driver()
    driver.starts_speaking()
    driver.advance(10.01)
    assert len(driver.notices(CallerQuiet)) == 1
    assert driver.commands(StartReply) == []


# --- what the client asks for ---


def test_a_commit_asks_for_the_rest_and_answers_it() -> None:
    driver = Driver()
    driver.starts_speaking()
    driver.hears("hel")
    assert kinds(driver.feed(CommitRequested())) == [CommitInput]
    driver.hears("hello", final=True, revises=True)
    assert driver.history == [("caller", "hello")]


def test_a_commit_of_a_turn_that_is_settled_is_answered_at_once() -> None:
    driver = Driver()
    driver.starts_speaking()
    driver.hears("hello", final=True)
    driver.stops_speaking()
    assert StartReply in kinds(driver.feed(CommitRequested()))


def test_a_commit_of_nothing_says_that_nothing_was_heard() -> None:
    driver = Driver()
    driver.feed(CommitRequested())
    assert [notice.code for notice in notices(driver.advance(3.01), Problem)] == ["nothing_heard"]
    driver.feed(CommitRequested())
    driver.hears("", final=True)
    assert [notice.code for notice in driver.notices(Problem)] == ["nothing_heard"] * 2


def test_sound_after_a_commit_does_not_withdraw_it() -> None:
    driver = Driver()
    driver.starts_speaking()
    driver.hears("hello")
    driver.feed(CommitRequested())
    driver.starts_speaking()
    driver.hears("hello", final=True, revises=True)
    assert driver.history == [("caller", "hello")]


def test_a_turn_that_is_cleared_is_forgotten_with_what_the_recogniser_still_has_of_it() -> None:
    driver = Driver()
    driver.starts_speaking()
    driver.hears("my card is")
    assert DiscardInput in kinds(driver.feed(ClearRequested()))
    driver.hears("my card is one two", final=True, revises=True)
    driver.turn_ends()
    assert driver.history == []
    assert driver.caller_says("hello") == 1
    assert driver.history == [("caller", "hello")]


def test_speech_that_goes_on_after_a_clear_is_heard_from_the_next_utterance_on() -> None:
    driver = Driver()
    driver.starts_speaking()
    driver.hears("my card is")
    driver.feed(ClearRequested())
    driver.hears("my card is one two", final=True, revises=True)
    driver.hears("no, wait")
    assert driver.notices(TranscriptUpdated)[-1].text == "no, wait"


def test_a_typed_turn_is_answered_at_once() -> None:
    driver = Driver()
    driver.feed(TextReceived("  hello  "))
    assert driver.history == [("caller", "hello")]
    assert driver.reply == 1


def test_a_typed_turn_of_nothing_is_nothing() -> None:
    driver = Driver()
    assert driver.feed(TextReceived("   ")) == []


def test_the_agent_can_be_asked_to_speak_first() -> None:
    driver = Driver()
    driver.feed(ReplyRequested())
    driver.agent_says("Hello.")
    assert driver.history == [("agent", "Hello.")]


def test_the_agent_cannot_be_asked_to_speak_while_it_does() -> None:
    driver = Driver()
    driver.caller_says("hello")
    commands = driver.feed(ReplyRequested())
    assert [notice.code for notice in notices(commands, Problem)] == ["reply_active"]


def test_asking_for_a_reply_in_the_middle_of_a_turn_ends_the_turn() -> None:
    driver = Driver()
    driver.starts_speaking()
    driver.hears("hello")
    driver.feed(ReplyRequested())
    assert driver.history == [("caller", "hello")]


# --- speculation ---


def test_an_eager_end_drafts_and_writes_and_tells_nothing() -> None:
    driver = Driver()
    driver.starts_speaking()
    driver.hears("hello", final=True)
    commands = driver.turn_ends(TurnEnd.EAGER) + driver.model_writes("Good day.") + driver.voice_speaks(900)
    assert kinds(commands) == [StartReply, Speak, FinishSpeech]
    assert driver.commands(StartReply)[0].speculative
    assert told(driver.commands(StartReply)[0].history)[-1] == ("caller", "hello")
    assert driver.history == []


def test_a_draft_that_is_still_true_becomes_the_reply() -> None:
    driver = Driver()
    driver.starts_speaking()
    driver.hears("hello", final=True)
    driver.turn_ends(TurnEnd.EAGER)
    driver.model_writes("Good day.")
    commands = driver.turn_ends()
    assert [kind.__name__ for kind in kinds(commands)] == [
        "CallerQuiet",
        "TranscriptUpdated",
        "ReplyBegan",
        "ReplyTextAdded",
        "CommitReply",
    ]
    assert len(driver.commands(StartReply)) == 1
    assert driver.history == [("caller", "hello")]


@pytest.mark.parametrize("how", ["withdrawn", "sound", "words", "cleared", "typed"])
def test_a_draft_that_is_not_true_any_more_is_thrown_away(how: str) -> None:
    driver = Driver()
    driver.starts_speaking()
    driver.hears("book a table", final=True)
    driver.stops_speaking()
    driver.turn_ends(TurnEnd.EAGER)
    doings: dict[str, Callable[[], list[Command]]] = {
        "withdrawn": lambda: driver.turn_ends(TurnEnd.WITHDRAWN),
        "sound": driver.starts_speaking,
        "words": lambda: driver.hears("for two"),
        "cleared": lambda: driver.feed(ClearRequested()),
        "typed": lambda: driver.feed(TextReceived("never mind")),
    }
    commands = doings[how]()
    assert "CancelReply" in [kind.__name__ for kind in kinds(commands)]
    assert "ReplyCutShort" not in [kind.__name__ for kind in kinds(commands)]


def test_words_after_an_eager_end_are_part_of_the_turn() -> None:
    driver = Driver()
    driver.starts_speaking()
    driver.hears("book a table", final=True)
    driver.turn_ends(TurnEnd.EAGER)
    driver.hears("for two", final=True)
    driver.turn_ends()
    assert driver.history == [("caller", "book a table for two")]
    assert [start.speculative for start in driver.commands(StartReply)] == [True, False]


def test_an_eager_end_that_is_never_confirmed_becomes_final() -> None:
    driver = Driver()
    driver.starts_speaking()
    driver.hears("hello", final=True)
    driver.turn_ends(TurnEnd.EAGER)
    driver.advance(3.01)
    assert driver.history == [("caller", "hello")]
    assert len(driver.commands(StartReply)) == 1
