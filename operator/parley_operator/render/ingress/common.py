"""What all ingress controllers are told, whatever their dialect."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from parley_operator.api import VoiceDeployment
from parley_operator.api.durations import seconds
from parley_operator.api.endpoint import ConnectionSpec, EndpointSpec
from parley_operator.render.facts import Facts
from parley_operator.render.gateway_config import public_paths
from parley_operator.render.names import child_name
from parley_operator.render.rendered import Finding

AFFINITY_COOKIE = "parley"
DEFAULT_IDLE_TIMEOUT = "5m"
DEFAULT_MAX_DURATION = "1h"


@dataclass(frozen=True)
class Exposure:
    """What an Ingress exposes."""

    hosts: tuple[str, ...]
    """Hosts that are this resource's; never empty."""
    paths: tuple[str, ...]
    tls_secret: str | None
    """The Secret with the certificate; None serves plain WebSockets."""
    idle_timeout: int
    """Seconds that a connection may be silent."""
    max_duration: int
    """Seconds that a connection must be allowed to live."""
    annotated: bool
    """Whether the user wrote annotations, and so may have said what a dialect cannot."""


@dataclass(frozen=True)
class Dialect:
    """How one ingress controller is told about long-lived WebSockets."""

    controllers: tuple[str, ...]
    """`spec.controller` of the IngressClasses that speak it."""
    class_names: tuple[str, ...]
    """Usual names of those classes, for operators that may not read IngressClasses."""
    ingress_annotations: Callable[[Exposure], dict[str, str]]
    service_annotations: Callable[[Exposure], dict[str, str]]
    unsaid: Callable[[Exposure], list[Finding]]
    """What this controller does not take from an Ingress, with the setting to change instead."""


def exposure(resource: VoiceDeployment, facts: Facts) -> Exposure | None:
    """What the resource's Ingress exposes; None where there is none, or every host is another resource's."""
    endpoint = resource.spec.endpoint
    if endpoint is None or endpoint.ingress is None:
        return None
    hosts = tuple(host for host in endpoint.hosts or () if host not in facts.taken_hosts)
    if not hosts:
        return None
    connection = endpoint.connection or ConnectionSpec()
    return Exposure(
        hosts=hosts,
        paths=tuple(dict.fromkeys(public_paths(resource))),
        tls_secret=tls_secret_name(resource.metadata.name, endpoint),
        idle_timeout=math.ceil(seconds(connection.idle_timeout or DEFAULT_IDLE_TIMEOUT)),
        max_duration=_max_duration(connection, resource.spec.limits.session_duration),
        annotated=bool(endpoint.ingress.annotations),
    )


def tls_secret_name(name: str, endpoint: EndpointSpec) -> str | None:
    """The Secret with the certificate of the endpoint; None where it serves none."""
    tls = endpoint.ingress.tls if endpoint.ingress else None
    if tls is None:
        return None
    return tls.secret_ref.name if tls.secret_ref else child_name(name, "tls")


def _max_duration(connection: ConnectionSpec, session_duration: str) -> int:
    if connection.max_duration:
        return math.ceil(seconds(connection.max_duration))
    return math.ceil(max(seconds(DEFAULT_MAX_DURATION), seconds(session_duration)))
