"""What a NetworkPolicy can see of a cluster: addresses, labels and ports of pods, and labels of namespaces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Object = Mapping[str, Any]
GONE = {"Succeeded", "Failed"}
"""Phases of pods whose address may be somebody else's by now."""


@dataclass(frozen=True)
class NamedPort:
    """A port of a container that has a name."""

    name: str
    protocol: str
    number: int


@dataclass(frozen=True)
class Pod:
    """A pod with an address of its own. Those in the node's network are the node to a policy, and none here."""

    namespace: str
    address: str
    labels: Mapping[str, str]
    ports: tuple[NamedPort, ...] = ()


@dataclass(frozen=True)
class World:
    """All pods, namespaces by name with their labels, and all policies as the API has them."""

    pods: tuple[Pod, ...]
    namespaces: Mapping[str, Mapping[str, str]]
    policies: tuple[Object, ...]


def world(*, pods: Iterable[Object], namespaces: Iterable[Object], policies: Iterable[Object]) -> World:
    """The same, from what the API lists."""
    labels = {found["metadata"]["name"]: found["metadata"].get("labels") or {} for found in namespaces}
    return World(tuple(_pod(found) for found in pods if _has_own_address(found)), labels, tuple(policies))


def _has_own_address(pod: Object) -> bool:
    status = pod.get("status") or {}
    own_network = not pod["spec"].get("hostNetwork")
    return own_network and bool(status.get("podIP")) and status.get("phase") not in GONE


def _pod(found: Object) -> Pod:
    metadata = found["metadata"]
    ports = [port for container in found["spec"]["containers"] for port in container.get("ports") or ()]
    return Pod(
        metadata["namespace"],
        found["status"]["podIP"],
        metadata.get("labels") or {},
        tuple(
            NamedPort(port["name"], port.get("protocol", "TCP"), port["containerPort"])
            for port in ports
            if port.get("name")
        ),
    )
