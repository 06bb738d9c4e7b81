"""`spec.networkPolicy`: with whom the gateway's pods may talk. Peers and ports are those of `networking/v1`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from parley_operator.api.base import ResourceModel, Rule
from parley_operator.api.scheduling import LabelSelector
from parley_operator.api.values import Cidr, Port

_FEW = Field(min_length=1, max_length=16, json_schema_extra={"x-kubernetes-list-type": "atomic"})
_MANY = Field(max_length=32, json_schema_extra={"x-kubernetes-list-type": "atomic"})


class IpBlock(ResourceModel):
    """Addresses, as a network."""

    cidr: Cidr
    """The network, such as 10.20.0.0/16."""
    excluded: Annotated[
        tuple[Cidr, ...] | None,
        Field(alias="except", max_length=32, json_schema_extra={"x-kubernetes-list-type": "atomic"}),
    ] = None
    """Networks within it that are not meant."""


class NetworkPeer(ResourceModel):
    """The other side of a connection: an ipBlock, or pods by their labels and those of their namespaces."""

    pod_selector: LabelSelector | None = None
    """Pods: of this namespace, or of those that namespaceSelector chooses. {} means all."""
    namespace_selector: LabelSelector | None = None
    """Namespaces whose pods are meant. {} means all."""
    ip_block: IpBlock | None = None
    """Addresses outside the cluster."""

    rules = (
        Rule(
            cel="has(self.ipBlock) ? !has(self.podSelector) && !has(self.namespaceSelector) : "
            "has(self.podSelector) || has(self.namespaceSelector)",
            message="set ipBlock alone, or else podSelector, namespaceSelector or both",
            holds=lambda peer: (
                (peer.ip_block is not None)
                != (peer.pod_selector is not None or peer.namespace_selector is not None)
            ),
        ),
    )


class NetworkPort(ResourceModel):
    """A port, or a range of them."""

    protocol: Literal["TCP", "UDP", "SCTP"] = "TCP"
    """What is spoken on it."""
    port: Port
    """The port, as the pod or the host behind it has it: not a Service's."""
    end_port: Port | None = None
    """Last of a range of ports."""

    rules = (
        Rule(
            cel="!has(self.endPort) || self.endPort >= self.port",
            message="endPort must be at least port",
            field="endPort",
            holds=lambda spec: spec.end_port is None or spec.end_port >= spec.port,
        ),
    )


class EgressRule(ResourceModel):
    """Where pods may connect to: all of `to`, on all of `ports`."""

    to: Annotated[tuple[NetworkPeer, ...], _FEW] | None = None
    """Peers. Absent: any."""
    ports: Annotated[tuple[NetworkPort, ...], _FEW] | None = None
    """Ports. Absent: any."""

    rules = (
        Rule(
            cel="has(self.to) || has(self.ports)",
            message="set to, ports or both; without either everything would be allowed: say that by mode Disabled",
            holds=lambda rule: rule.to is not None or rule.ports is not None,
        ),
    )


class NetworkPolicySpec(ResourceModel):
    """With whom the gateway's pods may talk. It takes a network plugin that enforces it."""

    mode: Literal["Enabled", "Disabled"] = "Enabled"
    """Enabled: DNS, HTTPS outside private networks, and what the spec itself names. Disabled: everything."""
    ingress_from: Annotated[tuple[NetworkPeer, ...], _MANY] | None = None
    """Who may connect to the gateway's port: name the ingress controller, and Prometheus. Absent or empty: all."""
    additional_egress: Annotated[tuple[EgressRule, ...], _MANY] | None = None
    """Where pods may connect to beyond that, such as a provider's endpoint in your private network."""
