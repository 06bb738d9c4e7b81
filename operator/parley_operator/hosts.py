"""Which VoiceDeployment a host belongs to: the oldest that names it, in whatever namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from parley_operator.kube.objects import Json

if TYPE_CHECKING:
    from parley_operator.kube.inventory import Key


class Claim(NamedTuple):
    """A resource's place in the line for a host: the smallest wins, and no two are equal."""

    created: str
    """RFC 3339 in UTC, as the API server writes it: the order of text is the order of time."""
    uid: str
    key: Key


class HostClaims:
    """Who names which host."""

    def __init__(self) -> None:
        self._by_host: dict[str, set[Claim]] = {}
        self._by_key: dict[Key, tuple[Claim, frozenset[str]]] = {}

    def update(self, key: Key, body: Json) -> set[Key]:
        """A resource names the hosts of its spec; returns the others for whom that changes something."""
        metadata = body["metadata"]
        claim = Claim(metadata["creationTimestamp"], metadata["uid"], key)
        hosts = frozenset(((body.get("spec") or {}).get("endpoint") or {}).get("hosts") or ())
        if self._by_key.get(key) == (claim, hosts):
            return set()
        woken = self.release(key)
        if hosts:
            self._by_key[key] = (claim, hosts)
        for host in hosts:
            self._by_host.setdefault(host, set()).add(claim)
        return woken | self._rivals(key, hosts)

    def release(self, key: Key) -> set[Key]:
        """A resource names no host any more; returns the others that named one of its hosts."""
        claim, hosts = self._by_key.pop(key, (None, frozenset()))
        if claim is None:
            return set()
        rivals = self._rivals(key, hosts)
        for host in hosts:
            self._by_host[host].discard(claim)
            if not self._by_host[host]:
                del self._by_host[host]
        return rivals

    def taken(self, key: Key) -> dict[str, str]:
        """The hosts that a resource names and an older one has, each with the other's `namespace/name`."""
        claim, hosts = self._by_key.get(key, (None, frozenset()))
        holders = {host: min(self._by_host[host]) for host in sorted(hosts)}
        return {host: "/".join(holder.key) for host, holder in holders.items() if holder != claim}

    def _rivals(self, key: Key, hosts: frozenset[str]) -> set[Key]:
        return {claim.key for host in hosts for claim in self._by_host.get(host, ()) if claim.key != key}
