"""A direct reading of the NetworkPolicy API: may this connection be made? It knows nothing of rules and chains."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

Object = Mapping[str, Any]


@dataclass(frozen=True)
class End:
    """One side of a connection: an address, and the pod that has it, where one has."""

    address: str = ""
    """Empty: a pod's, whichever that is."""
    namespace: str = ""
    """Empty: no pod's."""
    labels: Mapping[str, str] = field(default_factory=dict)
    namespace_labels: Mapping[str, str] = field(default_factory=dict)
    named_ports: frozenset[tuple[str, str, int]] = frozenset()
    """Name, protocol and number."""


@dataclass(frozen=True)
class Connection:
    """Who connects to whom, and on which port."""

    source: End
    target: End
    port: int
    protocol: str = "TCP"


def may_connect(policies: Iterable[Object], connection: Connection) -> bool:
    """Whether both sides permit it. A pod is never kept from itself."""
    source, target = connection.source, connection.target
    if source.address == target.address:
        return True
    sides = (
        ("Egress", _isolating(policies, "Egress", source)),
        ("Ingress", _isolating(policies, "Ingress", target)),
    )
    return all(not own or any(permits(policy, way, connection) for policy in own) for way, own in sides)


def permits(policy: Object, direction: str, connection: Connection) -> bool:
    """Whether one rule of the policy fits both the other side and the port."""
    key, other = ("to", connection.target) if direction == "Egress" else ("from", connection.source)
    own = policy["metadata"]["namespace"]
    return any(
        _any(rule.get(key), lambda peer: _is_peer(peer, own, other))
        and _any(rule.get("ports"), lambda port: _is_port(port, connection))
        for rule in policy["spec"].get(direction.lower()) or ()
    )


def _isolating(policies: Iterable[Object], direction: str, end: End) -> list[Object]:
    return [
        policy
        for policy in policies
        if policy["metadata"]["namespace"] == end.namespace
        and direction in _types(policy["spec"])
        and _selects(policy["spec"]["podSelector"], end.labels)
    ]


def _types(spec: Object) -> list[str]:
    if spec.get("policyTypes"):
        return list(spec["policyTypes"])
    return ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]


def _any(entries: list[Object] | None, holds: Callable[[Object], bool]) -> bool:
    """A list that is missing or empty restricts nothing."""
    return not entries or any(map(holds, entries))


def _is_peer(peer: Object, own: str, other: End) -> bool:
    if block := peer.get("ipBlock"):
        return _within(other, block["cidr"]) and not any(_within(other, one) for one in block.get("except") or ())
    if "namespaceSelector" in peer:
        here = _selects(peer["namespaceSelector"], other.namespace_labels)
    else:
        here = other.namespace == own
    return bool(other.namespace) and here and _selects(peer.get("podSelector") or {}, other.labels)


def _within(end: End, cidr: str) -> bool:
    if not end.address:
        return False
    address, network = ip_address(end.address), ip_network(cidr)
    return address.version == network.version and address in network


def _is_port(port: Object, connection: Connection) -> bool:
    if port.get("protocol", "TCP") != connection.protocol:
        return False
    wanted = port.get("port")
    if isinstance(wanted, str):
        return (wanted, connection.protocol, connection.port) in connection.target.named_ports
    return wanted is None or wanted <= connection.port <= port.get("endPort", wanted)


def _selects(selector: Object, labels: Mapping[str, str]) -> bool:
    equal = all(labels.get(key) == value for key, value in (selector.get("matchLabels") or {}).items())
    return equal and all(
        {
            "In": key in labels and labels[key] in values,
            "NotIn": not (key in labels and labels[key] in values),
            "Exists": key in labels,
            "DoesNotExist": key not in labels,
        }[expression["operator"]]
        for expression in selector.get("matchExpressions") or ()
        for key, values in [(expression["key"], expression.get("values") or [])]
    )
