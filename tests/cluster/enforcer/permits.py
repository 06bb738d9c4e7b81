"""What policies permit each pod that they isolate, as addresses and ports: `networking/v1`, every name resolved.

A pod that some policy of a direction selects may do there what any of them permits, and nothing else; a pod that
none selects has no entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, collapse_addresses, ip_network
from typing import Literal

from tests.cluster.enforcer.selectors import selects
from tests.cluster.enforcer.world import Object, Pod, World

Direction = Literal["Ingress", "Egress"]
DIRECTIONS: tuple[Direction, ...] = ("Ingress", "Egress")
PEERS = {"Ingress": "from", "Egress": "to"}
EVERYWHERE = IPv4Network("0.0.0.0/0")


@dataclass(frozen=True)
class Permit:
    """One kind of connection that may be made."""

    network: IPv4Network = EVERYWHERE
    """Where the other side is."""
    protocol: str | None = None
    """TCP, UDP or SCTP; None: whatever it is, and on every port."""
    ports: tuple[int, int] | None = None
    """First and last port of the side that is connected to; None: every port."""


@dataclass(frozen=True)
class Isolation:
    """A pod that may do in one direction what is permitted, and nothing else."""

    pod: Pod
    direction: Direction
    permits: tuple[Permit, ...]


def isolations(world: World, *, namespaces: frozenset[str]) -> tuple[Isolation, ...]:
    """Every pod of these namespaces and every direction in which it is isolated."""
    return tuple(
        Isolation(pod, direction, tuple(dict.fromkeys(_permits(world, pod, direction, policies))))
        for pod in world.pods
        if pod.namespace in namespaces
        for direction in DIRECTIONS
        if (policies := [one for one in world.policies if _isolates(one, pod, direction)])
    )


def _isolates(policy: Object, pod: Pod, direction: Direction) -> bool:
    spec = policy["spec"]
    default = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]
    return (
        policy["metadata"]["namespace"] == pod.namespace
        and direction in (spec.get("policyTypes") or default)
        and selects(spec.get("podSelector") or {}, pod.labels)
    )


def _permits(world: World, pod: Pod, direction: Direction, policies: list[Object]) -> Iterator[Permit]:
    for policy in policies:
        for rule in policy["spec"].get(direction.lower()) or ():
            peers = rule.get(PEERS[direction])
            networks = list(_networks(world, pod.namespace, peers)) if peers else [EVERYWHERE]
            for port in rule.get("ports") or [None]:
                yield from _on(world, pod, direction, networks, port)


def _networks(world: World, own: str, peers: list[Object]) -> Iterator[IPv4Network]:
    """Where peers are; an address of IPv6 is nowhere in a network of IPv4."""
    for peer in peers:
        if block := peer.get("ipBlock"):
            yield from _without(ip_network(block["cidr"]), [ip_network(one) for one in block.get("except") or ()])
        else:
            yield from (IPv4Network(pod.address) for pod in world.pods if _is_peer(world, own, peer, pod))


def _is_peer(world: World, own: str, peer: Object, pod: Pod) -> bool:
    of_namespaces, of_pods = peer.get("namespaceSelector"), peer.get("podSelector")
    if of_namespaces is None:
        here = pod.namespace == own
    else:
        here = selects(of_namespaces, world.namespaces.get(pod.namespace, {}))
    return here and selects(of_pods or {}, pod.labels)


def _without(network: object, excluded: list[object]) -> Iterator[IPv4Network]:
    """A network less others, as networks: a rule of iptables knows one address."""
    if not isinstance(network, IPv4Network):
        return
    rest = [network]
    for hole in excluded:
        if isinstance(hole, IPv4Network):
            rest = [part for whole in rest for part in _less(whole, hole)]
    yield from collapse_addresses(rest)


def _less(whole: IPv4Network, hole: IPv4Network) -> Iterator[IPv4Network]:
    if whole.subnet_of(hole):
        return
    if hole.subnet_of(whole):
        yield from whole.address_exclude(hole)
    else:
        yield whole


def _on(
    world: World, pod: Pod, direction: Direction, networks: list[IPv4Network], port: Object | None
) -> Iterator[Permit]:
    """Permits for one port of a rule, at each of its networks; None: every port."""
    if port is None:
        yield from (Permit(network) for network in networks)
        return
    protocol, number = port.get("protocol") or "TCP", port.get("port")
    if isinstance(number, str):
        yield from _on_named(world, pod, direction, networks, protocol, number)
        return
    ports = None if number is None else (number, port.get("endPort") or number)
    yield from (Permit(network, protocol, ports) for network in networks)


def _on_named(
    world: World, pod: Pod, direction: Direction, networks: list[IPv4Network], protocol: str, name: str
) -> Iterator[Permit]:
    """A port's name means what it means to the pod that is connected to."""
    if direction == "Ingress":
        numbers = _numbers(pod, protocol, name)
        yield from (Permit(network, protocol, (number, number)) for network in networks for number in numbers)
        return
    for other in world.pods:
        there = IPv4Network(other.address)
        if any(there.subnet_of(network) for network in networks):
            yield from (Permit(there, protocol, (one, one)) for one in _numbers(other, protocol, name))


def _numbers(pod: Pod, protocol: str, name: str) -> list[int]:
    return [port.number for port in pod.ports if (port.name, port.protocol) == (name, protocol)]
