"""A caller who makes a sound while the agent speaks."""

from __future__ import annotations

from parley_gateway.conversation.commands import (
    CancelReply,
    PausePlayout,
    ResumePlayout,
    Speak,
    StartReply,
    StopPlayout,
)
from parley_gateway.conversation.events import (
    AudioReady,
    ClearRequested,
    InterruptRequested,
    PlayoutReported,
    Quality,
    ReplyProduced,
    ReplyText,
    TextReceived,
    TranscriptChanged,
    Word,
)
from parley_gateway.conversation.history import Speaker, Utterance
from parley_gateway.conversation.notices import (
    CallerQuiet,
    CallerSpeaks,
    Heard,
    ReplyBegan,
    ReplyContinued,
    ReplyCutShort,
    ReplyHeld,
    ReplyOver,
    ReplyStatus,
)
from tests.unit.conversation.driver import Driver, kinds, notices, told


def speaking() -> Driver:
    """A driver whose agent has been heard for one second of two sentences of a second each."""
    driver = Driver()
    driver.caller_says("hello")
    driver.model_writes("Good day to you. What can I do?")
    driver.voice_speaks(1000, segment=0)
    driver.voice_speaks(1000, segment=1)
    driver.client_plays(1000)
    return driver


def test_sound_pauses_the_reply_at_once() -> None:
    driver = speaking()
    assert kinds(driver.starts_speaking()) == [PausePlayout, ReplyHeld, CallerSpeaks]


def test_sound_that_lasts_holds_the_reply_until_it_has_words() -> None:
    driver = speaking()
    driver.starts_speaking()
    assert kinds(driver.advance(1.5)) == []
    assert kinds(driver.hears("stop"))[:2] == [StopPlayout, CancelReply]


def test_what_was_heard_is_told_and_it_is_silent_first() -> None:
    driver = speaking()
    commands = driver.hears("stop")
    assert kinds(commands)[:4] == [CallerSpeaks, StopPlayout, CancelReply, ReplyCutShort]
    assert notices(commands, ReplyCutShort) == [
        ReplyCutShort(1, Heard("Good day to you.", 1000, Quality.ESTIMATED))
    ]
    assert notices(commands, ReplyOver) == [ReplyOver(1, ReplyStatus.INTERRUPTED)]


def test_only_what_was_heard_stays_in_the_history() -> None:
    driver = speaking()
    driver.client_plays(1500)
    driver.starts_speaking()
    driver.advance(0.2)
    driver.hears("stop")
    assert driver.history == [("caller", "hello"), ("agent", "Good day to you. What")]
    (*_, last) = driver.core.history.items
    assert last == Utterance(Speaker.AGENT, "Good day to you. What", interrupted=True)


def test_a_reply_of_which_nothing_was_heard_leaves_no_trace() -> None:
    driver = Driver()
    driver.caller_says("hello")
    driver.model_writes("Good day.")
    driver.caller_says("and goodbye")
    assert driver.history == [("caller", "hello"), ("caller", "and goodbye")]


def test_g04_words_end_the_reply_as_soon_as_speech_has_lasted_for_its_minimum() -> None:
    driver = speaking()
    driver.starts_speaking()
    driver.advance(0.15)
    assert StopPlayout not in kinds(driver.hears("stop")), "held it is, already"
    assert kinds(driver.advance(0.04)) == []
    assert kinds(driver.advance(0.02))[:2] == [StopPlayout, CancelReply]
    assert driver.advance(0.5) == []


def test_g04_words_that_come_later_end_it_without_waiting() -> None:
    driver = speaking()
    driver.starts_speaking()
    driver.advance(0.2)
    assert kinds(driver.hears("stop"))[:2] == [StopPlayout, CancelReply]


def test_g04_words_tell_themselves_how_long_speech_has_lasted() -> None:
    driver = speaking()
    driver.starts_speaking()
    words = (Word("no", 100, 220), Word("stop", 240, 400))
    assert StopPlayout in kinds(driver.feed(TranscriptChanged(5, "no stop", final=False, words=words)))


def test_g04_words_of_shorter_speech_hold_the_reply_and_the_end_of_their_turn_ends_it() -> None:
    driver = speaking()
    driver.starts_speaking()
    driver.advance(0.1)
    driver.hears("no")
    driver.stops_speaking()
    assert kinds(driver.advance(1.0)) == [], "neither goes on nor ends"
    assert kinds(driver.turn_ends())[1:4] == [StopPlayout, CancelReply, ReplyCutShort]
    assert driver.history[-1] == ("caller", "no")


def test_g04_words_of_shorter_speech_that_is_over_hold_the_reply_anew() -> None:
    driver = speaking()
    driver.starts_speaking()
    driver.advance(0.1)
    assert ResumePlayout in kinds(driver.stops_speaking())
    assert kinds(driver.hears("no"))[:2] == [PausePlayout, ReplyHeld]
    assert StopPlayout in kinds(driver.turn_ends())


def test_g04_words_of_shorter_speech_whose_turn_never_ends_do_not_hold_it_for_ever() -> None:
    driver = speaking()
    driver.starts_speaking()
    driver.advance(0.1)
    driver.hears("no")
    driver.stops_speaking()
    assert ResumePlayout in kinds(driver.advance(driver.timings.false_interruption_s + 0.01))


def test_g04_words_that_turn_out_to_be_a_backchannel_before_the_minimum_end_nothing() -> None:
    driver = speaking()
    driver.starts_speaking()
    driver.hears("yearning")
    driver.hears("yeah", revises=True)
    assert StopPlayout not in kinds(driver.advance(5))


def test_words_end_the_reply_even_without_a_sound_before() -> None:
    assert StopPlayout in kinds(speaking().hears("stop"))


def test_a_transcript_without_words_ends_nothing() -> None:
    driver = speaking()
    driver.starts_speaking()
    assert kinds(driver.hears("  ", final=True)) == []


def test_a_short_sound_without_words_lets_the_reply_go_on_where_it_was() -> None:
    driver = speaking()
    driver.starts_speaking()
    driver.advance(0.1)
    commands = driver.stops_speaking()
    assert ResumePlayout(1, 1000) in commands
    assert ReplyContinued in kinds(commands)
    assert not [c for c in driver.advance(20) if isinstance(c, StopPlayout | PausePlayout | StartReply)]


def test_words_that_come_late_still_end_a_reply_that_went_on() -> None:
    driver = speaking()
    driver.starts_speaking()
    driver.advance(0.3)
    driver.stops_speaking()
    driver.advance(3)
    assert StopPlayout in kinds(driver.hears("stop"))


def test_a_reply_without_audio_yet_is_held_and_ended_in_the_same_way() -> None:
    driver = Driver()
    driver.caller_says("hello")
    assert PausePlayout in kinds(driver.starts_speaking())
    driver.stops_speaking()
    driver.starts_speaking()
    driver.advance(0.2)
    assert StopPlayout in kinds(driver.hears("wait"))


def test_repeated_signs_of_the_same_speech_change_nothing() -> None:
    driver = speaking()
    driver.starts_speaking()
    assert kinds(driver.starts_speaking()) == []
    driver.hears("stop")
    assert kinds(driver.starts_speaking()) == []


def test_what_still_comes_of_an_interrupted_reply_is_dropped() -> None:
    driver = speaking()
    driver.hears("stop", final=True)
    for event in (
        ReplyText(1, "More. And more."),
        AudioReady(1, 1, 500),
        ReplyProduced(1),
        PlayoutReported(1, 2000, Quality.ESTIMATED, finished=True),
    ):
        assert driver.feed(event) == []


def test_a_false_interruption_lets_the_reply_go_on_where_it_was() -> None:
    driver = speaking()
    driver.client_plays(1300)
    driver.starts_speaking()
    driver.advance(0.5)
    assert kinds(driver.stops_speaking()) == [CallerQuiet]
    assert kinds(driver.advance(1.99)) == []
    assert kinds(driver.advance(0.02)) == [ReplyContinued, ResumePlayout]
    assert driver.commands(ResumePlayout) == [ResumePlayout(1, 1300)]


def test_sound_that_never_stops_does_not_silence_the_agent_for_ever() -> None:
    driver = speaking()
    driver.starts_speaking()
    assert ResumePlayout in kinds(driver.advance(10.01))


def test_a_recogniser_that_shows_words_while_they_are_said_is_believed_when_it_shows_none() -> None:
    driver = speaking()
    driver.starts_speaking()
    driver.hears("stop")
    driver.turn_ends()
    driver.model_writes("All right. What now?")
    driver.voice_speaks(1500)
    driver.client_plays(300)
    driver.starts_speaking()
    assert ResumePlayout in kinds(driver.advance(2.01))


def test_a_recogniser_that_says_that_there_were_no_words_is_believed() -> None:
    driver = speaking()
    driver.starts_speaking()
    driver.advance(0.5)
    driver.stops_speaking()
    assert kinds(driver.hears("", final=True)) == [ReplyContinued, ResumePlayout]


def test_sound_that_comes_back_with_the_reply_each_time_is_not_believed_any_more() -> None:
    driver = speaking()
    held = []
    for _ in range(4):
        held.append(PausePlayout in kinds(driver.starts_speaking()))
        driver.advance(0.1)
        driver.stops_speaking()
        driver.advance(0.5)
    assert held == [True, True, False, False]
    driver.starts_speaking()
    driver.advance(0.2)
    assert StopPlayout in kinds(driver.hears("stop")), "words are"
    driver.turn_ends()
    driver.model_writes("Yes?")
    driver.voice_speaks(1500)
    assert PausePlayout in kinds(driver.starts_speaking()), "and so is sound again"


def test_words_that_are_taken_back_leave_nobody_waiting() -> None:
    driver = speaking()
    driver.hears("the")
    driver.hears("", final=True, revises=True)
    assert driver.commands(StartReply)[-1].reply == 1
    commands = driver.turn_ends()
    assert [command.reply for command in commands if isinstance(command, StartReply)] == [2]
    assert driver.commands(StartReply)[-1].history[-1] == Utterance(
        Speaker.AGENT, "Good day to you.", interrupted=True
    )


def test_the_agent_does_not_go_on_by_itself_for_ever() -> None:
    driver = speaking()
    for _ in range(10):
        driver.hears("the")
        driver.hears("", final=True, revises=True)
        driver.turn_ends()
    assert len(driver.commands(StartReply)) == 1 + driver.timings.max_unprompted
    driver.caller_says("hello again")
    assert len(driver.commands(StartReply)) == 2 + driver.timings.max_unprompted


def test_the_client_can_interrupt() -> None:
    driver = speaking()
    assert kinds(driver.feed(InterruptRequested())) == [StopPlayout, CancelReply, ReplyCutShort, ReplyOver]
    assert driver.feed(InterruptRequested()) == []
    assert not [c for c in driver.advance(30) if isinstance(c, StartReply)], "it asked for silence"


def test_a_typed_turn_interrupts() -> None:
    driver = speaking()
    commands = kinds(driver.feed(TextReceived("stop")))
    assert commands == [StopPlayout, CancelReply, ReplyCutShort, ReplyOver, StartReply, ReplyBegan]


def test_a_reply_that_ends_while_it_is_held_is_complete() -> None:
    driver = speaking()
    driver.feed(ReplyProduced(1))
    driver.starts_speaking()
    driver.client_plays(2000, finished=True)
    assert driver.notices(ReplyOver) == [ReplyOver(1, ReplyStatus.COMPLETED)]
    assert not [c for c in driver.advance(1) if isinstance(c, StopPlayout | ResumePlayout)]


def test_a_late_report_of_the_client_makes_the_history_exact() -> None:
    driver = speaking()
    driver.client_plays(1900)
    driver.hears("stop", final=True)
    assert driver.history[-1] == ("agent", "Good day to you. What can I")
    driver.feed(PlayoutReported(1, 1600, Quality.ESTIMATED))
    assert driver.history[-1] == ("agent", "Good day to you. What can I"), "an estimate is not better than another"
    driver.feed(PlayoutReported(1, 1200, Quality.REPORTED))
    assert driver.history[-1] == ("agent", "Good day to you.")


def test_new_words_before_the_reply_began_to_sound_replace_it() -> None:
    driver = Driver()
    first = driver.caller_says("book a table")
    second = driver.caller_says("for two")
    assert (first, second) == (1, 2)
    assert told(driver.commands(StartReply)[-1].history) == [("caller", "book a table"), ("caller", "for two")]
    driver.feed(ReplyText(first, "Late."))
    assert driver.commands(Speak) == []
    assert driver.notices(ReplyBegan) == [ReplyBegan(1), ReplyBegan(2)]


def test_a_reply_that_is_held_goes_on_when_the_turn_that_held_it_is_cleared() -> None:
    driver = speaking()
    driver.starts_speaking()
    driver.feed(ClearRequested())
    assert ResumePlayout in kinds(driver.said[-6:])
