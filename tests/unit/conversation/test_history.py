"""The conversation so far."""

from __future__ import annotations

from parley_gateway.conversation.history import History, Speaker, Utterance


def test_what_turns_out_not_to_have_been_heard_is_not_shown() -> None:
    history = History()
    history.append(Utterance(Speaker.CALLER, "Hello"))
    item = history.append(Utterance(Speaker.AGENT, "Good morning to", interrupted=True))
    history.truncate(item, "Good")
    assert history.utterances[-1] == Utterance(Speaker.AGENT, "Good", interrupted=True)
    history.truncate(item, "")
    assert [utterance.text for utterance in history.utterances] == ["Hello"]


def test_every_change_is_a_new_version_and_no_change_is_none() -> None:
    history = History()
    item = history.append(Utterance(Speaker.AGENT, "Good morning"))
    version = history.version
    history.truncate(item, "Good morning")
    assert history.version == version
    history.truncate(item, "Good")
    assert history.version > version


def test_it_is_bounded_and_forgets_the_oldest() -> None:
    history = History(limit=3)
    items = [history.append(Utterance(Speaker.CALLER, str(number))) for number in range(5)]
    assert [utterance.text for utterance in history.utterances] == ["2", "3", "4"]
    history.truncate(items[0], "forgotten")
    history.truncate(items[4], "last")
    assert [utterance.text for utterance in history.utterances] == ["2", "3", "last"]
