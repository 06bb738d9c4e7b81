"""Calls of tools come in pieces, and become whole."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_gateway.conversation.history import ToolCall, ToolExchange, ToolResult, ToolStatus
from parley_gateway.providers.llm.calls import CallsInProgress, arguments_of

arguments = st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5) | st.booleans(), max_size=4)


@given(arguments, st.data())
def test_g12_arguments_may_be_cut_anywhere(given_arguments: dict[str, object], data: st.DataObject) -> None:
    text = json.dumps(given_arguments)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    calls = CallsInProgress()
    calls.add(0, call_id="a", name="book")
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        calls.add(0, arguments=text[start:end])
    (call,) = calls.finished(())
    assert (call.id, call.name, arguments_of(call)) == ("a", "book", given_arguments)


@given(
    st.lists(st.sampled_from(["", "a", "b", None]), max_size=8), st.lists(st.sampled_from(["a", "b"]), max_size=2)
)
def test_g12_every_call_of_a_session_has_its_own_id(ids: list[str | None], before: list[str]) -> None:
    history = [ToolExchange(ToolCall(i, "t", "{}"), ToolResult(i, ToolStatus.SUCCEEDED, "")) for i in before]
    calls = CallsInProgress()
    for key, call_id in enumerate(ids):
        calls.add(key, call_id=call_id, name="book")
    made = [call.id for call in calls.finished(history)]
    assert all(made)
    assert len({*made, *before}) == len(made) + len(set(before))


def test_g12_a_call_without_arguments_has_none() -> None:
    calls = CallsInProgress()
    calls.add(0, call_id="a", name="clock", arguments=" ")
    assert calls.finished(())[0].arguments == "{}"


def test_g12_a_name_that_no_model_takes_back_is_replaced() -> None:
    calls = CallsInProgress()
    calls.add(0, call_id="a", name="functions.book table")
    calls.add(1, call_id="b")
    assert [call.name for call in calls.finished(())] == ["functions_book_table", "unnamed"]


@pytest.mark.parametrize("written", ["", "{", "[1]", "null", '"text"', "{'single': 1}"])
def test_g12_what_is_no_object_is_kept_for_the_tool_to_refuse_and_shown_to_models_as_none(written: str) -> None:
    assert arguments_of(ToolCall("a", "book", written)) == {}
