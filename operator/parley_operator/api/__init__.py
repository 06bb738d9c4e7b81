"""The VoiceDeployment resource, as models that the CRD is generated from."""

from parley_operator.api.problems import InvalidResourceError, Problem
from parley_operator.api.resource import (
    API_VERSION,
    GROUP,
    KIND,
    PLURAL,
    SHORT_NAME,
    SINGULAR,
    VERSION,
    VoiceDeployment,
)

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
