"""Whatever Deepgram says, in whatever order, becomes well-formed turns or a failure."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_gateway.conversation.events import (
    EndOfTurn,
    FailureKind,
    SpeechStarted,
    SpeechStopped,
    TranscriptChanged,
)
from parley_gateway.ports import ProviderError, SttEvent
from parley_gateway.providers.stt.deepgram_turns import DeepgramTurns

seconds = st.floats(0, 3600)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def results(draw: st.DrawFn) -> dict[str, Any]:
    text = draw(st.sampled_from(["", " ", "yes", "one two"]))
    start = draw(seconds)
    words = [{"word": word, "start": start, "end": start + 0.3} for word in text.split()]
    alternative = {"transcript": text, "words": draw(st.sampled_from([words, [], None]))}
    return {
        "type": "Results",
        "start": start,
        "duration": draw(st.floats(0, 5)),
        "is_final": draw(st.booleans()),
        "speech_final": draw(st.booleans()),
        "from_finalize": draw(st.booleans()),
        "channel": {"alternatives": [alternative]},
    }


messages = st.one_of(
    results(),
    st.builds(lambda at: {"type": "SpeechStarted", "timestamp": at}, seconds),
    st.builds(lambda at: {"type": "UtteranceEnd", "last_word_end": at}, st.just(-1) | seconds),
    st.sampled_from([{"type": "Metadata"}, {"type": "AuraChanged"}]),
)


def read_all(told: list[dict[str, Any]]) -> list[SttEvent]:
    turns = DeepgramTurns(lambda ms: ms)
    return [event for message in told for event in turns.read(message)]


@given(st.lists(messages, max_size=25))
def test_g04_turns_are_well_formed_whatever_the_order(told: list[dict[str, Any]]) -> None:
    speaking, words, utterance = False, False, 0
    for event in read_all(told):
        match event:
            case SpeechStarted():
                assert not speaking
                speaking = True
            case SpeechStopped():
                assert speaking
                speaking = False
            case TranscriptChanged():
                assert event.utterance == utterance + 1
                utterance += event.final
                words = words or (event.final and bool(event.text))
            case EndOfTurn():
                assert words
                assert not speaking
                words = False


@given(st.lists(messages, max_size=25))
def test_g04_no_word_that_is_final_is_lost(told: list[dict[str, Any]]) -> None:
    said = [
        message["channel"]["alternatives"][0]["transcript"].strip()
        for message in told
        if message["type"] == "Results" and message["is_final"]
    ]
    heard = [event.text for event in read_all(told) if isinstance(event, TranscriptChanged) and event.final]
    assert [text for text in heard if text] == [text for text in said if text]


@given(st.sampled_from(["Results", "SpeechStarted", "UtteranceEnd"]), json_values, json_values)
def test_g02_a_message_that_lacks_its_parts_is_garbage(kind: str, some: Any, other: Any) -> None:
    turns = DeepgramTurns(lambda ms: ms)
    channel = {"alternatives": [some]}
    for message in (
        {"type": kind},
        {"type": kind, "channel": some},
        {"type": kind, "channel": channel, "start": other},
    ):
        with pytest.raises(ProviderError) as caught:
            list(turns.read(message))
        assert caught.value.kind is FailureKind.GARBAGE


@given(json_values, json_values)
def test_g02_times_of_any_type_are_read_or_garbage(timestamp: Any, end: Any) -> None:
    turns = DeepgramTurns(lambda ms: ms)
    for message in (
        {"type": "SpeechStarted", "timestamp": timestamp},
        {"type": "UtteranceEnd", "last_word_end": end},
    ):
        with suppress(ProviderError):
            assert all(event.audio_ms >= 0 for event in turns.read(message))  # type: ignore[union-attr]
