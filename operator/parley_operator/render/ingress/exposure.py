"""What is exposed, and what whoever exposes it must see to, whatever their dialect."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from parley_operator.api import VoiceDeployment
from parley_operator.api.durations import seconds
from parley_operator.api.endpoint import ClientRateLimit, ConnectionSpec, EndpointSpec
from parley_operator.render.facts import Facts
from parley_operator.render.gateway_config import public_paths
from parley_operator.render.names import base_name, child_name
from parley_operator.render.served_secret import served_secret, tls_secret_name
from parley_operator.render.track import CANARY

AFFINITY_COOKIE = "parley"
HSTS_SECONDS = 365 * 24 * 3600
HSTS_HEADER = "Strict-Transport-Security"
HSTS_VALUE = f"max-age={HSTS_SECONDS}"
BODY_KIBIBYTES = 1024
"""Largest body of a plain HTTP request: webhooks and requests for client secrets. WebSocket messages have their
own bound, `limits.maxFrameSize`."""
CORS_METHODS = ("GET", "POST", "OPTIONS")
CORS_HEADERS = ("Authorization", "Content-Type")
READINESS_PATH = "/readiness"
DEFAULT_IDLE_TIMEOUT = "5m"
DEFAULT_MAX_DURATION = "1h"


@dataclass(frozen=True, kw_only=True)
class Exposure:
    """What an Ingress exposes."""

    namespace: str
    name: str
    """Of the Service, and the beginning of the names of all children."""
    hosts: tuple[str, ...]
    """Hosts that are this resource's; never empty."""
    paths: tuple[str, ...]
    tls_secret: str | None
    """The Secret with the certificate; None serves plain WebSockets."""
    hsts: bool
    """Whether browsers are told to insist on TLS; never with a self-signed certificate."""
    idle_timeout: int
    """Seconds that a connection may be silent."""
    max_duration: int
    """Seconds that a connection must be allowed to live."""
    drain: int
    """Seconds that a pod that is to go may finish its sessions."""
    rate_limit: ClientRateLimit | None
    """What one client address may do."""
    origins: tuple[str, ...]
    """Origins whose pages may ask for plain HTTP paths; the gateway itself judges those of WebSockets. Empty:
    there is nothing to say."""
    class_name: str
    """The IngressClass that applies; empty where that is not known."""
    annotations: Mapping[str, str]
    """What the user wrote, and so may have said what a dialect cannot."""

    @property
    def canary_name(self) -> str:
        """Of a canary's Service, and of the objects that lead there."""
        return child_name(self.name, CANARY.suffix)


def exposure(resource: VoiceDeployment, facts: Facts) -> Exposure | None:
    """What the resource's Ingress exposes; None where there is none, or every host is another resource's."""
    endpoint = resource.spec.endpoint
    if endpoint is None or endpoint.ingress is None:
        return None
    hosts = own_hosts(endpoint, facts)
    if not hosts:
        return None
    served = served_secret(resource, facts)
    # Browsers must not insist on what is served only until the right certificate is there.
    hsts = says_hsts(endpoint) and served == tls_secret_name(resource.metadata.name, endpoint)
    described = describe(resource, endpoint, hosts=hosts, tls_secret=served, hsts=hsts)
    return replace(described, class_name=facts.ingress_class.name if facts.ingress_class else "")


def describe(
    resource: VoiceDeployment,
    endpoint: EndpointSpec,
    *,
    hosts: tuple[str, ...],
    tls_secret: str | None,
    hsts: bool,
) -> Exposure:
    """What of an endpoint is the same whatever exposes it."""
    connection = endpoint.connection or ConnectionSpec()
    return Exposure(
        namespace=resource.metadata.namespace,
        name=base_name(resource.metadata.name),
        hosts=hosts,
        paths=tuple(dict.fromkeys(public_paths(resource))),
        tls_secret=tls_secret,
        hsts=hsts,
        idle_timeout=math.ceil(seconds(connection.idle_timeout or DEFAULT_IDLE_TIMEOUT)),
        max_duration=_max_duration(connection, resource.spec.limits.session_duration),
        drain=math.ceil(seconds(resource.spec.rollout.drain_timeout)),
        rate_limit=endpoint.rate_limit.per_client_ip if endpoint.rate_limit else None,
        origins=_origins(resource),
        class_name="",
        annotations=(endpoint.ingress.annotations if endpoint.ingress else None) or {},
    )


def own_hosts(endpoint: EndpointSpec, facts: Facts) -> tuple[str, ...]:
    """The hosts that no older resource has."""
    return tuple(host for host in endpoint.hosts or () if host not in facts.taken_hosts)


def says_hsts(endpoint: EndpointSpec) -> bool:
    """Unless it is said, only where the certificate is one that browsers trust."""
    if endpoint.hsts is not None:
        return endpoint.hsts == "Enabled"
    tls = endpoint.ingress.tls if endpoint.ingress else None
    return tls is not None and tls.self_signed is None


def _origins(resource: VoiceDeployment) -> tuple[str, ...]:
    endpoint, auth = resource.spec.endpoint, resource.spec.auth
    asks_by_http = bool((auth and auth.client_secrets) or (endpoint and endpoint.health_paths))
    return (endpoint.allowed_origins or ()) if endpoint and asks_by_http else ()


def _max_duration(connection: ConnectionSpec, session_duration: str) -> int:
    if connection.max_duration:
        return math.ceil(seconds(connection.max_duration))
    return math.ceil(max(seconds(DEFAULT_MAX_DURATION), seconds(session_duration)))
