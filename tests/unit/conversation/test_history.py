"""The conversation so far."""

from __future__ import annotations

from parley_gateway.conversation.history import History, Speaker, Utterance
from tests.unit.conversation.driver import told


def test_what_turns_out_not_to_have_been_heard_is_not_shown() -> None:
    history = History()
    history.append(Utterance(Speaker.CALLER, "Hello"))
    item = history.append(Utterance(Speaker.AGENT, "Good morning to", interrupted=True))
    history.replace(item, Utterance(Speaker.AGENT, "Good", interrupted=True))
    assert told(history.items) == [("caller", "Hello"), ("agent", "Good")]
    history.replace(item, Utterance(Speaker.AGENT, "", interrupted=True))
    assert told(history.items) == [("caller", "Hello")]


def test_every_change_is_a_new_version_and_no_change_is_none() -> None:
    history = History()
    item = history.append(Utterance(Speaker.AGENT, "Good morning"))
    version = history.version
    history.replace(item, Utterance(Speaker.AGENT, "Good morning"))
    assert history.version == version
    history.replace(item, Utterance(Speaker.AGENT, "Good"))
    assert history.version > version


def test_it_is_bounded_and_forgets_the_oldest() -> None:
    history = History(limit=3)
    items = [history.append(Utterance(Speaker.CALLER, str(number))) for number in range(5)]
    assert [text for _, text in told(history.items)] == ["2", "3", "4"]
    history.replace(items[0], Utterance(Speaker.CALLER, "forgotten"))
    history.replace(items[4], Utterance(Speaker.CALLER, "last"))
    assert [text for _, text in told(history.items)] == ["2", "3", "last"]


def test_it_can_be_seen_as_it_would_be_without_being_changed() -> None:
    history = History(limit=2)
    for text in ("forgotten", "kept"):
        history.append(Utterance(Speaker.CALLER, text))
    item = history.append(Utterance(Speaker.AGENT, ""))
    version = history.version
    seen = history.with_replaced({item: Utterance(Speaker.AGENT, "to be heard"), 1: Utterance(Speaker.AGENT, "x")})
    assert told(seen) == [("caller", "kept"), ("agent", "to be heard")]
    assert told(history.items) == [("caller", "kept")]
    assert history.version == version
