"""A breaker opens after failures in a row, probes one at a time, and closes when the provider is back."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from parley_gateway.providers.resilience.breaker import Breaker
from parley_gateway.providers.resilience.observer import BreakerState


@given(limit=st.integers(1, 6), outcomes=st.lists(st.booleans(), max_size=40))
def test_g10_it_opens_after_so_many_failures_in_a_row_and_not_before(limit: int, outcomes: list[bool]) -> None:
    breaker, in_a_row = Breaker(limit, 10.0), 0
    for now, works in enumerate(outcomes):
        if works:
            breaker.succeeded(began=now)
        else:
            breaker.failed(now)
        in_a_row = 0 if works else in_a_row + 1
        assert breaker.is_closed == (in_a_row < limit)
        if not breaker.is_closed:
            return


def test_g10_a_probe_is_due_after_the_interval_and_again_after_it_has_failed() -> None:
    breaker = Breaker(1, 10.0)
    breaker.failed(100.0)
    assert breaker.probe_wait(103.0) == 7
    assert not breaker.begin_probe(109.9)
    assert breaker.begin_probe(110.0)
    states = [breaker.state]
    breaker.probe_failed(112.0)
    states.append(breaker.state)
    assert states == [BreakerState.HALF_OPEN, BreakerState.OPEN]
    assert breaker.probe_wait(112.0) == 10


def test_g10_a_success_of_what_began_before_it_opened_does_not_close_it() -> None:
    breaker = Breaker(1, 10.0)
    breaker.failed(100.0)
    breaker.succeeded(began=99.0)
    assert not breaker.is_closed
    breaker.succeeded(began=101.0)
    assert breaker.is_closed


class AnyBreaker(RuleBasedStateMachine):
    """Whatever happens in whatever order, there is one probe at a time and always a way back."""

    def __init__(self) -> None:
        super().__init__()
        self.breaker = Breaker(2, 10.0)
        self.now = 0.0
        self.probing = False

    @rule(seconds=st.floats(0, 30))
    def pause(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def fail(self) -> None:
        self.breaker.failed(self.now)

    @rule(ago=st.floats(0, 30))
    def succeed(self, ago: float) -> None:
        self.breaker.succeeded(began=self.now - ago)

    @rule()
    def trip(self) -> None:
        if self.breaker.is_closed:
            self.breaker.trip(self.now)

    @rule()
    def probe(self) -> None:
        if self.breaker.begin_probe(self.now):
            assert not self.probing or not self.breaker.is_closed
            self.probing = True

    @rule(works=st.booleans())
    def probe_ends(self, works: bool) -> None:
        if self.probing:
            self.probing = False
            if works:
                self.breaker.succeeded(began=self.now)
                assert self.breaker.is_closed
            else:
                self.breaker.probe_failed(self.now)

    @invariant()
    def there_is_a_way_back(self) -> None:
        due = self.breaker.probe_wait(self.now) <= 10 + 1e-6
        assert self.breaker.is_closed or self.probing or due

    @invariant()
    def a_probe_excludes_another(self) -> None:
        if self.breaker.state is BreakerState.HALF_OPEN:
            assert not self.breaker.begin_probe(self.now)


AnyBreaker.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestAnyBreaker = AnyBreaker.TestCase
