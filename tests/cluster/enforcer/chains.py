"""Isolated pods as chains of iptables, in the words of `iptables-restore --noflush`.

One chain for all, to which FORWARD and INPUT lead; one for each pod and direction. What is permitted returns, so
that a packet between two pods must be permitted by both. What is not is answered with "administratively
prohibited", as no closed port and no slow machine does: a network plugin would drop it, and a test could not tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.cluster.enforcer.permits import EVERYWHERE, Isolation, Permit

HOOKS = ("FORWARD", "INPUT")
"""Where packets of pods pass: to other pods and the world, and to the node. The node's own pass OUTPUT."""
KNOWN = "-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN"
REFUSED = "-j REJECT --reject-with icmp-admin-prohibited"


@dataclass(frozen=True)
class Chains:
    """The rules of one enforcer."""

    main: str
    """The name of the chain that the hooks lead to."""
    rules: dict[str, list[str]]
    """Each chain's, the main one's among them."""

    def as_text(self, *, before: Chains | None) -> str:
        """The batch that puts them in the place of those that were there before."""
        gone = [name for name in before.rules if name not in self.rules] if before else []
        lines = [f":{name} - [0:0]" for name in (*self.rules, *gone)]
        lines += [f"-A {name} {rule}" for name, rules in self.rules.items() for rule in rules]
        lines += [f"-X {name}" for name in gone]
        if before is None:
            lines += [f"-I {hook} 1 -j {self.main}" for hook in HOOKS]
        return _batch(lines)

    def as_removal(self) -> str:
        """The batch that takes them away."""
        lines = [f":{name} - [0:0]" for name in self.rules]
        lines += [f"-D {hook} -j {self.main}" for hook in HOOKS]
        lines += [f"-X {name}" for name in self.rules]
        return _batch(lines)


def chains(name: str, isolated: Iterable[Isolation]) -> Chains:
    """The chains of an enforcer that is called so; names of chains have 28 characters at most."""
    main, rules = [KNOWN], {}
    for number, isolation in enumerate(isolated):
        own, side = f"{name}-{number}", "-s" if isolation.direction == "Egress" else "-d"
        main.append(f"{side} {isolation.pod.address}/32 -j {own}")
        rules[own] = list(_of(isolation))
    return Chains(name, {name: main, **rules})


def _of(isolation: Isolation) -> Iterator[str]:
    """A pod is never kept from itself."""
    other = "-d" if isolation.direction == "Egress" else "-s"
    yield f"{other} {isolation.pod.address}/32 -j RETURN"
    for permit in isolation.permits:
        yield f"{_match(permit, other)}-j RETURN"
    yield REFUSED


def _match(permit: Permit, other: str) -> str:
    words = [] if permit.network == EVERYWHERE else [other, str(permit.network)]
    if permit.protocol is not None:
        words += ["-p", permit.protocol.lower()]
    if permit.ports is not None and permit.protocol is not None:
        words += ["-m", permit.protocol.lower(), "--dport", ":".join(map(str, permit.ports))]
    return "".join(f"{word} " for word in words)


def _batch(lines: list[str]) -> str:
    return "\n".join(["*filter", *lines, "COMMIT", ""])
