"""How far a Deployment's controller is with its latest template, from the Deployment's view."""

from __future__ import annotations

from parley_operator.kube.client import Json


def is_seen(deployment: Json) -> bool:
    """Whether its controller has acted upon the latest template; until then the status is of an earlier one."""
    return bool(deployment["observedGeneration"] >= deployment["generation"])


def is_stuck(deployment: Json) -> bool:
    """Whether the pods of the latest template have taken longer to become ready than they may."""
    return is_seen(deployment) and any(
        condition["reason"] == "ProgressDeadlineExceeded" for condition in deployment["conditions"]
    )
