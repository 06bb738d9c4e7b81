"""`spec.pod`: what may be said about the gateway's pods. Typed, so that their hardening cannot be undone."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from parley_operator.api.base import ResourceModel, Rule
from parley_operator.api.quantities import parse_quantity
from parley_operator.api.references import ConfigMapSource, KeyRef, LocalObjectRef
from parley_operator.api.scheduling import Affinity, Toleration, TopologySpreadConstraint
from parley_operator.api.values import AnnotationValue, EnvironmentName, LabelValue, QualifiedName, Quantity

RESERVED_LABELS = ("app.kubernetes.io/", "parley.dev/")
"""Prefixes of the labels and annotations that the operator itself writes."""

RESERVED_ENVIRONMENT = ("PARLEY_", "LD_", "PYTHON")
"""Prefixes of variables that would change what the gateway loads and runs."""

Annotations = Annotated[dict[QualifiedName, AnnotationValue], Field(max_length=64)]
Quantities = Annotated[dict[QualifiedName, Quantity], Field(max_length=16)]


def _starts_with_any(subject: str, prefixes: tuple[str, ...]) -> str:
    return " || ".join(f"{subject}.startsWith('{prefix}')" for prefix in prefixes)


class EnvironmentSource(ResourceModel):
    """Where the value of a variable is: exactly one of secretKeyRef and configMapKeyRef."""

    secret_key_ref: KeyRef | None = None
    """The Secret and the key in it."""
    config_map_key_ref: KeyRef | None = None
    """The ConfigMap and the key in it."""

    rules = (
        Rule(
            cel="has(self.secretKeyRef) != has(self.configMapKeyRef)",
            message="set exactly one of secretKeyRef and configMapKeyRef",
            holds=lambda source: (source.secret_key_ref is None) != (source.config_map_key_ref is None),
        ),
    )


class EnvironmentVariable(ResourceModel):
    """A variable for the gateway's container, such as HTTPS_PROXY."""

    name: EnvironmentName
    """Name of the variable."""
    value: Annotated[str, Field(max_length=4096)] | None = None
    """Its value. Excludes valueFrom."""
    value_from: EnvironmentSource | None = None
    """Where its value is. Excludes value. A change rolls the pods."""

    rules = (
        Rule(
            cel="has(self.value) != has(self.valueFrom)",
            message="set exactly one of value and valueFrom",
            holds=lambda variable: (variable.value is None) != (variable.value_from is None),
        ),
        Rule(
            cel=f"!({_starts_with_any('self.name', RESERVED_ENVIRONMENT)})",
            message="names that begin with PARLEY_, LD_ or PYTHON are reserved",
            field="name",
            holds=lambda variable: not variable.name.startswith(RESERVED_ENVIRONMENT),
            blame="FieldValueForbidden",
        ),
    )


def _requests_fit(resources: Any) -> bool:
    requests, limits = resources.requests or {}, resources.limits or {}
    both = requests.keys() & limits.keys()
    return all(parse_quantity(requests[name]) <= parse_quantity(limits[name]) for name in both)


class ResourcesSpec(ResourceModel):
    """CPU, memory and the like of the gateway's container; what is not said keeps its default."""

    requests: Quantities | None = None
    """What a pod is sure to get. Default cpu 250m and memory 384Mi."""
    limits: Quantities | None = None
    """What a pod gets at most. Default cpu 2 and memory 1Gi."""

    rules = (
        Rule(
            cel="!has(self.requests) || !has(self.limits) || self.requests.all(name, !(name in self.limits) || "
            "quantity(string(self.requests[name])).compareTo(quantity(string(self.limits[name]))) <= 0)",
            message="requests must not be greater than limits",
            field="requests",
            holds=_requests_fit,
        ),
    )


def without_reserved_keys(field: str) -> Rule:
    """Labels or annotations of the user's that are not the operator's own."""

    def holds(model: Any) -> bool:
        return not any(key.startswith(RESERVED_LABELS) for key in getattr(model, field) or {})

    return Rule(
        cel=f"!has(self.{field}) || self.{field}.all(key, !({_starts_with_any('key', RESERVED_LABELS)}))",
        message="keys that begin with app.kubernetes.io/ or parley.dev/ are written by the operator",
        field=field,
        holds=holds,
        blame="FieldValueForbidden",
    )


class PodSpec(ResourceModel):
    """What may be said about the gateway's pods. A change rolls them."""

    labels: Annotated[dict[QualifiedName, LabelValue], Field(max_length=32)] | None = None
    """Further labels."""
    annotations: Annotations | None = None
    """Further annotations."""
    service_account_annotations: Annotations | None = None
    """Annotations of the ServiceAccount, for instance for a cloud's workload identity."""
    image_pull_secrets: (
        Annotated[
            tuple[LocalObjectRef, ...],
            Field(
                max_length=16,
                json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
            ),
        ]
        | None
    ) = None
    """Secrets to pull the gateway's image with."""
    node_selector: Annotated[dict[QualifiedName, LabelValue], Field(max_length=32)] | None = None
    """Labels that a node must have."""
    tolerations: Annotated[tuple[Toleration, ...], Field(max_length=32)] | None = None
    """Taints of nodes that pods put up with."""
    affinity: Affinity | None = None
    """Nodes and pods that a pod is drawn to or kept from."""
    topology_spread_constraints: (
        Annotated[
            tuple[TopologySpreadConstraint, ...],
            Field(
                max_length=8,
                json_schema_extra={
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["topologyKey", "whenUnsatisfiable"],
                },
            ),
        ]
        | None
    ) = None
    """How evenly this resource's pods spread. Default: over nodes and zones as far as possible."""
    resources: ResourcesSpec | None = None
    """CPU, memory and the like of the gateway's container."""
    env: (
        Annotated[
            tuple[EnvironmentVariable, ...],
            Field(
                max_length=64,
                json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
            ),
        ]
        | None
    ) = None
    """Further environment variables of the gateway, such as HTTPS_PROXY."""
    trust_bundle: ConfigMapSource | None = None
    """Certificates (PEM) that the gateway trusts instead of the system's, for providers behind a private CA."""

    rules = (without_reserved_keys("labels"), without_reserved_keys("annotations"))
