"""Bursts of edits replace pods once; what is new or left alone waits for nothing."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from parley_operator.settling import LONGEST, QUIET, Settling, pods_state, replaces_pods

KEY = ("ns", "receptionist")


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def made() -> tuple[Settling, Clock]:
    clock = Clock()
    return Settling(clock=clock), clock


def test_what_is_seen_for_the_first_time_waits_for_nothing() -> None:
    settling, _ = made()
    assert settling.wait(KEY, "a") == 0


def test_what_stays_the_same_never_waits() -> None:
    settling, clock = made()
    for _ in range(3):
        assert settling.wait(KEY, "a") == 0
        clock.now += 0.1


def test_one_edit_waits_until_the_resource_was_left_alone() -> None:
    settling, clock = made()
    settling.wait(KEY, "a")
    assert settling.wait(KEY, "b") == QUIET
    clock.now += QUIET - 0.5
    assert settling.wait(KEY, "b") == 0.5
    clock.now += 0.5
    assert settling.wait(KEY, "b") == 0


def test_each_further_edit_begins_the_wait_anew() -> None:
    settling, clock = made()
    settling.wait(KEY, "a")
    for state in "bcd":
        assert settling.wait(KEY, state) == QUIET
        clock.now += 1.0


def test_edits_without_an_end_do_not_hold_pods_back_for_ever() -> None:
    settling, clock = made()
    settling.wait(KEY, "a")
    begun, number = clock.now, 0
    while settling.wait(KEY, str(number := number + 1)):
        clock.now += 1.0
    assert clock.now - begun == LONGEST


def test_an_edit_after_a_burst_begins_another() -> None:
    settling, clock = made()
    settling.wait(KEY, "a")
    settling.wait(KEY, "b")
    clock.now += 100
    assert settling.wait(KEY, "b") == 0
    assert settling.wait(KEY, "c") == QUIET


def test_an_edit_that_is_taken_back_leaves_nothing_to_wait_for() -> None:
    settling, _ = made()
    settling.wait(KEY, "a")
    settling.wait(KEY, "b")
    assert settling.wait(KEY, "a") == 0


def test_one_resource_waits_for_itself_alone() -> None:
    settling, _ = made()
    settling.wait(KEY, "a")
    settling.wait(KEY, "b")
    assert settling.wait(("ns", "other"), "a") == 0


def test_a_resource_that_went_and_came_back_is_new() -> None:
    settling, _ = made()
    settling.wait(KEY, "a")
    settling.forget(KEY)
    assert settling.wait(KEY, "b") == 0


@given(gaps=st.lists(st.floats(0.01, 5), min_size=1, max_size=80))
def test_pods_follow_seldom_and_soon(gaps: list[float]) -> None:
    """However edits come: no two rollouts within the quiet period, and none later than the longest wait."""
    settling, clock = made()
    settling.wait(KEY, "")
    rollouts: list[float] = []
    asked_since: float | None = clock.now
    for number in range(len(gaps)):
        for pause in (0.0, gaps[number]):
            clock.now += pause
            if not settling.wait(KEY, str(number)):
                rollouts += [clock.now] if asked_since is not None else []
                asked_since = None
        assert asked_since is None or clock.now - asked_since <= LONGEST + max(gaps)
        asked_since = asked_since or clock.now
    assert all(later - earlier > QUIET - 1e-6 for earlier, later in pairwise(rollouts))


def test_what_replaces_pods_is_held_and_nothing_else_is() -> None:
    kinds = {
        "Deployment": True,
        "ControllerRevision": True,
        "Service": False,
        "ConfigMap": False,
        "Ingress": False,
    }
    assert {kind: replaces_pods({"kind": kind}) for kind in kinds} == kinds
    assert replaces_pods({"kind": "ConfigMap", "immutable": True})


def test_the_state_of_pods_is_no_other_for_an_ingress() -> None:
    deployment = {"kind": "Deployment", "spec": {"template": {}}}
    assert pods_state([deployment]) == pods_state([deployment, {"kind": "Ingress", "spec": {}}])
    assert pods_state([deployment]) != pods_state([{**deployment, "spec": {}}])
