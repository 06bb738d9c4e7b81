"""What a controller takes from its own configuration alone is said until somebody has acknowledged it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from parley_operator.api import VoiceDeployment
from parley_operator.api.conditions import Reason
from parley_operator.render.rendered import Finding

ADVICE = frozenset({Reason.SET_IN_CONTROLLER, Reason.UNKNOWN_CONTROLLER})
"""The operator cannot see whether it was followed."""


def unacknowledged(resource: VoiceDeployment, findings: Iterable[Finding]) -> Iterator[Finding]:
    """All findings but advice, where the spec says that it was followed."""
    endpoint = resource.spec.endpoint
    is_acknowledged = endpoint is not None and endpoint.controller_advice == "Acknowledged"
    return (finding for finding in findings if not (is_acknowledged and finding.reason in ADVICE))
