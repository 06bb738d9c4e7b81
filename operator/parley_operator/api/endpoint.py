"""`spec.endpoint`: how clients reach the service."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from parley_operator.api.base import ResourceModel, Rule
from parley_operator.api.durations import seconds
from parley_operator.api.references import SecretSource
from parley_operator.api.tls import SHIM_ANNOTATIONS, IngressTls, without_a_second_certificate
from parley_operator.api.values import (
    AnnotationValue,
    Duration,
    Host,
    ObjectName,
    Origin,
    Port,
    PublicUrl,
    QualifiedName,
    UrlPath,
)

RESERVED_PATHS = ("/health", "/readiness", "/liveness", "/metrics", "/metrics/summary")
"""Paths that the gateway answers itself."""

DEFAULT_PATHS = {"Native": ("/v1/voice",), "Twilio": ("/v1/twilio",)}

Paths = Annotated[
    tuple[UrlPath, ...], Field(min_length=1, max_length=16, json_schema_extra={"x-kubernetes-list-type": "set"})
]


class TwilioSettings(ResourceModel):
    """What Twilio alone needs."""

    auth_token: SecretSource | None = None
    """Where the Twilio account's auth token is: calls without its signature are refused. Absent: a token of
    auth must come as the stream's parameter "token"."""
    public_url: Annotated[PublicUrl | None, Field(alias="publicURL")] = None
    """https:// and the host as Twilio calls it, where a proxy hides it from the gateway."""


class ProtocolSpec(ResourceModel):
    """A protocol that clients may speak, and where."""

    name: Literal["Native", "Twilio"]
    """Native is JSON control messages and binary PCM over WebSocket (parley.v1); Twilio is Media Streams, with the
    TwiML for a call at PATH/voice."""
    paths: Paths | None = None
    """URL paths that serve this protocol; status shows the first. Default /v1/voice, or /v1/twilio."""
    twilio: TwilioSettings | None = None
    """Settings of protocol Twilio."""

    rules = (
        Rule(
            cel="self.name == 'Twilio' || !has(self.twilio)",
            message="twilio may be set for protocol Twilio only",
            field="twilio",
            holds=lambda protocol: protocol.name == "Twilio" or protocol.twilio is None,
            blame="FieldValueForbidden",
        ),
        Rule(
            cel="!has(self.paths) || self.paths.all(p, !(p in ["
            + ", ".join(f"'{path}'" for path in RESERVED_PATHS)
            + "]))",
            message="the gateway keeps /health, /readiness, /liveness, /metrics and /metrics/summary for itself",
            field="paths",
            holds=lambda protocol: not set(protocol.paths or ()) & set(RESERVED_PATHS),
        ),
    )


GATEWAY_GROUP = "gateway.networking.k8s.io"


class ParentRef(ResourceModel):
    """A Gateway, or something else that routes attach to."""

    group: Annotated[str, Field(max_length=253, pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")] = GATEWAY_GROUP
    """API group of the parent."""
    kind: Annotated[str, Field(max_length=63, pattern=r"^[A-Z][A-Za-z0-9]*$")] = "Gateway"
    """Kind of the parent."""
    namespace: ObjectName | None = None
    """Its namespace, which must allow routes from here. Absent: the resource's own."""
    name: ObjectName
    """Its name."""
    section_name: ObjectName | None = None
    """The listener to attach to. Absent: those with TLS for the hosts, while those without redirect to HTTPS."""
    port: Port | None = None
    """The port of the listeners to attach to. Absent: any."""


class GatewaySpec(ResourceModel):
    """HTTPRoutes for the hosts and the protocols' paths.

    The certificate is the Gateway's own: its listener names the Secret, which cert-manager fills where the Gateway
    carries one of its annotations.
    """

    parent_refs: Annotated[
        tuple[ParentRef, ...],
        Field(min_length=1, max_length=8, json_schema_extra={"x-kubernetes-list-type": "atomic"}),
    ]
    """Gateways to attach to."""


CLASS_ANNOTATION = "kubernetes.io/ingress.class"
"""How classes were named before there were IngressClasses; GKE knows nothing else."""


class IngressSpec(ResourceModel):
    """An Ingress for the hosts and the protocols' paths."""

    class_name: ObjectName | None = None
    """IngressClass to use. Absent: the cluster's default class."""
    annotations: Annotated[dict[QualifiedName, AnnotationValue], Field(max_length=64)] | None = None
    """Annotations for the Ingress. They win over those that the operator writes for the controller."""
    tls: IngressTls | None = None
    """The certificate. Absent: plain WebSockets, for where something in front already ends TLS."""

    @property
    def annotated_class(self) -> str | None:
        """The class that the annotation names instead of `className`."""
        return (self.annotations or {}).get(CLASS_ANNOTATION)

    rules = (
        Rule(
            cel=f"!has(self.className) || !has(self.annotations) || !('{CLASS_ANNOTATION}' in self.annotations)",
            message=f"set one of className and the annotation {CLASS_ANNOTATION}",
            field="className",
            holds=lambda ingress: ingress.class_name is None or ingress.annotated_class is None,
            blame="FieldValueForbidden",
        ),
        Rule(
            cel="!has(self.tls) || has(self.tls.secretRef) || !has(self.annotations) || "
            f"!self.annotations.exists(key, key in {list(SHIM_ANNOTATIONS)})",
            message="with tls.certManager and tls.selfSigned, cert-manager's annotations "
            f"({', '.join(SHIM_ANNOTATIONS)}) would make a second certificate for the same Secret: remove them, "
            "or name the Secret that they fill as tls.secretRef",
            field="annotations",
            holds=without_a_second_certificate,
            blame="FieldValueForbidden",
        ),
    )


def _is_self_signed(ingress: IngressSpec | None) -> bool:
    return ingress is not None and ingress.tls is not None and ingress.tls.self_signed is not None


class ConnectionSpec(ResourceModel):
    """What connections need from whatever stands between client and gateway."""

    idle_timeout: Duration | None = None
    """How long a connection may be silent before it is cut. The gateway pings every 20s. Default 5m."""
    max_duration: Duration | None = None
    """How long a connection must be allowed to live. Default: 1h, or sessionDuration where that is longer."""

    rules = (
        Rule(
            cel="!has(self.idleTimeout) || duration(self.idleTimeout) >= duration('30s')",
            message="idleTimeout must be at least 30s: the gateway's pings come every 20s",
            field="idleTimeout",
            holds=lambda connection: connection.idle_timeout is None or seconds(connection.idle_timeout) >= 30,
        ),
        Rule(
            cel="!has(self.maxDuration) || duration(self.maxDuration) >= duration('1m')",
            message="maxDuration must be at least 1m",
            field="maxDuration",
            holds=lambda connection: connection.max_duration is None or seconds(connection.max_duration) >= 60,
        ),
    )


class ClientRateLimit(ResourceModel):
    """What one address may do."""

    connections_per_second: Annotated[int, Field(ge=1, le=10_000)]
    """New connections and plain requests; whatever comes faster is refused."""
    burst: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """How many may come at once. Default: connectionsPerSecond."""

    rules = (
        Rule(
            cel="!has(self.burst) || self.burst >= self.connectionsPerSecond",
            message="burst must be at least connectionsPerSecond",
            field="burst",
            holds=lambda limit: limit.burst is None or limit.burst >= limit.connections_per_second,
        ),
    )


class RateLimitSpec(ResourceModel):
    """How many connections clients may open."""

    per_client_ip: Annotated[ClientRateLimit, Field(alias="perClientIP")]
    """Of one address. Offices and phone carriers share addresses: all calls of Twilio come from few."""


class EndpointSpec(ResourceModel):
    """How clients reach the service. Absent: a ClusterIP Service only."""

    hosts: (
        Annotated[
            tuple[Host, ...],
            Field(min_length=1, max_length=16, json_schema_extra={"x-kubernetes-list-type": "set"}),
        ]
        | None
    ) = None
    """DNS names of the service. A host belongs to the oldest VoiceDeployment that names it."""
    protocols: (
        Annotated[
            tuple[ProtocolSpec, ...],
            Field(
                min_length=1,
                max_length=8,
                json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
            ),
        ]
        | None
    ) = None
    """Protocols that clients may speak. Absent: Native on /v1/voice."""
    ingress: IngressSpec | None = None
    """Serve the hosts through an Ingress."""
    gateway: GatewaySpec | None = None
    """Serve the hosts through Gateways, by HTTPRoutes."""
    connection: ConnectionSpec | None = None
    """What connections need from the ingress controller."""

    controller_advice: Literal["Shown", "Acknowledged"] | None = None
    """Whether SettingsHonoured names what the ingress controller takes from its own configuration alone. Default
    Shown; Acknowledged says that whoever runs the controller has seen to it."""
    rate_limit: RateLimitSpec | None = None
    """How many connections clients may open, told to the ingress controller. Absent: no bound."""
    hsts: Literal["Enabled", "Disabled"] | None = None
    """Whether browsers are told to insist on TLS for a year (Strict-Transport-Security). Default: Enabled with a
    certificate at the Ingress, but never with selfSigned; Disabled with gateway, whose certificate is not ours."""
    health_paths: Paths | None = None
    """Further URL paths of the health report, beside /health, that the ingress lets through."""
    allowed_origins: (
        Annotated[
            tuple[Origin, ...],
            Field(min_length=1, max_length=64, json_schema_extra={"x-kubernetes-list-type": "set"}),
        ]
        | None
    ) = None
    """Origins whose pages may connect. Absent: any. Clients that are no browsers are not held by this."""

    rules = (
        Rule(
            cel="!has(self.ingress) || !has(self.gateway)",
            message="set one of ingress and gateway",
            field="gateway",
            holds=lambda endpoint: endpoint.ingress is None or endpoint.gateway is None,
            blame="FieldValueForbidden",
        ),
        Rule(
            cel="has(self.hosts) || !(has(self.ingress) || has(self.gateway))",
            message="hosts is required with ingress and with gateway: name at least one DNS name",
            field="hosts",
            holds=lambda endpoint: endpoint.hosts is not None or not (endpoint.ingress or endpoint.gateway),
            blame="FieldValueRequired",
        ),
        Rule(
            cel="!has(self.hosts) || has(self.ingress) || has(self.gateway)",
            message="ingress or gateway is required with hosts: set ingress to {} for the cluster's default class",
            field="ingress",
            holds=lambda endpoint: endpoint.hosts is None or bool(endpoint.ingress or endpoint.gateway),
            blame="FieldValueRequired",
        ),
        Rule(
            cel="!has(self.hsts) || self.hsts != 'Enabled' || !has(self.ingress) || !has(self.ingress.tls) || "
            "!has(self.ingress.tls.selfSigned)",
            message="hsts may not be Enabled with selfSigned: browsers would lock clients out for a year",
            field="hsts",
            holds=lambda endpoint: endpoint.hsts != "Enabled" or not _is_self_signed(endpoint.ingress),
            blame="FieldValueForbidden",
        ),
    )
