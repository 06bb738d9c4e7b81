"""Trying again: only where it can help, not in step with others, and not when it is too late."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.ports import ProviderError
from parley_gateway.providers.resilience.retries import LONGEST_BACKOFF_S, MOST_KEYS, Retries

JITTER = st.floats(0, 0.999)
TRANSIENT = st.sampled_from([kind for kind in FailureKind if kind is not FailureKind.REFUSED])


def failure(kind: FailureKind, *, retry_after: float | None = None, another: bool = False) -> ProviderError:
    error = ProviderError(Stage.LLM, kind, "as scripted", retry_after=retry_after)
    error.another = another
    return error


@given(kind=TRANSIENT, limit=st.integers(0, 5), jitter=JITTER)
def test_g10_a_passing_failure_is_tried_again_so_often_and_no_more(
    kind: FailureKind, limit: int, jitter: float
) -> None:
    retries = Retries(limit)
    waits = [retries.wait(failure(kind), patience_s=60, jitter=jitter) for _ in range(limit + 1)]
    assert [wait is not None for wait in waits] == [True] * limit + [False]
    assert all(0 <= wait <= LONGEST_BACKOFF_S for wait in waits if wait is not None)


def test_g10_a_refusal_is_not_tried_again() -> None:
    assert Retries(5).wait(failure(FailureKind.REFUSED), patience_s=60, jitter=0) is None


@given(asked=st.floats(0, 20), patience=st.floats(0, 20), jitter=JITTER)
def test_g10_what_the_provider_asks_for_is_kept_or_the_request_given_up(
    asked: float, patience: float, jitter: float
) -> None:
    error = failure(FailureKind.RATE_LIMITED, retry_after=asked)
    wait = Retries(1).wait(error, patience_s=patience, jitter=jitter)
    assert wait is None or asked <= wait <= patience
    assert wait is not None or patience < asked + LONGEST_BACKOFF_S


@pytest.mark.parametrize("kind", [FailureKind.REFUSED, FailureKind.RATE_LIMITED])
def test_g10_another_key_is_tried_at_once_and_does_not_count_as_a_retry(kind: FailureKind) -> None:
    retries = Retries(1)
    for _ in range(MOST_KEYS):
        assert retries.wait(failure(kind, another=True, retry_after=30), patience_s=1, jitter=0.5) == 0
    assert retries.wait(failure(FailureKind.REFUSED, another=True), patience_s=1, jitter=0.5) is None
    assert retries.wait(failure(FailureKind.CUT), patience_s=1, jitter=0.5) is not None
