"""What to do about a condition: the operator's words, but for what a command of this program does."""

from __future__ import annotations

from parley_operator.api.conditions import Reason
from parley_operator.kube.objects import Json
from parley_operator.render.names import base_name


def advice(reason: str, name: str, *, namespace: str = "") -> str:
    """For the resource of this name; empty where nothing is to be done, or the reason is a later release's.

    Commands in it can be run as they stand, where the namespace is given.
    """
    if reason == Reason.SUSPENDED:
        return f"`parley resume {name}` answers again."
    try:
        said = Reason(reason).advice.replace("NAME", base_name(name))
    except ValueError:
        return ""
    return said.replace("kubectl describe", f"kubectl -n {namespace} describe") if namespace else said


def message(condition: Json) -> str:
    """What the condition says; of a suspension without the operator's advice, for which `advice` has a command."""
    said: str = condition["message"]
    return said.removesuffix(Reason.SUSPENDED.advice).rstrip() if condition["reason"] == Reason.SUSPENDED else said
