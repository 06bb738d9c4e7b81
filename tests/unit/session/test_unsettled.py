"""What a recogniser had not settled when it broke is heard again by the next."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from parley_gateway.conversation.events import SpeechStarted, SpeechStopped, TranscriptChanged, Word
from parley_gateway.session.unsettled import NEW_MS, QUIET_MS, SPEECH_MS, Unsettled

RATE = 16_000
MS = RATE * 2 // 1000
SECOND = bytes(range(250)) * (1000 * MS // 250)


def test_g10_a_sentence_that_was_not_settled_is_kept_from_its_beginning() -> None:
    unsettled = Unsettled(RATE)
    unsettled.heard(SpeechStarted(0))
    for _ in range(4):
        unsettled.sent(SECOND)
    unsettled.heard(TranscriptChanged(0, "what time is", final=False))
    unsettled.sent(SECOND)
    assert unsettled.take() == SECOND * 5
    assert unsettled.take() == b""


def test_g10_what_a_final_transcript_has_is_not_heard_again() -> None:
    unsettled = Unsettled(RATE)
    unsettled.heard(SpeechStarted(0))
    unsettled.sent(SECOND * 3)
    unsettled.heard(TranscriptChanged(0, "hello", final=True, words=(Word("hello", 100, 2500),)))
    assert unsettled.take() == SECOND[-500 * MS :]


def test_g10_after_a_final_only_the_beginning_of_a_word_is_kept_and_words_without_a_sound_are_speech() -> None:
    unsettled = Unsettled(RATE)
    unsettled.heard(SpeechStarted(0))
    unsettled.heard(TranscriptChanged(0, "hello", final=True))
    unsettled.sent(SECOND * 5)
    assert len(unsettled.take()) == QUIET_MS * MS
    unsettled.heard(TranscriptChanged(1, "what", final=False))
    unsettled.sent(SECOND * 5)
    assert len(unsettled.take()) == len(SECOND) * 5


def test_g10_a_final_without_times_settles_all() -> None:
    unsettled = Unsettled(RATE)
    unsettled.sent(SECOND)
    unsettled.heard(TranscriptChanged(0, "hello", final=True))
    assert unsettled.take() == b""


def test_g10_of_a_stream_that_has_not_said_anything_yet_a_sentence_is_kept() -> None:
    """It may have no connection: what it was given was heard by nobody."""
    unsettled = Unsettled(RATE)
    unsettled.sent(SECOND * 5)
    left = unsettled.take()
    assert left == SECOND * 5
    unsettled.again(left)  # the next one is no better
    unsettled.sent(SECOND * 3)
    assert unsettled.take() == SECOND * 8


def test_g10_what_is_heard_again_leaves_the_next_one_as_much_time() -> None:
    unsettled = Unsettled(RATE)
    unsettled.again(SECOND * 15)
    for _ in range(NEW_MS // 1000):
        unsettled.sent(SECOND)
    assert len(unsettled.take()) == SPEECH_MS * MS


def test_g10_a_word_from_the_recogniser_ends_the_doubt_at_once() -> None:
    unsettled = Unsettled(RATE)
    unsettled.sent(SECOND * 8)
    unsettled.heard(SpeechStopped(0))
    assert len(unsettled.take()) == QUIET_MS * MS


def test_g10_what_was_discarded_nobody_hears_again_and_positions_go_on() -> None:
    unsettled = Unsettled(RATE)
    unsettled.sent(SECOND * 3)
    unsettled.forget()
    unsettled.sent(SECOND)
    unsettled.heard(TranscriptChanged(0, "hello", final=True, words=(Word("hello", 3000, 3600),)))
    assert unsettled.take() == SECOND[-400 * MS :]


def test_g10_where_nothing_is_ever_said_of_silence_only_the_beginning_of_a_word_is_kept() -> None:
    unsettled = Unsettled(RATE)
    for _ in range(NEW_MS // 1000):
        unsettled.sent(SECOND)
    unsettled.sent(SECOND)
    assert len(unsettled.take()) == QUIET_MS * MS


@given(
    steps=st.lists(
        st.one_of(
            st.integers(1, 3000),
            st.builds(TranscriptChanged, st.just(0), st.text(max_size=3), st.booleans()),
            st.just(SpeechStarted(0)),
        ),
        max_size=30,
    )
)
def test_g10_what_is_kept_is_the_end_of_what_was_sent_and_bounded(
    steps: list[int | TranscriptChanged | SpeechStarted],
) -> None:
    unsettled, sent = Unsettled(RATE), b""
    said_something = False
    for step in steps:
        if isinstance(step, int):
            pcm = (SECOND * 3)[: step * MS]
            sent += pcm
            unsettled.sent(pcm)
        else:
            unsettled.heard(step)
        said_something = said_something or not isinstance(step, int)
    left = unsettled.take()
    assert sent.endswith(left)
    is_of_silence = not said_something and len(sent) > NEW_MS * MS
    assert len(left) <= (QUIET_MS if is_of_silence else SPEECH_MS) * MS
    assert len(left) % 2 == 0
