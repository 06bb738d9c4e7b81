"""Egress, where it is asked for: pods reach what the machine reaches, by masquerade.

Undone by the next `down` or `up` even after a crash: what was changed is written down first.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from localcluster.addresses import Addresses
from localcluster.debian import command_path
from localcluster.errors import ClusterError
from localcluster.namespace import NodeNamespace
from localcluster.paths import StatePaths

IP_FORWARD = Path("/proc/sys/net/ipv4/ip_forward")
RESOLVERS = (Path("/run/systemd/resolve/resolv.conf"), Path("/etc/resolv.conf"))
"""The first that exists names real servers; a stub on 127.0.0.53 cannot be reached from the node."""
PART = "egress"


def rules(addresses: Addresses) -> list[tuple[str, ...]]:
    """The machine's rules: table, chain, match."""
    link = addresses.interface
    masquerade = ("!", "-o", link, "-j", "MASQUERADE")
    return [
        ("nat", "POSTROUTING", "-s", addresses.pod_range, *masquerade),
        ("nat", "POSTROUTING", "-s", addresses.link_range, *masquerade),
        ("filter", "FORWARD", "-i", link, "-j", "ACCEPT"),
        ("filter", "FORWARD", "-o", link, "-j", "ACCEPT"),
    ]


def enable_egress(node: NodeNamespace, paths: StatePaths, *, addresses: Addresses) -> None:
    """A default route out of the node, and the machine's address for what leaves it."""
    _before(paths).write_text(IP_FORWARD.read_text())
    IP_FORWARD.write_text("1")
    for table, chain, *rule in rules(addresses):
        _iptables("-t", table, "-I", chain, *rule)
    node.run("ip", "route", "add", "default", "via", addresses.outside)
    node.run("mount", "--bind", str(upstream(paths)), "/etc/resolv.conf")


def disable_egress(paths: StatePaths, *, addresses: Addresses) -> None:
    """Remove the rules and give forwarding its old value; nothing if egress was not on."""
    before = _before(paths)
    if not before.exists():
        return
    for table, chain, *rule in rules(addresses):
        while _iptables("-t", table, "-D", chain, *rule, check=False):
            pass
    IP_FORWARD.write_text(before.read_text())
    before.unlink()


def upstream(paths: StatePaths) -> Path:
    """A copy of the machine's resolv.conf that the node can see."""
    copy = paths.config / "upstream-resolv.conf"
    found = next(path for path in RESOLVERS if path.exists())
    copy.write_text(found.read_text())
    return copy


def _before(paths: StatePaths) -> Path:
    return paths.root / "ip-forward-before-egress"


def _iptables(*arguments: str, check: bool = True) -> bool:
    command = [command_path("iptables"), "--wait", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if check and result.returncode != 0:
        reason = f"`{' '.join(command)}` failed: {result.stderr.strip()}"
        raise ClusterError(PART, reason, "run `up` without --egress")
    return result.returncode == 0
