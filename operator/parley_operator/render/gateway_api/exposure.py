"""What the routes of a resource expose, and where they attach."""

from __future__ import annotations

from dataclasses import dataclass

from parley_operator.api import VoiceDeployment
from parley_operator.render.facts import Facts
from parley_operator.render.gateway_api.parents import Parents, parents
from parley_operator.render.ingress.exposure import Exposure, describe, own_hosts, says_hsts


@dataclass(frozen=True)
class RouteExposure:
    """What an HTTPRoute exposes."""

    exposed: Exposure
    """In the words of ingress controllers; certificate, redirect and HSTS are not among them."""
    parents: Parents
    hsts: bool


def route_exposure(resource: VoiceDeployment, facts: Facts) -> RouteExposure | None:
    """None where the resource has no route, or every host is another resource's."""
    endpoint = resource.spec.endpoint
    if endpoint is None or endpoint.gateway is None:
        return None
    hosts = own_hosts(endpoint, facts)
    if not hosts:
        return None
    attached = parents(
        endpoint.gateway.parent_refs,
        dict(facts.gateways),
        hosts=hosts,
        namespace=resource.metadata.namespace,
    )
    exposed = describe(resource, endpoint, hosts=hosts, tls_secret=None, hsts=False)
    return RouteExposure(exposed, attached, says_hsts(endpoint) and attached.secure)
