"""What is asked of one resource many times in one rendering, and worked out once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from parley_operator.api import VoiceDeployment

T = TypeVar("T")


def once(function: Callable[[VoiceDeployment], T]) -> Callable[[VoiceDeployment], T]:
    """The same pure function, which keeps its last answer: resources never change, there is a new one instead."""
    last: tuple[VoiceDeployment, T] | None = None

    def asked(resource: VoiceDeployment) -> T:
        nonlocal last
        known = last
        if known is None or known[0] is not resource:
            known = last = (resource, function(resource))
        return known[1]

    asked.__doc__ = function.__doc__
    return asked
