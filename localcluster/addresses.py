"""The address plan of a node: one of a few blocks, so that several nodes can run side by side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network

SLOTS = 4
FIRST, STEP = 88, 16
"""Second octets below 10.0.0.0/8: the first block is 10.88, 10.89 and 10.96, the next 16 higher."""
WIDE = 12
"""Prefixes up to this length are taken for routes to a whole organisation."""


@dataclass(frozen=True)
class Addresses:
    """The addresses of the node in one slot."""

    slot: int

    @property
    def pod_range(self) -> str:
        """Pods; the node itself has the first address."""
        return f"10.{self._base}.0.0/16"

    @property
    def node(self) -> str:
        """The node, its API server and its DNS."""
        return f"10.{self._base}.0.1"

    @property
    def link_range(self) -> str:
        """The two ends of the link between the machine and the node."""
        return f"10.{self._base + 1}.0.0/30"

    @property
    def outside(self) -> str:
        """The machine's end of the link."""
        return f"10.{self._base + 1}.0.1"

    @property
    def inside(self) -> str:
        """The node's end of the link."""
        return f"10.{self._base + 1}.0.2"

    @property
    def service_range(self) -> str:
        """Services."""
        return f"10.{self._base + 8}.0.0/16"

    @property
    def kubernetes_service(self) -> str:
        """The Service `kubernetes` has the first address of its range."""
        return f"10.{self._base + 8}.0.1"

    @property
    def interface(self) -> str:
        """The machine's end of the link, by name."""
        return f"parley{self.slot}"

    def overlaps(self, routes: Iterable[IPv4Network]) -> bool:
        """Whether one of the machine's routes leads into these ranges.

        Very wide ones, such as a VPN's 10.0.0.0/8, do not count: else no block would be free.
        """
        ours = [IPv4Network(text) for text in (self.pod_range, self.link_range, self.service_range)]
        return any(route.prefixlen > WIDE and route.overlaps(own) for route in routes for own in ours)

    @property
    def _base(self) -> int:
        return FIRST + STEP * self.slot
