"""The Pod Security Standard `restricted`, said again here, so that any pod can be held against it.

https://kubernetes.io/docs/concepts/security/pod-security-standards, version 1.36. `tests/operator/api` asks a real
API server, which has the last word, about examples.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Pod = dict[str, Any]

VOLUMES = frozenset(
    {
        *(
            "configMap",
            "csi",
            "downwardAPI",
            "emptyDir",
            "ephemeral",
            "persistentVolumeClaim",
            "projected",
            "secret",
        ),
    }
)
SYSCTLS = frozenset({"kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies"})


def violations(pod: Pod) -> list[str]:
    """What of a pod's spec the standard forbids."""
    return [*_of_the_pod(pod), *(said for one in _containers(pod) for said in _of_a_container(pod, one))]


def _containers(pod: Pod) -> list[Pod]:
    kinds = ("containers", "initContainers", "ephemeralContainers")
    return [container for kind in kinds for container in pod.get(kind) or ()]


def _of_the_pod(pod: Pod) -> Iterator[str]:
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(name):
            yield name
    for volume in pod.get("volumes") or ():
        if not set(volume) - {"name"} <= VOLUMES:
            yield f"volume {volume}"
    security = pod.get("securityContext") or {}
    if {sysctl["name"] for sysctl in security.get("sysctls") or ()} - SYSCTLS:
        yield "sysctls"
    if security.get("windowsOptions", {}).get("hostProcess"):
        yield "hostProcess"


def _of_a_container(pod: Pod, container: Pod) -> Iterator[str]:
    outer, own = pod.get("securityContext") or {}, container.get("securityContext") or {}
    capabilities = own.get("capabilities") or {}
    effective = {**outer, **own}
    checks = {
        "privileged": own.get("privileged"),
        "allowPrivilegeEscalation": own.get("allowPrivilegeEscalation") is not False,
        "capabilities are kept": "ALL" not in (capabilities.get("drop") or ()),
        "capabilities are added": set(capabilities.get("add") or ()) - {"NET_BIND_SERVICE"},
        "runAsNonRoot": effective.get("runAsNonRoot") is not True,
        "runAsUser": effective.get("runAsUser") == 0,
        "seccompProfile": (effective.get("seccompProfile") or {}).get("type")
        not in ("RuntimeDefault", "Localhost"),
        "procMount": own.get("procMount", "Default") != "Default",
        "hostPort": any(port.get("hostPort") for port in container.get("ports") or ()),
        "appArmorProfile": (effective.get("appArmorProfile") or {}).get("type") == "Unconfined",
        "seLinuxOptions": effective.get("seLinuxOptions"),
    }
    yield from (f"{container['name']}: {name}" for name, wrong in checks.items() if wrong)
