"""A rate is a promise about every stretch of time."""

from __future__ import annotations

from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from parley_gateway.providers.resilience.rate_window import RateWindow

PAUSES = st.lists(st.floats(0, 40), max_size=60)
LIMITS = st.integers(1, 8)


@given(limit=LIMITS, pauses=PAUSES)
def test_g10_no_minute_has_more_than_the_limit(limit: int, pauses: list[float]) -> None:
    window, now, taken = RateWindow(limit), 0.0, []
    for pause in pauses:
        now += pause
        if window.wait(now) == 0:
            window.take(now)
            taken.append(now)
    for start in taken:
        assert sum(start <= at < start + 60 for at in taken) <= limit


@given(limit=LIMITS, pauses=PAUSES)
def test_g10_what_waits_as_long_as_it_is_told_may_begin(limit: int, pauses: list[float]) -> None:
    window, now = RateWindow(limit), 0.0
    for pause in pauses:
        now += pause
        openings = list(islice(window.openings(now), limit))
        assert openings == sorted(openings)
        now = max(now, openings[0])
        assert window.wait(now) == 0
        window.take(now)


@given(pauses=PAUSES)
def test_g10_without_a_limit_nobody_waits(pauses: list[float]) -> None:
    window, now = RateWindow(None), 0.0
    for pause in pauses:
        now += pause
        window.take(now)
        assert window.wait(now) == 0
