"""Rules that the NetworkPolicies of gateways and workers share: DNS, and HTTPS outside private networks."""

from __future__ import annotations

from typing import Any

from parley_operator.api.base import ResourceModel

HTTPS = 443
PRIVATE = ("10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")
"""RFC 1918, carriers' shared addresses (RFC 6598), and link-local ones, behind which clouds keep credentials."""
PRIVATE_V6 = ("fc00::/7", "fe80::/10")


def dns() -> list[dict[str, Any]]:
    """Any resolver on its own port: a node's cache has an address of the node's."""
    ports = [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]
    high = [{"protocol": protocol, "port": 5353} for protocol in ("UDP", "TCP")]
    return [{"ports": ports}, {"to": [{"namespaceSelector": {}}], "ports": high}]


def public_https() -> dict[str, Any]:
    """443 at all addresses that are not private."""
    blocks = [("0.0.0.0/0", PRIVATE), ("::/0", PRIVATE_V6)]
    peers = [{"ipBlock": {"cidr": cidr, "except": list(excluded)}} for cidr, excluded in blocks]
    return {"to": peers, "ports": [port(HTTPS)]}


def port(number: int) -> dict[str, Any]:
    """One TCP port."""
    return {"protocol": "TCP", "port": number}


def plain(model: ResourceModel) -> dict[str, Any]:
    """A part of the spec that Kubernetes takes as it is."""
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)
