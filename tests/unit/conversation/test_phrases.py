"""What the agent says by itself: it never leaves a caller in silence, nor goes without a word."""

from __future__ import annotations

import pytest

from parley_gateway.conversation.commands import (
    Command,
    EndSession,
    FinishSpeech,
    ReplyKind,
    Speak,
    StartReply,
    StopPlayout,
)
from parley_gateway.conversation.events import (
    EndReason,
    FailureKind,
    HearingTroubled,
    InterruptRequested,
    LinkChanged,
    ReplyFailed,
    ReplyProduced,
    SessionEnding,
    SpeechStarted,
    Stage,
    StageLost,
    TextReceived,
    TurnEnd,
)
from parley_gateway.conversation.notices import ReplyBegan, ReplyCutShort, ReplyOver, ReplyStatus, ReplyTextAdded
from parley_gateway.conversation.phrases import Phrases
from parley_gateway.conversation.timings import Timings
from tests.unit.conversation.driver import Driver, kinds, notices

PHRASES = Phrases(
    apology="Sorry. Once more?", still_there="Are you still there?", goodbye="I have to go. Goodbye."
)


def spoken(commands: list[Command]) -> str:
    """What of commands is to be said."""
    return "".join(command.text for command in commands if isinstance(command, Speak))


def fail(driver: Driver, stage: Stage = Stage.LLM) -> list[Command]:
    return driver.feed(ReplyFailed(driver.reply, stage, FailureKind.TIMEOUT))


def phrase_is_heard(driver: Driver) -> list[Command]:
    """The voice speaks the phrase, and the client plays it."""
    text = spoken(driver.said)
    for segment in range(text.count(".") + text.count("?")):
        driver.voice_speaks(500, segment=segment)
    driver.feed(ReplyProduced(driver.reply))
    ms = driver.core._reply.spoken.ms
    return driver.client_plays(ms, finished=True)


# --- the apology ---


def test_g10_an_answer_that_failed_is_apologised_for_without_asking_the_model() -> None:
    driver = Driver(phrases=PHRASES)
    driver.caller_says("hello")
    commands = fail(driver)
    assert driver.notices(ReplyOver) == [ReplyOver(1, ReplyStatus.FAILED)]
    assert [start.kind for start in commands if isinstance(start, StartReply)] == [ReplyKind.PHRASE]
    assert spoken(commands) == PHRASES.apology
    assert kinds(commands)[-1] is FinishSpeech
    phrase_is_heard(driver)
    assert driver.history == [("caller", "hello"), ("agent", PHRASES.apology)]


def test_g10_an_answer_that_broke_off_is_apologised_for_when_all_that_was_made_is_played() -> None:
    driver = Driver(phrases=PHRASES)
    driver.caller_says("hello")
    driver.model_writes("Good day. I was about to say.", ended=False)
    driver.voice_speaks(1000)
    driver.client_plays(300)
    assert StartReply not in kinds(fail(driver, Stage.TTS))
    assert spoken(driver.client_plays(1000, finished=True)) == PHRASES.apology
    assert driver.history == [("caller", "hello"), ("agent", "Good day.")]


def test_g10_an_answer_that_stalls_is_apologised_for() -> None:
    driver = Driver(phrases=PHRASES)
    driver.caller_says("hello")
    assert spoken(driver.advance(35.01)) == PHRASES.apology


def test_g10_an_apology_that_fails_is_not_apologised_for() -> None:
    driver = Driver(phrases=PHRASES)
    driver.caller_says("hello")
    fail(driver)
    assert StartReply not in kinds(fail(driver, Stage.TTS))
    assert driver.caller_says("hello?") == 3


def test_g10_while_the_caller_speaks_an_apology_waits_and_their_words_make_it_needless() -> None:
    driver = Driver(phrases=PHRASES)
    driver.caller_says("hello")
    driver.starts_speaking()
    assert StartReply not in kinds(fail(driver))
    driver.hears("are you there", final=True)
    driver.stops_speaking()
    driver.turn_ends()
    assert [start.kind for start in driver.commands(StartReply)] == [ReplyKind.ANSWER] * 2


def test_g10_a_cough_does_not_make_it_needless() -> None:
    driver = Driver(phrases=PHRASES)
    driver.caller_says("hello")
    driver.starts_speaking()
    fail(driver)
    driver.stops_speaking()
    assert spoken(driver.advance(3.01)) == PHRASES.apology


def test_g10_a_caller_who_was_not_heard_is_asked_to_say_it_again_once_nobody_speaks() -> None:
    driver = Driver(phrases=PHRASES)
    assert spoken(driver.feed(HearingTroubled())) == PHRASES.apology
    phrase_is_heard(driver)
    driver.starts_speaking()
    assert driver.feed(HearingTroubled()) == []
    driver.stops_speaking()
    assert spoken(driver.advance(3.01)) == PHRASES.apology


def test_g10_what_was_heard_after_all_is_answered_in_place_of_an_apology() -> None:
    driver = Driver(phrases=PHRASES)
    driver.starts_speaking()
    driver.feed(HearingTroubled())
    driver.hears("hello", final=True)
    driver.stops_speaking()
    driver.turn_ends()
    assert [start.kind for start in driver.commands(StartReply)] == [ReplyKind.ANSWER]


def test_g10_a_client_that_asks_for_silence_hears_none() -> None:
    driver = Driver(phrases=PHRASES)
    driver.caller_says("hello")
    driver.model_writes("Good day. I was about to say.", ended=False)
    driver.voice_speaks(1000)
    fail(driver, Stage.TTS)
    driver.feed(InterruptRequested())
    assert driver.advance(60) == []


def test_g10_answers_that_keep_failing_end_the_session_with_a_goodbye() -> None:
    driver = Driver(phrases=PHRASES)
    for _ in range(2):
        driver.feed(TextReceived("hello"))
        assert spoken(fail(driver)) == PHRASES.apology
        phrase_is_heard(driver)
    driver.feed(TextReceived("hello"))
    assert spoken(fail(driver)) == PHRASES.goodbye, "an apology that was heard makes good for nothing"
    assert driver.commands(EndSession) == []
    phrase_is_heard(driver)
    assert driver.commands(EndSession) == [EndSession(EndReason.PROVIDERS_FAILED)]


def test_g10_a_greeting_that_fails_is_not_held_against_the_providers_nor_apologised_for() -> None:
    driver = Driver(phrases=PHRASES, greeting="Hello.")
    assert StartReply not in kinds(fail(driver, Stage.TTS))


def test_g10_a_phrase_that_is_empty_is_not_said() -> None:
    driver = Driver()
    driver.caller_says("hello")
    assert StartReply not in kinds(fail(driver))


# --- are you still there ---


def test_g06_an_idle_caller_is_asked_once_and_then_the_session_ends() -> None:
    driver = Driver(phrases=PHRASES)
    assert spoken(driver.advance(284.9)) == ""
    assert spoken(driver.advance(0.2)) == PHRASES.still_there
    phrase_is_heard(driver)
    assert kinds(driver.advance(14.8)) == []
    assert kinds(driver.advance(0.2)) == [EndSession]
    assert driver.commands(EndSession) == [EndSession(EndReason.IDLE)]


def test_g06_an_answer_makes_the_session_go_on_and_the_next_silence_is_asked_about_again() -> None:
    driver = Driver(phrases=PHRASES)
    driver.advance(285.1)
    phrase_is_heard(driver)
    driver.caller_says("yes")
    driver.agent_says("Good.")
    driver.advance(250)
    assert driver.commands(EndSession) == []
    assert spoken(driver.advance(36)) == PHRASES.still_there
    driver.advance(20)
    assert driver.commands(EndSession) == [EndSession(EndReason.IDLE)]


def test_g06_the_caller_is_not_asked_while_the_agent_speaks() -> None:
    driver = Driver(phrases=PHRASES, timings=Timings(silence_s=900, reply_stall_s=900))
    driver.caller_says("tell me everything")
    driver.model_writes("Well.", ended=False)
    driver.voice_speaks(400_000)
    driver.advance(280)
    driver.client_plays(280_000)
    assert driver.commands(StartReply)[-1].reply == 1
    driver.advance(100)
    driver.client_plays(380_000)
    driver.advance(200)
    assert driver.commands(EndSession) == []


def test_g06_a_short_limit_leaves_half_of_it_to_answer() -> None:
    driver = Driver(phrases=PHRASES, timings=Timings(idle_s=10))
    assert spoken(driver.advance(5.01)) == PHRASES.still_there


def test_g06_its_echo_is_no_answer() -> None:
    driver = Driver(phrases=PHRASES)
    driver.advance(285.1)
    driver.voice_speaks(1500)
    driver.client_plays(300)
    driver.starts_speaking()
    driver.client_plays(900)
    driver.hears("are you still there", final=True)
    driver.turn_ends()
    driver.client_plays(1500)
    driver.advance(15)
    assert driver.commands(EndSession) == [EndSession(EndReason.IDLE)]


# --- goodbye ---


@pytest.mark.parametrize("how", ["duration", "budget", "recognition is lost"])
def test_g06_a_session_that_is_ended_says_goodbye_first(how: str) -> None:
    driver = Driver(phrases=PHRASES, timings=Timings(session_s=100))
    if how == "duration":
        commands, reason = driver.advance(100), EndReason.DURATION
    elif how == "budget":
        commands = driver.feed(SessionEnding(EndReason.BUDGET, farewell=True))
        reason = EndReason.BUDGET
    else:
        commands = driver.feed(StageLost(Stage.STT, FailureKind.CUT))
        reason = EndReason.PROVIDERS_FAILED
    assert spoken(commands) == PHRASES.goodbye
    assert driver.commands(EndSession) == []
    phrase_is_heard(driver)
    assert driver.commands(EndSession) == [EndSession(reason)]
    assert driver.history[-1] == ("agent", PHRASES.goodbye)


def test_g06_the_goodbye_interrupts_and_cannot_be_interrupted() -> None:
    driver = Driver(phrases=PHRASES)
    driver.caller_says("tell me everything")
    driver.model_writes("Well. That is a long story.")
    driver.voice_speaks(1000)
    driver.client_plays(500)
    commands = driver.feed(SessionEnding(EndReason.BUDGET, farewell=True))
    assert kinds(commands)[0] is StopPlayout
    assert notices(commands, ReplyCutShort)
    assert notices(commands, ReplyBegan) == [ReplyBegan(2)]
    assert len(notices(commands, ReplyTextAdded)) == 2
    for event in (SpeechStarted(0), TextReceived("no!"), InterruptRequested()):
        assert driver.feed(event) == []
    assert driver.hears("no, wait", final=True) + driver.turn_ends() == []
    assert driver.commands(EndSession) == []


def test_g06_the_goodbye_takes_a_bounded_time_whatever_the_voice_does() -> None:
    driver = Driver(phrases=PHRASES)
    driver.feed(SessionEnding(EndReason.BUDGET, farewell=True))
    assert kinds(driver.advance(9.99)) == []
    assert kinds(driver.advance(0.02))[-1] is EndSession
    assert driver.commands(EndSession) == [EndSession(EndReason.BUDGET)]


def test_g06_a_voice_that_fails_the_goodbye_ends_the_session() -> None:
    driver = Driver(phrases=PHRASES)
    driver.feed(SessionEnding(EndReason.BUDGET, farewell=True))
    assert kinds(fail(driver, Stage.TTS))[-1] is EndSession


@pytest.mark.parametrize("event", [LinkChanged(connected=False), SessionEnding(EndReason.CLIENT_GONE)])
def test_g06_a_caller_who_leaves_meanwhile_changes_nothing_of_the_reason(event: LinkChanged) -> None:
    driver = Driver(phrases=PHRASES)
    driver.feed(SessionEnding(EndReason.BUDGET, farewell=True))
    driver.feed(SessionEnding(EndReason.DURATION, farewell=True))
    driver.feed(event)
    assert driver.commands(EndSession) == [EndSession(EndReason.BUDGET)]


def test_g06_a_goodbye_in_the_middle_of_the_caller_s_turn_leaves_nothing_open() -> None:
    driver = Driver(phrases=PHRASES)
    driver.starts_speaking()
    driver.hears("I would like", final=True)
    driver.turn_ends(TurnEnd.EAGER)
    driver.feed(SessionEnding(EndReason.BUDGET, farewell=True))
    phrase_is_heard(driver)
    assert driver.commands(EndSession) == [EndSession(EndReason.BUDGET)]
    assert driver.timers == {}


def test_g06_without_a_goodbye_the_session_just_ends() -> None:
    driver = Driver()
    assert kinds(driver.feed(SessionEnding(EndReason.BUDGET, farewell=True))) == [EndSession]
