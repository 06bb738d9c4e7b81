"""CPU, memory and the like of a container, with defaults for what is not said."""

from __future__ import annotations

from collections.abc import Mapping

from parley_operator.api import VoiceDeployment
from parley_operator.api.quantities import canonical_quantity, parse_quantity

DEFAULT_REQUESTS = {"cpu": "250m", "memory": "384Mi"}
"""Enough for a quiet pod with embedded speech."""
DEFAULT_LIMITS = {"cpu": "2", "memory": "1Gi"}


def resources(resource: VoiceDeployment) -> dict[str, dict[str, str]]:
    """What the gateway's container gets."""
    said = resource.spec.pod.resources if resource.spec.pod else None
    return filled(
        (said.requests if said else None) or {},
        (said.limits if said else None) or {},
        default_requests=DEFAULT_REQUESTS,
        default_limits=DEFAULT_LIMITS,
    )


def filled(
    said_requests: Mapping[str, int | str],
    said_limits: Mapping[str, int | str],
    *,
    default_requests: Mapping[str, str],
    default_limits: Mapping[str, str],
) -> dict[str, dict[str, str]]:
    """Requests and limits in the API server's spelling; a default gives way where it contradicts what is said."""
    requests, limits = dict(said_requests), dict(said_limits)
    for name, default in default_requests.items():
        requests.setdefault(name, min(default, limits.get(name, default), key=parse_quantity))
    for name, default in default_limits.items():
        limits.setdefault(name, max(default, requests.get(name, default), key=parse_quantity))
    return {
        "requests": {name: canonical_quantity(amount) for name, amount in sorted(requests.items())},
        "limits": {name: canonical_quantity(amount) for name, amount in sorted(limits.items())},
    }
