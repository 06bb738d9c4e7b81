"""What a provider answers, in terms that a session can act on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.providers.errors import kind_of_status, retry_after, status_failure


@given(st.integers(300, 599), st.text(max_size=30))
def test_g02_every_status_is_a_failure_with_advice(status: int, error_type: str) -> None:
    failure = status_failure(Stage.TTS, status, {}, error_type)
    assert failure.kind is kind_of_status(status)
    assert f"HTTP {status}: " in str(failure)


@given(st.text(max_size=40) | st.integers(-5, 10**12).map(str) | st.floats(allow_nan=True).map(str))
def test_g02_any_retry_after_is_seconds_or_nothing(value: str) -> None:
    seconds = retry_after({"retry-after": value})
    assert seconds is None or 0 <= seconds <= 3600


def test_g02_retry_after_may_be_a_date_or_in_milliseconds() -> None:
    soon = datetime.now(UTC) + timedelta(seconds=30)
    assert 25 < (retry_after({"retry-after": format_datetime(soon, usegmt=True)}) or 0) <= 30
    assert retry_after({"retry-after": format_datetime(soon - timedelta(hours=1), usegmt=True)}) == 0
    assert retry_after({"retry-after-ms": "250", "retry-after": "9"}) == 0.25


@pytest.mark.parametrize("word", ["sk-" + "x" * 80, "two words", "new\nline", {"a": 1}, None, 7])
def test_g02_only_a_plain_word_of_the_provider_is_repeated(word: object) -> None:
    assert "(" not in str(status_failure(Stage.LLM, 400, {}, word))
    assert kind_of_status(400) is FailureKind.REFUSED
