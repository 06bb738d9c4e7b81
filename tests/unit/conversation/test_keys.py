"""Keys of the caller's telephone."""

from __future__ import annotations

from parley_gateway.conversation.commands import StartReply, StopPlayout
from parley_gateway.conversation.events import DtmfReceived
from parley_gateway.conversation.policy import Policy
from tests.unit.conversation.driver import Driver, kinds


def press(driver: Driver, keys: str) -> None:
    for key in keys:
        driver.feed(DtmfReceived(key))


def test_keys_are_a_turn_when_no_more_of_them_come() -> None:
    driver = Driver()
    press(driver, "12")
    driver.advance(1.9)
    press(driver, "34")
    driver.advance(1.9)
    assert driver.commands(StartReply) == []
    driver.advance(0.2)
    assert driver.history == [("caller", "[keys] 1234")]
    assert driver.reply == 1


def test_a_hash_ends_them_and_is_none_of_them() -> None:
    driver = Driver()
    press(driver, "*12#")
    assert driver.history == [("caller", "[keys] *12")]
    press(driver, "#")
    assert driver.history[-1] == ("caller", "[keys] #")
    assert driver.advance(10) == []


def test_the_first_key_stops_the_agent_and_the_rest_let_it_be_silent() -> None:
    driver = Driver(policy=Policy(barge_in=False))
    driver.caller_says("hello")
    driver.model_writes("Good day. Press one for a table.")
    driver.voice_speaks(1000)
    assert StopPlayout in kinds(driver.feed(DtmfReceived("1")))
    assert kinds(driver.feed(DtmfReceived("2"))) == []


def test_keys_keep_a_session_from_being_idle() -> None:
    driver = Driver()
    for _ in range(40):
        press(driver, "1")
        driver.advance(1.5)
        press(driver, "#")
        driver.advance(10)
    assert driver.core.life.value == "live"


def test_no_number_is_longer_than_they_are() -> None:
    driver = Driver()
    press(driver, "1" * 65)
    assert driver.history == [("caller", "[keys] " + "1" * 64)]
