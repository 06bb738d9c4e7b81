"""The security settings of all pods, gateway and workers alike: what the level `restricted` asks, and more."""

from __future__ import annotations

from typing import Any

USER = 1000


def pod_security() -> dict[str, Any]:
    """Of a pod: an ordinary user, to whom its volumes belong, and the runtime's filter of system calls."""
    return {
        "runAsNonRoot": True,
        "runAsUser": USER,
        "runAsGroup": USER,
        "fsGroup": USER,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def container_security() -> dict[str, Any]:
    """Of a container: no way to more rights, and nothing to write to but its volumes."""
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
    }
