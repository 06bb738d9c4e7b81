"""Each setting of turn-taking has its effect: a scene for each, in which its change is all that differs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from parley_contract.agent import AgentText
from parley_contract.limits import LimitsConfig
from parley_contract.turn_taking import TurnTakingConfig
from parley_gateway.audio.activity import create_voice_activity
from parley_gateway.conversation.commands import (
    Command,
    CommitInput,
    EndSession,
    PausePlayout,
    ResumePlayout,
    StartReply,
    StopPlayout,
)
from parley_gateway.conversation.events import DtmfReceived, EndReason, ReplyProduced, SessionEnding, TurnEnd
from parley_gateway.conversation.phrases import Phrases
from parley_gateway.session.config import SessionConfig
from tests.unit.conversation.driver import Driver

PHRASES = Phrases(apology="Sorry?", still_there="Are you there?", goodbye="Goodbye.")
Scene = Callable[[Driver], object]


def driver_of(settings: dict[str, Any], *, owns_turns: bool) -> Driver:
    config = SessionConfig(LimitsConfig(idle_timeout=60), TurnTakingConfig(**settings))
    return Driver(
        owns_turns=owns_turns, timings=config.timings, policy=config.policy(AgentText()), phrases=PHRASES
    )


def after(driver: Driver, kind: type[Command]) -> float | None:
    """How long it takes from now until such a command; None if it does not come within a minute."""
    begun, count = driver.now, len(driver.commands(kind))
    while driver.now - begun < 60:
        if len(driver.commands(kind)) > count:
            return round(driver.now - begun, 2)
        driver.advance(0.01)
    return None


def speaking(driver: Driver, *, played_ms: int = 1000) -> Driver:
    """The agent has been heard so far of two sentences of two seconds each."""
    driver.caller_says("hello")
    if driver.reply == 0:
        driver.advance(5)
    driver.model_writes("I have a table on Tuesday at seven. There is also one by the window on Friday.")
    driver.voice_speaks(2000, segment=0)
    driver.voice_speaks(2000, segment=1)
    driver.client_plays(played_ms)
    return driver


def said(driver: Driver, text: str) -> Driver:
    driver.starts_speaking()
    driver.hears(text, final=True)
    driver.stops_speaking()
    return driver


def sound(driver: Driver, seconds: float) -> Driver:
    driver.starts_speaking()
    driver.advance(seconds)
    return driver


def waits_for_words(driver: Driver) -> object:
    driver.starts_speaking()
    driver.hears("hello")
    driver.stops_speaking()
    return after(driver, StartReply)


def endless(driver: Driver) -> object:
    driver.starts_speaking()
    driver.hears("hello", final=True)
    return after(driver, StartReply)


def keys(driver: Driver) -> object:
    driver.feed(DtmfReceived("4"))
    return after(driver, StartReply)


def drafts(driver: Driver) -> object:
    driver.starts_speaking()
    driver.hears("hello", final=True)
    driver.turn_ends(TurnEnd.EAGER)
    return len(driver.commands(StartReply))


def barges_in(driver: Driver) -> object:
    sound(speaking(driver), 0.5)
    return len(driver.commands(PausePlayout))


def words_at_once(driver: Driver) -> object:
    speaking(driver).starts_speaking()
    driver.hears("stop")
    return after(driver, StopPlayout)


def backchannel(driver: Driver) -> object:
    sound(speaking(driver), 0.3)
    driver.hears("okay", final=True)
    return len(driver.commands(StopPlayout))


def backchannel_sounds_on(driver: Driver) -> object:
    sound(speaking(driver), 0.3)
    driver.hears("okay")
    return after(driver, ResumePlayout)


def yes_near_the_end(driver: Driver) -> object:
    speaking(driver, played_ms=3200)
    driver.feed(ReplyProduced(driver.reply))
    sound(driver, 0.3)
    driver.hears("okay", final=True)
    return len(driver.commands(StopPlayout))


def wordless(driver: Driver) -> object:
    sound(speaking(driver), 0.5)
    driver.stops_speaking()
    return after(driver, ResumePlayout)


def late_echo(driver: Driver) -> object:
    sound(speaking(driver, played_ms=3900), 0.3)
    driver.hears("I have a table on Tuesday", final=True)
    return len(driver.commands(StopPlayout))


def stutters(driver: Driver) -> object:
    speaking(driver)
    for _ in range(4):
        sound(driver, 0.1)
        driver.stops_speaking()
        driver.advance(2.0)
    return len(driver.commands(PausePlayout))


def words_after_the_end(driver: Driver) -> object:
    """Words without a sound, some time after the agent's last one: had they begun while it spoke?"""
    speaking(driver, played_ms=4000)
    driver.feed(ReplyProduced(driver.reply))
    driver.client_plays(4000, finished=True)
    driver.advance(2.0)
    driver.hears("by the window on Friday", final=True)
    driver.turn_ends()
    return len(driver.commands(StartReply))


def silent_model(driver: Driver) -> object:
    driver.caller_says("hello")
    driver.advance(0)
    return after(driver, StartReply)


def idle(driver: Driver) -> object:
    return after(driver, StartReply)


def goodbye(driver: Driver) -> object:
    driver.feed(SessionEnding(EndReason.BUDGET, farewell=True))
    return after(driver, EndSession)


def of_silence(text: str) -> Scene:
    return lambda driver: after(said(driver, text), CommitInput if not text else StartReply)


SEMANTIC = {"end_of_turn": "Semantic", "preemptive": False}
SILENCE = {"end_of_turn": "Silence", "preemptive": False}
SCENES: dict[str, tuple[Scene, dict[str, Any], Any, object, object]] = {
    # setting: scene, other settings, its new value, what happens by default, what happens then
    "end_of_turn": (of_silence("hello"), {"preemptive": False}, "Silence", 3.0, 0.6),
    "end_of_speech_silence": (of_silence("hello"), SILENCE, 1.0, 0.6, 1.0),
    "complete_silence": (of_silence("Yes, please."), SEMANTIC, 0.2, 0.35, 0.2),
    "incomplete_silence": (of_silence("I would like to"), SEMANTIC, 2.0, 1.6, 2.0),
    "preemptive": (drafts, {}, False, 1, 0),
    "transcript_timeout": (waits_for_words, {}, 1.0, 3.0, 1.0),
    "speech_timeout": (endless, {}, 4.0, 10.0, 4.0),
    "keypad_pause": (keys, {}, 3.0, 2.0, 3.0),
    "barge_in": (barges_in, {}, "Disabled", 1, 0),
    "min_speech_duration": (words_at_once, {}, 0.5, 0.2, 0.5),
    "backchannels": (backchannel, {}, ["aha"], 0, 1),
    "backchannel_pause": (backchannel_sounds_on, {}, 1.2, 0.6, 1.2),
    "answer_window": (yes_near_the_end, {}, 0.5, 1, 0),
    "false_interruption_timeout": (wordless, {}, 1.0, 2.0, 1.0),
    "echo_tail": (late_echo, {}, 4.0, 1, 0),
    "stutter_window": (stutters, {}, 3.0, 4, 2),
    "unheard_speech": (words_after_the_end, {}, 0.1, 1, 2),
    "longest_silence": (silent_model, {}, 7.0, 30.0, 7.0),
    "idle_answer_time": (idle, {}, 20.0, 45.0, 40.0),
    "farewell_timeout": (goodbye, {}, 4.0, 10.0, 4.0),
}


@pytest.mark.parametrize("setting", SCENES)
def test_g04_each_setting_has_its_effect(setting: str) -> None:
    scene, others, value, by_default, then = SCENES[setting]
    assert scene(driver_of(others, owns_turns=True)) == pytest.approx(by_default, abs=0.02)
    assert scene(driver_of({**others, setting: value}, owns_turns=True)) == pytest.approx(then, abs=0.02)


def test_g04_the_detector_is_the_one_that_was_chosen() -> None:
    energy = create_voice_activity(TurnTakingConfig(voice_activity="Energy"))
    silero = create_voice_activity(TurnTakingConfig(voice_activity="Silero"))
    assert type(energy) is not type(silero)


def test_g04_no_setting_is_left_out() -> None:
    assert {*SCENES, "voice_activity"} == set(TurnTakingConfig.model_fields)
