"""The node's network: a bridge for pods inside the namespace, a veth pair to the machine.

The machine reaches pods, services and the API server; without egress nothing inside reaches
any other machine.
"""

from __future__ import annotations

import subprocess
from ipaddress import IPv4Network
from pathlib import Path

from localcluster.addresses import SLOTS, Addresses
from localcluster.debian import command_path
from localcluster.errors import ClusterError
from localcluster.namespace import NodeNamespace

PART = "network"
BRIDGE, INSIDE = "pods", "uplink"
BRIDGE_CALLS_IPTABLES = "/proc/sys/net/bridge/bridge-nf-call-iptables"
"""Without it a pod that calls a Service of its own node gets answers from the wrong address."""


def choose_addresses(*, taken: frozenset[int]) -> Addresses:
    """The first block of addresses that neither the machine's networks use nor another node.

    `taken` are the slots that records name: of nodes whose network is not there yet, or not gone yet.
    """
    routes = parse_routes(_ip("-oneline", "-4", "route", "show"))
    for slot in range(SLOTS):
        addresses = Addresses(slot)
        if slot not in taken and not _exists(addresses.interface) and not addresses.overlaps(routes):
            return addresses
    remedy = "end another node (`down --name NAME`), or free one of these ranges on this machine"
    ranges = ", ".join(Addresses(slot).pod_range for slot in range(SLOTS))
    raise ClusterError(PART, f"all address ranges are in use ({ranges})", remedy)


def create_network(node: NodeNamespace, addresses: Addresses) -> None:
    """Bridge, veth pair and routes."""
    for command in _inside_commands(addresses):
        node.run(*command)
    outside = addresses.interface
    _ip("link", "add", outside, "type", "veth", "peer", "name", INSIDE, "netns", str(node.first_pid))
    node.run("ip", "address", "add", f"{addresses.inside}/30", "dev", INSIDE)
    node.run("ip", "link", "set", INSIDE, "up")
    _ip("address", "add", f"{addresses.outside}/30", "dev", outside)
    _ip("link", "set", outside, "up")
    for target in (addresses.pod_range, addresses.service_range):
        _ip("route", "add", target, "via", addresses.inside)


def remove_interface(addresses: Addresses) -> None:
    """Take the veth pair away, and with it its routes.

    The kernel does so by itself once nothing holds the node's network namespace. But a connection whose
    peer vanished holds it until TCP gives up, minutes later.
    """
    try:
        _ip("link", "delete", addresses.interface)
    except ClusterError:
        if _exists(addresses.interface):
            raise


def _inside_commands(addresses: Addresses) -> list[tuple[str, ...]]:
    """The bridge must exist before the kubelet starts: its address is the node's."""
    return [
        ("ip", "link", "set", "lo", "up"),
        ("ip", "link", "add", BRIDGE, "type", "bridge"),
        ("ip", "address", "add", f"{addresses.node}/16", "dev", BRIDGE),
        ("ip", "link", "set", BRIDGE, "up"),
        ("ip", "route", "add", addresses.service_range, "dev", BRIDGE),
        ("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"),
        ("sh", "-c", f"test -e {BRIDGE_CALLS_IPTABLES} || modprobe br_netfilter"),
        ("sh", "-c", f"echo 1 > {BRIDGE_CALLS_IPTABLES}"),
    ]


def parse_routes(text: str) -> list[IPv4Network]:
    """The networks of `ip route`'s lines; `default` and special routes are none."""
    first_words = [line.split()[0] for line in text.splitlines() if line.strip()]
    return [IPv4Network(word) for word in first_words if word[0].isdigit()]


def _exists(interface: str) -> bool:
    return Path(f"/sys/class/net/{interface}").exists()


def _ip(*arguments: str) -> str:
    result = subprocess.run([command_path("ip"), *arguments], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        remedy = "`down`, then `up` again"
        raise ClusterError(PART, f"ip {' '.join(arguments)} failed: {result.stderr.strip()}", remedy)
    return result.stdout
