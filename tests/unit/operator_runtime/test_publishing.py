"""O10: what people are told of when a status changes."""

from __future__ import annotations

from typing import Any

from parley_operator.publishing import news
from parley_operator.status import Transition

SERVING = Transition("Ready", "True", "Serving", "1/1 pods ready", since="/NoPodReady")
COMPLETE = Transition(
    "Progressing", "False", "RolloutComplete", "All pods run the current spec.", since="/RollingOut"
)


def told(previous: dict[str, Any], *changed: Transition) -> list[str]:
    return [one.reason for one in news(previous, changed)]


def test_o10_that_a_new_resource_serves_is_told_once() -> None:
    assert told({}, SERVING, COMPLETE) == ["Serving"]


def test_o10_that_the_pods_of_a_change_are_complete_is_told_beside_it() -> None:
    assert told({"currentRevision": "receptionist-1"}, SERVING, COMPLETE) == ["Serving", "RolloutComplete"]
    assert told({"currentRevision": "receptionist-1"}, COMPLETE) == ["RolloutComplete"]


def test_o10_pods_that_come_after_the_first_one_serves_are_told_of() -> None:
    assert told({}, COMPLETE) == ["RolloutComplete"]


def test_o10_a_suspension_is_told_once() -> None:
    suspended = [Transition(kind, "False", "Suspended", "", since="/") for kind in ("Ready", "Progressing")]
    assert told({"currentRevision": "receptionist-1"}, *suspended) == ["Suspended"]


def test_o10_a_condition_that_is_new_and_as_it_should_be_is_no_news() -> None:
    new = Transition("AutoscalingReady", "True", "FixedReplicas", "", since="/")
    wrong = Transition("AutoscalingReady", "False", "ApiNotServed", "", since="/")
    assert told({}, new, wrong) == ["ApiNotServed"]
