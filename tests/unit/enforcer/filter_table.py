"""What a kernel does with a batch of `iptables-restore`, in little: a packet's way through chains to a verdict."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from ipaddress import ip_address, ip_network


@dataclass(frozen=True)
class Packet:
    """The first of a connection."""

    source: str
    target: str
    protocol: str
    port: int


class FilterTable:
    """The built-in chains, which accept, and those of the batches so far."""

    def __init__(self) -> None:
        self.chains: dict[str, list[list[str]]] = {"FORWARD": [], "INPUT": []}

    def restore(self, batch: str) -> None:
        """Take a batch; whatever the real program would refuse is an error."""
        first, *lines, last = batch.splitlines()
        assert (first, last) == ("*filter", "COMMIT")
        for line in lines:
            match shlex.split(line):
                case [chain, "-", "[0:0]"] if chain.startswith(":"):
                    assert len(chain) <= 1 + 28
                    self.chains[chain[1:]] = []
                case ["-A", chain, *rule]:
                    self.chains[chain].append(rule)
                case ["-I", chain, "1", *rule]:
                    self.chains[chain].insert(0, rule)
                case ["-D", chain, *rule]:
                    self.chains[chain].remove(rule)
                case ["-X", chain]:
                    assert not self.chains[chain]
                    assert not any(rule[-1] == chain for rules in self.chains.values() for rule in rules)
                    del self.chains[chain]
                case other:
                    raise ValueError(other)

    def passes(self, packet: Packet, *, hook: str = "FORWARD") -> bool:
        """Whether it is accepted there."""
        return self._verdict(hook, packet) != "REJECT"

    def _verdict(self, chain: str, packet: Packet) -> str:
        for rule in self.chains[chain]:
            target = _target(rule, packet)
            if target in self.chains:
                target = self._verdict(target, packet)
                if target == "RETURN":
                    continue
            if target is not None:
                return target
        return "RETURN"


def _target(rule: list[str], packet: Packet) -> str | None:
    """Where a rule sends a packet; None where it does not match."""
    words = iter(rule)
    for word in words:
        match word:
            case "-j":
                return next(words)
            case "-s" | "-d":
                address = packet.source if word == "-s" else packet.target
                matches = ip_address(address) in ip_network(next(words))
            case "-p":
                matches = next(words) == packet.protocol.lower()
            case "--dport":
                first, last = next(words).split(":")
                matches = int(first) <= packet.port <= int(last)
            case "-m":
                matches = next(words) != "conntrack"  # nothing is known of a first packet's connection
            case other:
                raise ValueError(other)
        if not matches:
            return None
    raise ValueError(f"no target: {rule}")
