"""When a recogniser in trouble is asked again, and when the caller is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.ports import ProviderError
from parley_gateway.session.outage import AWAY_S, BACKOFF_S, DEAF_S, MAX_ATTEMPTS, Outage


def an_error(
    kind: FailureKind = FailureKind.CUT, *, retry_after: float | None = None, another: bool = False
) -> ProviderError:
    error = ProviderError(Stage.STT, kind, "by script", retry_after=retry_after)
    error.another = another
    return error


def failed(outage: Outage, error: ProviderError, *, lasted: float = 0.0, now: float = 0.0) -> float | None:
    return outage.failed(error, opened=now - lasted, heard=False, now=now)


def test_g10_it_is_asked_again_after_longer_and_longer_times_and_then_no_more() -> None:
    outage, now, waits = Outage(lambda: 1.0), 0.0, []
    while (wait := failed(outage, an_error(), now=now)) is not None:
        waits.append(wait)
        now += wait
    assert waits == list(BACKOFF_S)
    assert len(waits) + 1 == MAX_ATTEMPTS


def test_g10_one_that_refuses_is_not_asked_again_unless_there_is_another() -> None:
    assert failed(Outage(lambda: 1.0), an_error(FailureKind.REFUSED)) is None
    assert failed(Outage(lambda: 1.0), an_error(FailureKind.REFUSED, another=True)) == 0


@pytest.mark.parametrize(("asked", "waits"), [(12.0, 12.0), (AWAY_S + 1, None)])
def test_g10_what_it_asks_for_is_waited_for_as_long_as_a_caller_would(asked: float, waits: float | None) -> None:
    assert failed(Outage(lambda: 1.0), an_error(FailureKind.RATE_LIMITED, retry_after=asked)) == waits


def test_g10_one_that_says_nothing_is_no_steady_one_however_long_its_silence() -> None:
    outage, stalls = Outage(lambda: 1.0), an_error(FailureKind.TIMEOUT)
    assert failed(outage, stalls, lasted=15, now=15) is not None
    assert outage.is_noticed(15, wait=0), "the caller has waited all the time"
    assert failed(outage, stalls, lasted=15, now=30.1) is None


def test_a_stream_that_has_lasted_makes_good_for_those_before_it() -> None:
    outage = Outage(lambda: 1.0)
    for number in range(4 * MAX_ATTEMPTS):
        assert failed(outage, an_error(), lasted=15, now=number * 16.0) == BACKOFF_S[0]
    assert not outage.is_noticed(16 * (4 * MAX_ATTEMPTS - 1), wait=BACKOFF_S[0])


def test_g10_one_that_stalls_after_it_has_worked_was_deaf_before_it_was_noticed() -> None:
    outage = Outage(lambda: 1.0)
    assert outage.failed(an_error(FailureKind.TIMEOUT), opened=0, heard=True, now=60) == BACKOFF_S[0]
    assert outage.is_noticed(60, wait=0)
    assert not outage.is_noticed(61, wait=0), "once"


def test_g10_the_caller_is_told_once_and_only_of_what_is_noticed() -> None:
    outage, now, told = Outage(lambda: 1.0), 0.0, []
    while (wait := failed(outage, an_error(), now=now)) is not None:
        told.append(outage.is_noticed(now, wait=wait))
        now += wait
    assert told == [False, False, False, True, False], f"{DEAF_S} s are over with the fourth wait"


@given(
    st.lists(
        st.tuples(st.sampled_from(FailureKind), st.floats(0, 15), st.none() | st.floats(0, 40), st.booleans())
    )
)
def test_g10_no_outage_lasts_longer_than_its_bound(
    failures: list[tuple[FailureKind, float, float | None, bool]],
) -> None:
    outage, now, worked = Outage(lambda: 1.0), 0.0, 0.0
    for kind, lasts, retry_after, heard in failures:
        opened, now = now, now + lasts
        if lasts >= 10 and (heard or kind is not FailureKind.TIMEOUT):
            worked = now
        wait = outage.failed(an_error(kind, retry_after=retry_after), opened=opened, heard=heard, now=now)
        if wait is None:
            return
        now += wait
        assert now - worked <= AWAY_S + 10, "a failing stream may be one that lasts at first"
