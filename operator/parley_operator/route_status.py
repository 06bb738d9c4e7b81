"""What the controllers of Gateways say of a route, as a verdict that a person can act on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from parley_operator.api.conditions import Reason
from parley_operator.kube.client import Json
from parley_operator.verdict import Verdict

_REFUSALS = {"Accepted": Reason.ROUTE_NOT_ACCEPTED, "ResolvedRefs": Reason.ROUTE_NOT_RESOLVED}


def route_verdict(route: Json | None) -> Verdict | None:
    """Why the route does not carry sessions; None where every parent has accepted it as it is now."""
    if route is None:
        return Verdict("Unknown", Reason.ROUTE_PENDING, "The HTTPRoute is being made.")
    policies: tuple[Callable[[Json], Iterator[Verdict]], ...] = (_refused, _unanswered)
    return next((verdict for policy in policies for verdict in policy(route)), None)


def _refused(route: Json) -> Iterator[Verdict]:
    for parent in route["parents"]:
        for condition in _current(route, parent):
            if condition["type"] in _REFUSALS and condition["status"] == "False":
                reason = _REFUSALS[condition["type"]]
                said = f"{condition['reason']}: {condition['message']}".removesuffix(": ")
                yield Verdict("False", reason, f"{parent['parent']} says {said}. {reason.advice}")


def _unanswered(route: Json) -> Iterator[Verdict]:
    answered = {parent["parent"] for parent in route["parents"] if _is_accepted(route, parent)}
    for wanted in route["wanted"]:
        if wanted not in answered:
            message = f"No controller has answered for {wanted}. {Reason.ROUTE_PENDING.advice}"
            yield Verdict("Unknown", Reason.ROUTE_PENDING, message)


def _is_accepted(route: Json, parent: Json) -> bool:
    return any(c["type"] == "Accepted" and c["status"] == "True" for c in _current(route, parent))


def _current(route: Json, parent: Json) -> list[Json]:
    """Conditions about the route as it is now, not as it was."""
    return [c for c in parent["conditions"] if c["observedGeneration"] >= route["generation"]]
