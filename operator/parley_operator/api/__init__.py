"""The VoiceDeployment resource, as models that the CRD is generated from.

The models come when they are first asked for: building them takes longer than most of what `parley` does, which
needs no more than the resource's names.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from parley_operator.api.identity import API_VERSION, GROUP, KIND, PLURAL, SHORT_NAME, SINGULAR, VERSION

if TYPE_CHECKING:
    from parley_operator.api.problems import InvalidResourceError, Problem
    from parley_operator.api.resource import VoiceDeployment

__all__ = [
    "API_VERSION",
    "GROUP",
    "KIND",
    "PLURAL",
    "SHORT_NAME",
    "SINGULAR",
    "VERSION",
    "InvalidResourceError",
    "Problem",
    "VoiceDeployment",
]

_LATER = {"InvalidResourceError": "problems", "Problem": "problems", "VoiceDeployment": "resource"}
"""What is asked for by name, and the module that has it."""

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
