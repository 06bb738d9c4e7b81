"""`spec.pod`: what may be said about the gateway's pods. Typed, so that their hardening cannot be undone."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from parley_operator.api.base import ResourceModel, Rule, starts_with_any
from parley_operator.api.environment import Variable, unreserved
from parley_operator.api.proxy import PROXY_VARIABLES, ProxySpec
from parley_operator.api.quantities import parse_quantity
from parley_operator.api.references import LocalObjectRef, TextSource
from parley_operator.api.scheduling import Affinity, Toleration, TopologySpreadConstraint
from parley_operator.api.values import (
    AnnotationValue,
    LabelValue,
    ObjectName,
    QualifiedName,
    Quantity,
)

RESERVED_LABELS = ("app.kubernetes.io/", "parley.dev/")
"""Prefixes of the labels and annotations that the operator itself writes."""

TRUST_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""By which a trust bundle is told."""

RESERVED_ENVIRONMENT = ("PARLEY_", "LD_", "PYTHON")
"""Prefixes of variables that would change what the gateway loads and runs."""

Annotations = Annotated[dict[QualifiedName, AnnotationValue], Field(max_length=64)]
Quantities = Annotated[dict[QualifiedName, Quantity], Field(max_length=16)]


def _requests_fit(resources: Any) -> bool:
    requests, limits = resources.requests or {}, resources.limits or {}
    both = requests.keys() & limits.keys()
    return all(parse_quantity(requests[name]) <= parse_quantity(limits[name]) for name in both)


REQUESTS_FIT = Rule(
    cel="!has(self.requests) || !has(self.limits) || self.requests.all(name, !(name in self.limits) || "
    "quantity(string(self.requests[name])).compareTo(quantity(string(self.limits[name]))) <= 0)",
    message="requests must not be greater than limits",
    field="requests",
    holds=_requests_fit,
)
"""Of resources."""


class EnvironmentVariable(Variable):
    """A variable for the gateway's container."""

    rules = (
        *Variable.rules,
        unreserved(RESERVED_ENVIRONMENT, "names that begin with PARLEY_, LD_ or PYTHON are reserved"),
    )


class ResourcesSpec(ResourceModel):
    """CPU, memory and the like of the gateway's container; what is not said keeps its default."""

    requests: Quantities | None = None
    """What a pod is sure to get. Default cpu 250m and memory 384Mi."""
    limits: Quantities | None = None
    """What a pod gets at most. Default cpu 2 and memory 1Gi."""

    rules = (REQUESTS_FIT,)


def without_reserved_keys(field: str) -> Rule:
    """Labels or annotations of the user's that are not the operator's own."""

    def holds(model: Any) -> bool:
        return not any(key.startswith(RESERVED_LABELS) for key in getattr(model, field) or {})

    return Rule(
        cel=f"!has(self.{field}) || self.{field}.all(key, !({starts_with_any('key', RESERVED_LABELS)}))",
        message="keys that begin with app.kubernetes.io/ or parley.dev/ are written by the operator",
        field=field,
        holds=holds,
        blame="FieldValueForbidden",
    )


def _names(pod: Any) -> set[str]:
    return {variable.name.upper() for variable in pod.env or ()}


def without_a_second_value(block: str, attribute: str, names: tuple[str, ...]) -> Rule:
    """No variable of the user's says otherwise than a block of the spec does."""
    return Rule(
        cel=f"!has(self.{block}) || !has(self.env) || "
        f"!self.env.exists(variable, variable.name.lowerAscii() in {[name.lower() for name in names]})",
        message=f"with {block}, the variables {', '.join(names)} are the operator's",
        field="env",
        holds=lambda pod: getattr(pod, attribute) is None or not _names(pod) & set(names),
        blame="FieldValueForbidden",
    )


class PodSpec(ResourceModel):
    """What may be said about the gateway's pods. A change rolls them."""

    labels: Annotated[dict[QualifiedName, LabelValue], Field(max_length=32)] | None = None
    """Further labels, for instance azure.workload.identity/use."""
    annotations: Annotations | None = None
    """Further annotations."""
    service_account_annotations: Annotations | None = None
    """Annotations of the ServiceAccount, by which clouds give pods an identity: eks.amazonaws.com/role-arn,
    iam.gke.io/gcp-service-account or azure.workload.identity/client-id."""
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
    priority_class_name: ObjectName | None = None
    """PriorityClass: whom the scheduler and a node under pressure let go first."""
    runtime_class_name: ObjectName | None = None
    """RuntimeClass to run in, for instance of a sandbox. Absent: the cluster's default."""
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
    """Further environment variables of the gateway."""
    proxy: ProxySpec | None = None
    """The HTTP proxy that stands between the gateway and its providers."""
    trust_bundle: TextSource | None = None
    """Certificates (PEM) that the gateway trusts instead of the system's, for servers behind a private CA or a
    proxy that reads along."""

    rules = (
        without_reserved_keys("labels"),
        without_reserved_keys("annotations"),
        without_a_second_value("proxy", "proxy", PROXY_VARIABLES),
        without_a_second_value("trustBundle", "trust_bundle", TRUST_VARIABLES),
    )
