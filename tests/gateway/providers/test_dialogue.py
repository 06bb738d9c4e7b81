"""A history becomes what chat models take: the sides in turn, the caller first and last, nothing empty."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from parley_gateway.conversation.history import (
    HistoryItem,
    Speaker,
    ToolCall,
    ToolExchange,
    ToolResult,
    ToolStatus,
    Utterance,
)
from parley_gateway.providers.llm.dialogue import (
    CONNECTED,
    CUT_BEFORE_HEARD,
    CUT_SHORT,
    GO_ON,
    Message,
    dialogue,
)

BOOKED = ToolExchange(
    ToolCall("call-1", "book", '{"people": 2}'), ToolResult("call-1", ToolStatus.SUCCEEDED, "Booked.")
)

utterances = st.builds(
    Utterance, speaker=st.sampled_from(Speaker), text=st.text(max_size=20), interrupted=st.booleans()
)


@st.composite
def exchanges(draw: st.DrawFn) -> ToolExchange:
    call = ToolCall(draw(st.uuids()).hex, "tool", draw(st.text(max_size=10)))
    return ToolExchange(call, ToolResult(call.id, draw(st.sampled_from(ToolStatus)), draw(st.text(max_size=10))))


histories = st.lists(utterances | exchanges(), max_size=12).map(tuple)


@given(histories)
def test_g02_any_history_is_a_dialogue(history: tuple[HistoryItem, ...]) -> None:
    messages = dialogue(history)
    roles = [message.role for message in messages]
    assert roles[0] == roles[-1] == "user"
    assert all(before != after for before, after in itertools.pairwise(roles))
    assert all(message.text.strip() or message.call or message.result for message in messages)


@given(histories)
def test_g02_nothing_that_was_said_is_lost_nor_changes_sides(history: tuple[HistoryItem, ...]) -> None:
    messages = dialogue(history)
    for utterance in history:
        if isinstance(utterance, Utterance):
            role = "user" if utterance.speaker is Speaker.CALLER else "assistant"
            texts = [message.text for message in messages if message.role == role]
            assert not utterance.text.strip() or any(utterance.text.strip() in text for text in texts)


@given(histories)
def test_g12_every_call_is_followed_by_its_result_and_no_result_is_without_its_call(
    history: tuple[HistoryItem, ...],
) -> None:
    messages = dialogue(history)
    calls = [(message.call.id, after.result) for message, after in itertools.pairwise(messages) if message.call]
    assert all(result is not None and result.call == number for number, result in calls)
    assert len([message for message in messages if message.result]) == len(calls)
    assert [number for number, _ in calls] == [item.call.id for item in history if isinstance(item, ToolExchange)]


def test_g12_the_agent_speaks_calls_and_goes_on_with_the_result() -> None:
    history = (
        Utterance(Speaker.CALLER, "A table for two."),
        Utterance(Speaker.AGENT, "One moment."),
        BOOKED,
        Utterance(Speaker.AGENT, "It is booked."),
        Utterance(Speaker.CALLER, "Thanks."),
    )
    assert dialogue(history) == [
        Message("user", "A table for two."),
        Message("assistant", "One moment.", call=BOOKED.call),
        Message("user", result=BOOKED.result),
        Message("assistant", "It is booked."),
        Message("user", "Thanks."),
    ]


def test_g12_an_interruption_during_a_call_is_told_after_its_result() -> None:
    history = (
        Utterance(Speaker.CALLER, "A table for two."),
        Utterance(Speaker.AGENT, "One", interrupted=True),
        BOOKED,
        Utterance(Speaker.CALLER, "For three!"),
    )
    assert dialogue(history)[1:] == [
        Message("assistant", "One", call=BOOKED.call),
        Message("user", f"{CUT_SHORT}\nFor three!", result=BOOKED.result),
    ]


def test_g12_of_a_long_conversation_a_call_may_be_all_that_is_left() -> None:
    assert dialogue((BOOKED,)) == [
        Message("user", CONNECTED),
        Message("assistant", call=BOOKED.call),
        Message("user", result=BOOKED.result),
    ]


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
