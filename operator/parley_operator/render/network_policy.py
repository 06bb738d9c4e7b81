"""The NetworkPolicy: who may connect to the gateway's pods, and where they may connect to.

A policy knows addresses and labels of pods, not names. What the spec names is translated as far as a name tells:
one of a Service opens its namespace, an IP address opens itself, any other name opens its port (443 to public
addresses alone). Policies look at pods behind Services, so a Service's port says nothing, and none is named there.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from typing import Any

from parley_operator.api import VoiceDeployment
from parley_operator.api.conditions import ConditionType, Reason
from parley_operator.render.addresses import Address
from parley_operator.render.container import PORT
from parley_operator.render.destinations import destinations
from parley_operator.render.egress import HTTPS, dns, plain, port, public_https
from parley_operator.render.facts import Facts
from parley_operator.render.labels import COMPONENT, all_pods, metadata, selector_labels
from parley_operator.render.names import child_name
from parley_operator.render.rendered import Finding, Manifest
from parley_operator.render.track import MAIN, Track
from parley_operator.render.worker_labels import worker_selector
from parley_operator.render.worker_stages import used_pools

PRIVATE_ENDINGS = (".internal", ".local", ".lan", ".corp", ".home.arpa", ".intranet", ".private")
"""Names that no public resolver knows."""
NAMESPACE_LABEL = "kubernetes.io/metadata.name"
OPERATOR = {COMPONENT: "operator"}
"""Of the operator's own pods, whatever the chart's release is called."""


def network_policy(resource: VoiceDeployment, facts: Facts, *, track: Track = MAIN) -> Manifest | None:
    """The policy; None where the spec wants none.

    The main one holds for a canary's pods too, also while they drain and all else of the canary is gone. The
    canary's adds what its own spec names.
    """
    wanted = resource.spec.network_policy
    if wanted.mode == "Disabled":
        return None
    pods = all_pods(resource) if track is MAIN else {"matchLabels": selector_labels(resource, track=track)}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata(resource, child_name(resource.metadata.name, track.suffix), track=track),
        "spec": {
            "podSelector": pods,
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [_ingress(resource, facts)],
            "egress": [
                *dns(),
                public_https(),
                *_named(resource, facts),
                *_pools(resource),
                *(plain(rule) for rule in wanted.additional_egress or ()),
            ],
        },
    }


def unknown_destinations(resource: VoiceDeployment, facts: Facts) -> Iterator[Finding]:
    """Every place that the spec makes the gateway connect to is one that the policy can open."""
    if resource.spec.network_policy.mode == "Disabled":
        return
    for destination in destinations(resource, facts):
        where = [address for address in destination.addresses if _is_private_name(address)]
        if destination.addresses and not where:
            continue
        place = f" ({where[0].host})" if where else ""
        message = (
            f"{destination.path}{place} leads to addresses that are not known: "
            "declare them in networkPolicy.additionalEgress"
        )
        yield Finding(ConditionType.SETTINGS_HONOURED, Reason.EGRESS_NOT_KNOWN, message)


def _ingress(resource: VoiceDeployment, facts: Facts) -> dict[str, Any]:
    """Those who are named, or else everybody; and the operator, which asks autoscaled gateways for their calls."""
    peers = [plain(peer) for peer in resource.spec.network_policy.ingress_from or ()]
    if peers and facts.operator_namespace and resource.spec.scaling.type != "Fixed":
        namespace = {"matchLabels": {NAMESPACE_LABEL: facts.operator_namespace}}
        peers.append({"namespaceSelector": namespace, "podSelector": {"matchLabels": OPERATOR}})
    return {**({"from": peers} if peers else {}), "ports": [port(PORT)]}


def _named(resource: VoiceDeployment, facts: Facts) -> Iterator[dict[str, Any]]:
    """What the spec names: namespaces, IP addresses, and ports of other names."""
    found = {address for place in destinations(resource, facts) for address in place.addresses}
    by_name = [address for address in sorted(found) if not _is_ip(address.host)]
    for namespace in sorted(set(_namespaces(by_name, own=resource.metadata.namespace))):
        yield {"to": [{"namespaceSelector": {"matchLabels": {NAMESPACE_LABEL: namespace}}}]}
    for address in sorted(found):
        if _is_ip(address.host) and not ipaddress.ip_address(address.host).is_loopback:
            network = ipaddress.ip_network(address.host)
            yield {"to": [{"ipBlock": {"cidr": str(network)}}], "ports": [port(address.port)]}
    ports = {address.port for address in by_name if _may_be_outside(address.host)} - {HTTPS}
    if ports:
        yield {"ports": [port(number) for number in sorted(ports)]}


def _pools(resource: VoiceDeployment) -> Iterator[dict[str, Any]]:
    """The worker pools that the pipeline names: their pods, on the pods' own port."""
    for pool in used_pools(resource):
        peer = {"podSelector": {"matchLabels": worker_selector(resource, pool)}}
        yield {"to": [peer], "ports": [port(pool.port)]}


def _namespaces(found: Iterable[Address], *, own: str) -> Iterator[str]:
    """Namespaces of names that a Service may have: name, name.namespace, [pod.]name.namespace.svc[.domain]."""
    for address in found:
        labels = address.host.split(".")
        if address.host == "localhost":
            continue
        if len(labels) == 1:
            yield own
        elif "svc" in labels[2:]:
            yield labels[labels.index("svc", 2) - 1]
        elif len(labels) == 2:
            yield labels[1]


def _may_be_outside(host: str) -> bool:
    labels = host.split(".")
    return len(labels) > 1 and "svc" not in labels[2:]


def _is_private_name(address: Address) -> bool:
    """Whether only 443 at public addresses would be open, while the name says that it is not public."""
    return address.port == HTTPS and _may_be_outside(address.host) and address.host.endswith(PRIVATE_ENDINGS)


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
