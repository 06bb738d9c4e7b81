"""A history becomes what chat models take: the sides in turn, the caller first and last, nothing empty."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from parley_gateway.conversation.history import Speaker, Utterance
from parley_gateway.providers.llm.dialogue import (
    CONNECTED,
    CUT_BEFORE_HEARD,
    CUT_SHORT,
    GO_ON,
    Message,
    dialogue,
)

utterances = st.builds(
    Utterance, speaker=st.sampled_from(Speaker), text=st.text(max_size=20), interrupted=st.booleans()
)


@given(st.lists(utterances, max_size=12).map(tuple))
def test_g02_any_history_is_a_dialogue(history: tuple[Utterance, ...]) -> None:
    messages = dialogue(history)
    roles = [message.role for message in messages]
    assert roles[0] == roles[-1] == "user"
    assert all(before != after for before, after in itertools.pairwise(roles))
    assert all(message.text.strip() for message in messages)


@given(st.lists(utterances, max_size=12).map(tuple))
def test_g02_nothing_that_was_said_is_lost_nor_changes_sides(history: tuple[Utterance, ...]) -> None:
    messages = dialogue(history)
    for utterance in history:
        role = "user" if utterance.speaker is Speaker.CALLER else "assistant"
        assert any(utterance.text.strip() in message.text for message in messages if message.role == role) or (
            not utterance.text.strip()
        )


def test_g02_the_agent_may_have_spoken_first() -> None:
    history = (Utterance(Speaker.AGENT, "Good morning."), Utterance(Speaker.CALLER, "Hello."))
    assert dialogue(history) == [
        Message("user", CONNECTED),
        Message("assistant", "Good morning."),
        Message("user", "Hello."),
    ]


def test_g02_the_agent_may_be_asked_to_begin_and_to_go_on() -> None:
    assert dialogue(()) == [Message("user", CONNECTED)]
    assert dialogue((Utterance(Speaker.CALLER, "Hello."), Utterance(Speaker.AGENT, "Yes?")))[-1] == Message(
        "user", GO_ON
    )


def test_g04_the_model_is_told_where_it_was_interrupted_and_not_in_its_own_words() -> None:
    history = (
        Utterance(Speaker.CALLER, "What is open?"),
        Utterance(Speaker.AGENT, "On Monday we", interrupted=True),
        Utterance(Speaker.CALLER, "Only Sunday."),
    )
    assert dialogue(history)[1:] == [
        Message("assistant", "On Monday we"),
        Message("user", f"{CUT_SHORT}\nOnly Sunday."),
    ]


def test_g04_an_answer_of_which_nothing_was_heard_is_not_shown() -> None:
    history = (
        Utterance(Speaker.CALLER, "What is open?"),
        Utterance(Speaker.AGENT, "", interrupted=True),
        Utterance(Speaker.CALLER, "On Sunday."),
    )
    assert dialogue(history) == [Message("user", f"What is open?\n{CUT_BEFORE_HEARD}\nOn Sunday.")]
