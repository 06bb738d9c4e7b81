"""What to do about a condition: the operator's words, but for what a command of this program does."""

from __future__ import annotations

from parley_cli.suggested import suggested
from parley_operator.api.conditions import Reason
from parley_operator.kube.objects import Json
from parley_operator.render.names import base_name

_ASKED = frozenset({Reason.NO_POD_READY, Reason.ROLLOUT_STUCK})
"""What the operator sends people to the doctor for."""


def advice(reason: str, name: str, *, namespace: str) -> str:
    """For the resource of this name; empty where nothing is to be done, or the reason is a later release's."""
    if reason == Reason.SUSPENDED:
        return f"{suggested('resume', name, namespace=namespace)} answers again."
    if reason in _ASKED:
        return f"look at its pods: kubectl -n {namespace} describe pods -l parley.dev/name={base_name(name)}"
    try:
        return Reason(reason).advice_for(name, namespace=namespace)
    except ValueError:
        return ""


def message(condition: Json) -> str:
    """What the condition says; of a suspension without the operator's advice, for which `advice` has a command."""
    said: str = condition["message"]
    if condition["reason"] == Reason.SUSPENDED:
        said = said.removesuffix(Reason.SUSPENDED.advice).rstrip()
    return said
