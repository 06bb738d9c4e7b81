"""The VoiceDeployment resource, as models that the CRD is generated from.

The models come when they are first asked for: building them takes longer than most of what `parley` does, which
needs no more than the resource's names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley_operator.api.identity import API_VERSION, GROUP, KIND, PLURAL, SHORT_NAME, SINGULAR, VERSION
from parley_operator.later import later

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

if not TYPE_CHECKING:
    __getattr__ = later(
        __name__, {"InvalidResourceError": "problems", "Problem": "problems", "VoiceDeployment": "resource"}
    )
