"""How a session, and a reply that does not work, come to an end."""

from __future__ import annotations

import pytest

from parley_gateway.conversation.commands import CancelReply, EndSession, StartReply, StopPlayout
from parley_gateway.conversation.events import (
    EndReason,
    Event,
    FailureKind,
    LinkChanged,
    ReplyFailed,
    ReplyProduced,
    SessionEnding,
    Stage,
    StageLost,
    TextReceived,
    TimerFired,
    TurnEnd,
)
from parley_gateway.conversation.notices import Problem, ReplyCutShort, ReplyOver, ReplyStatus
from parley_gateway.conversation.timings import Timings
from parley_gateway.conversation.turns import Conversation
from tests.unit.conversation.driver import Driver, kinds, notices


def fail(driver: Driver, stage: Stage = Stage.LLM) -> None:
    driver.feed(ReplyFailed(driver.reply, stage, FailureKind.TIMEOUT))


def test_an_idle_session_ends() -> None:
    driver = Driver()
    assert kinds(driver.advance(299)) == []
    assert kinds(driver.advance(2)) == [EndSession]
    assert driver.commands(EndSession) == [EndSession(EndReason.IDLE)]


def test_speech_text_and_replies_keep_a_session_from_being_idle() -> None:
    driver = Driver()
    for _ in range(5):
        driver.advance(200)
        driver.feed(TextReceived("hello"))
        driver.agent_says("Hello.")
    assert driver.commands(EndSession) == []
    driver.advance(301)
    assert driver.commands(EndSession) == [EndSession(EndReason.IDLE)]


def test_transcripts_without_words_do_not() -> None:
    driver = Driver()
    for _ in range(31):
        driver.hears("", final=True)
        driver.advance(10)
    assert driver.commands(EndSession) == [EndSession(EndReason.IDLE)]


def test_a_session_ends_after_its_duration_whatever_it_does() -> None:
    driver = Driver(timings=Timings(session_s=1000))
    for _ in range(20):
        driver.feed(TextReceived("hello"))
        driver.agent_says("Hello.")
        driver.advance(55)
    assert driver.commands(EndSession) == [EndSession(EndReason.DURATION)]


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (SessionEnding(EndReason.DRAINED), EndReason.DRAINED),
        (LinkChanged(connected=False), EndReason.CLIENT_GONE),
        (StageLost(Stage.STT, FailureKind.REFUSED), EndReason.PROVIDERS_FAILED),
    ],
)
def test_it_ends_once_for_one_reason_and_is_silent_after(event: Event, reason: EndReason) -> None:
    driver = Driver()
    driver.feed(event)
    assert driver.commands(EndSession) == [EndSession(reason)]
    assert driver.timers == {}
    assert driver.feed(SessionEnding(EndReason.INTERNAL)) == []
    assert driver.feed(TextReceived("hello")) == []


def test_it_can_end_before_it_has_begun() -> None:
    core = Conversation(timings=Timings(), owns_turns=True)
    assert core.feed(TextReceived("too early"), 0.0) == []
    assert core.feed(SessionEnding(EndReason.CLIENT_GONE), 0.0) == [EndSession(EndReason.CLIENT_GONE)]


def test_the_end_stops_the_reply_first_and_keeps_what_was_heard() -> None:
    driver = Driver()
    driver.caller_says("hello")
    driver.model_writes("Good day.")
    driver.voice_speaks(1000)
    driver.feed(ReplyProduced(1))
    driver.client_plays(700)
    commands = driver.feed(SessionEnding(EndReason.CLIENT_ENDED))
    assert kinds(commands) == [StopPlayout, CancelReply, ReplyCutShort, ReplyOver, EndSession]
    assert driver.history[-1] == ("agent", "Good")


# --- failures ---


def test_a_reply_that_failed_before_it_was_heard_is_over_and_the_client_is_told() -> None:
    driver = Driver()
    driver.caller_says("hello")
    fail(driver)
    assert [notice.code for notice in driver.notices(Problem)] == ["reply_failed"]
    assert driver.notices(ReplyOver) == [ReplyOver(1, ReplyStatus.FAILED)]
    assert driver.caller_says("are you there") == 2


def test_a_reply_that_failed_in_the_middle_is_played_as_far_as_it_was_made() -> None:
    driver = Driver()
    driver.caller_says("hello")
    driver.model_writes("Good day. I was about to say.", ended=False)
    driver.voice_speaks(1000)
    driver.client_plays(300)
    fail(driver, Stage.TTS)
    assert driver.notices(ReplyOver) == []
    driver.client_plays(1000, finished=True)
    assert driver.notices(ReplyOver) == [ReplyOver(1, ReplyStatus.FAILED)]
    assert driver.history[-1] == ("agent", "Good day.")


def test_a_voice_that_makes_no_sound_has_failed_and_nothing_was_said() -> None:
    driver = Driver()
    driver.caller_says("hello")
    driver.model_writes("Good day.")
    driver.feed(ReplyProduced(1))
    driver.client_plays(0, finished=True)
    assert driver.notices(ReplyOver) == [ReplyOver(1, ReplyStatus.FAILED)]
    assert driver.history == [("caller", "hello")]


def test_a_model_that_has_nothing_to_say_gives_the_turn_back() -> None:
    driver = Driver()
    driver.caller_says("hello")
    driver.model_writes("")
    driver.feed(ReplyProduced(1))
    driver.client_plays(0, finished=True)
    assert driver.notices(ReplyOver) == [ReplyOver(1, ReplyStatus.COMPLETED)]
    assert driver.history == [("caller", "hello")]


def test_replies_that_keep_failing_end_the_session() -> None:
    driver = Driver()
    for _ in range(3):
        driver.feed(TextReceived("hello"))
        fail(driver)
    assert driver.commands(EndSession) == [EndSession(EndReason.PROVIDERS_FAILED)]


def test_a_reply_that_works_makes_good_for_those_that_failed() -> None:
    driver = Driver()
    for _ in range(4):
        for _ in range(2):
            driver.feed(TextReceived("hello"))
            fail(driver)
        driver.feed(TextReceived("hello"))
        driver.agent_says("Hello.")
    assert driver.commands(EndSession) == []


def test_a_reply_that_makes_no_progress_fails() -> None:
    driver = Driver(timings=Timings(silence_s=60))
    driver.caller_says("hello")
    driver.advance(20)
    driver.model_writes("Good day.", ended=False)
    assert notices(driver.advance(34.9), ReplyOver) == []
    assert notices(driver.advance(0.2), ReplyOver) == [ReplyOver(1, ReplyStatus.FAILED)]
    assert driver.timers.keys() == {"idle", "duration"}


def test_a_reply_of_which_nothing_is_heard_fails_whatever_progress_it_makes() -> None:
    driver = Driver(timings=Timings(silence_s=60))
    driver.caller_says("hello")
    for _ in range(11):
        driver.advance(5)
        driver.model_writes("and ", ended=False)
    assert driver.notices(ReplyOver) == []
    assert notices(driver.advance(5.1), ReplyOver) == [ReplyOver(1, ReplyStatus.FAILED)]


def test_a_draft_that_fails_is_only_thrown_away() -> None:
    driver = Driver()
    driver.starts_speaking()
    driver.hears("hello", final=True)
    driver.turn_ends(TurnEnd.EAGER)
    fail(driver)
    assert driver.notices(Problem) == []
    driver.turn_ends()
    assert [start.speculative for start in driver.commands(StartReply)] == [True, False]


def test_a_timer_that_was_set_anew_or_cancelled_does_nothing_when_it_fires() -> None:
    driver = Driver()
    driver.hears("hello")
    _, generation = driver.timers["transcript"]
    driver.hears("hello there", revises=True)
    assert driver.feed(TimerFired("transcript", generation)) == []


def test_a_client_that_takes_back_what_it_played_does_not_keep_a_reply_alive() -> None:
    driver = Driver()
    driver.caller_says("hello")
    driver.model_writes("Good day.", ended=False)
    driver.voice_speaks(1000)
    for _ in range(10):
        driver.client_plays(500)
        driver.advance(2)
        driver.client_plays(0)
        driver.advance(2)
    assert driver.notices(ReplyOver) == [ReplyOver(1, ReplyStatus.FAILED)]
