"""What is remembered of the last minutes: all of it within its bounds, and nothing else (G14)."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from parley_gateway.telemetry.window import Window, percentile


def test_g14_what_is_older_than_the_span_is_forgotten() -> None:
    now = [0.0]
    window = Window(lambda: now[0], span_s=300)
    window.add(3.0)
    now[0] = 200.0
    window.add(1.0)
    assert window.values() == [1.0, 3.0]
    assert window.mean() == 2.0
    now[0] = 301.0
    assert window.values() == [1.0]
    now[0] = 501.0
    assert window.values() == []
    assert window.mean() is None


def test_g14_of_too_many_the_oldest_go_first() -> None:
    window = Window(lambda: 0.0, most=2)
    for value in (1.0, 2.0, 3.0):
        window.add(value)
    assert window.values() == [2.0, 3.0]


@given(st.lists(st.floats(0, 10), min_size=1), st.integers(1, 100))
def test_g14_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(
    values: list[float], percent: int
) -> None:
    ordered = sorted(values)
    found = percentile(ordered, percent)
    wanted = Fraction(percent, 100) * len(values)
    assert found in values
    assert sum(value <= found for value in values) >= wanted
    assert sum(value < found for value in values) < wanted
