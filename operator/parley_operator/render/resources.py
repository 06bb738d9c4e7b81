"""CPU and memory of the gateway's container."""

from __future__ import annotations

from parley_operator.api import VoiceDeployment
from parley_operator.api.quantities import canonical_quantity, parse_quantity

DEFAULT_REQUESTS = {"cpu": "250m", "memory": "384Mi"}
"""Enough for a quiet pod with embedded speech."""
DEFAULT_LIMITS = {"cpu": "2", "memory": "1Gi"}


def resources(resource: VoiceDeployment) -> dict[str, dict[str, str]]:
    """Requests and limits in the API server's spelling; a default gives way where it contradicts what is said."""
    said = resource.spec.pod.resources if resource.spec.pod else None
    requests = dict(said.requests or {}) if said else {}
    limits = dict(said.limits or {}) if said else {}
    for name, default in DEFAULT_REQUESTS.items():
        requests.setdefault(name, min(default, limits.get(name, default), key=parse_quantity))
    for name, default in DEFAULT_LIMITS.items():
        limits.setdefault(name, max(default, requests.get(name, default), key=parse_quantity))
    return {
        "requests": {name: canonical_quantity(amount) for name, amount in sorted(requests.items())},
        "limits": {name: canonical_quantity(amount) for name, amount in sorted(limits.items())},
    }
