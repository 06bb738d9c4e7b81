"""Keys share the load; those that are refused or rate-limited are spared."""

from __future__ import annotations

from collections import Counter
from math import inf

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from parley_gateway.providers.resilience.key_ring import ASIDE_S, LONGEST_ASIDE_S, KeyLimits, KeyRing, Turn


def used(ring: KeyRing, now: float) -> int:
    """The key of one request that is over at once."""
    key = ring.choose(now)
    assert key is not None
    turn = ring.take(key, now)
    ring.accepted(turn)
    ring.release(turn)
    return key


def test_g10_requests_are_spread_over_all_keys() -> None:
    ring = KeyRing(3)
    assert Counter(used(ring, float(now)) for now in range(30)) == {0: 10, 1: 10, 2: 10}


def test_g10_the_least_busy_key_is_taken() -> None:
    ring = KeyRing(2)
    ring.take(0, 0.0)
    ring.take(0, 0.0)
    ring.take(1, 1.0)
    assert ring.choose(2.0) == 1


def test_g10_a_refused_key_is_set_aside_and_tried_again_later_for_longer_each_time() -> None:
    ring, now = KeyRing(2), 0.0
    for refusals in range(8):
        assert ring.refuse(0, now)
        aside_s = min(ASIDE_S * 2**refusals, LONGEST_ASIDE_S)
        assert {used(ring, now + aside_s * part) for part in (0.1, 0.5, 0.9)} == {1}
        now += aside_s
        assert ring.aside(now) == 0
        ring.take(1, now)
        assert ring.choose(now) == 0, "it is on trial"
    ring.readmit(0)
    assert ring.refused() == []


def test_g10_a_key_on_trial_takes_one_request_at_a_time_until_one_is_accepted() -> None:
    ring = KeyRing(1)
    ring.refuse(0, 0.0)
    trial = ring.take(0, ASIDE_S)
    assert ring.choose(ASIDE_S) is None
    assert ring.wait(ASIDE_S) == inf
    ring.accepted(trial)
    assert ring.choose(ASIDE_S) == 0


def test_g10_what_began_before_a_refusal_says_nothing_about_the_key_now() -> None:
    ring = KeyRing(2)
    early = ring.take(0, 0.0)
    ring.refuse(0, 1.0)
    ring.accepted(early)
    assert ring.aside(2.0) == 1


def test_g10_where_all_keys_are_refused_they_are_still_tried() -> None:
    ring = KeyRing(2)
    ring.refuse(0, 0.0)
    ring.refuse(1, 1.0)
    assert ring.choose(2.0) == 0, "the one whose time is nearest"


def test_g10_a_resting_key_is_passed_over_and_waited_for_where_it_is_the_only_one() -> None:
    ring = KeyRing(2)
    ring.rest(0, 7.0)
    assert {used(ring, float(now)) for now in range(7)} == {1}
    ring.rest(1, 9.0)
    assert ring.choose(6.5) is None
    assert ring.wait(6.5) == 0.5
    assert ring.wait(6.5, ahead=1) == 0.5, "a rested key takes any number"


@given(ahead=st.integers(0, 5))
def test_g10_the_place_in_the_queue_says_how_long_it_takes(ahead: int) -> None:
    ring = KeyRing(2, KeyLimits(requests_per_minute=1))
    ring.take(0, 0.0)
    ring.take(1, 10.0)
    expected = {0: 40.0, 1: 50.0}
    assert ring.wait(20.0, ahead=ahead) == expected.get(ahead, inf)


class AnyRing(RuleBasedStateMachine):
    """Any order of requests, answers, refusals and pauses keeps every key within its limits."""

    LIMITS = KeyLimits(requests_per_minute=3, concurrent_requests=2)

    def __init__(self) -> None:
        super().__init__()
        self.ring = KeyRing(3, self.LIMITS)
        self.now = 0.0
        self.open: list[Turn] = []
        self.begun: list[Turn] = []
        self.resting: dict[int, float] = {}

    @rule(seconds=st.floats(0, 100))
    def pause(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def begin(self) -> None:
        key = self.ring.choose(self.now)
        assert (key is not None) == (self.ring.wait(self.now) == 0)
        if key is None:
            return
        assert self.resting.get(key, 0.0) <= self.now
        turn = self.ring.take(key, self.now)
        self.open.append(turn)
        self.begun.append(turn)

    @precondition(lambda self: self.open)
    @rule(which=st.integers(0, 100), outcome=st.sampled_from(["accepted", "refused", "resting", "gone"]))
    def end(self, which: int, outcome: str) -> None:
        turn = self.open.pop(which % len(self.open))
        if outcome == "accepted":
            self.ring.accepted(turn)
        elif outcome == "refused":
            self.ring.refuse(turn.key, self.now)
        elif outcome == "resting":
            self.resting[turn.key] = max(self.now + 5, self.resting.get(turn.key, 0.0))
            self.ring.rest(turn.key, self.now + 5)
        self.ring.release(turn)

    @invariant()
    def within_the_limits(self) -> None:
        assert all(count <= 2 for count in Counter(turn.key for turn in self.open).values())
        lately = Counter(turn.key for turn in self.begun if turn.began + 60 > self.now)
        assert all(count <= 3 for count in lately.values())

    @invariant()
    def somebody_can_wait_in_hope(self) -> None:
        """Whatever happened, a request can begin once those under way are over and some time has passed."""
        assert self.open or self.ring.wait(self.now) <= 65 + 1e-6


AnyRing.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestAnyRing = AnyRing.TestCase
