"""Where clients connect, for the status."""

from __future__ import annotations

from parley_operator.api import VoiceDeployment
from parley_operator.render.facts import Facts
from parley_operator.render.gateway_api import route_exposure
from parley_operator.render.gateway_config import protocols
from parley_operator.render.ingress import exposure
from parley_operator.render.names import base_name


def endpoints(resource: VoiceDeployment, facts: Facts) -> tuple[tuple[str, str], ...]:
    """Protocol and URL of each endpoint: of each host its protocols' first path, or the Service's own address."""
    bases = _bases(resource, facts)
    return tuple((name, f"{base}{paths[0]}") for base in bases for name, paths in protocols(resource))


def _bases(resource: VoiceDeployment, facts: Facts) -> list[str]:
    if exposed := exposure(resource, facts):
        scheme = "wss" if exposed.tls_secret else "ws"
        return [f"{scheme}://{host}" for host in exposed.hosts]
    if route := route_exposure(resource, facts):
        scheme = "wss" if route.parents.secure else "ws"
        return [f"{scheme}://{host}" for host in route.exposed.hosts]
    if resource.spec.endpoint and (resource.spec.endpoint.ingress or resource.spec.endpoint.gateway):
        return []
    return [f"ws://{base_name(resource.metadata.name)}.{resource.metadata.namespace}.svc"]
