"""`status`: what the operator saw and did, in the shape that `kubectl get vd` shows."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from parley_operator.api.base import ResourceModel

Name = Annotated[str, Field(max_length=253)]
Text = Annotated[str, Field(max_length=1024)]


class Condition(ResourceModel):
    """One thing that is so, is not so, or is not known."""

    type: Annotated[str, Field(max_length=316)]
    """What this is about."""
    status: Literal["True", "False", "Unknown"]
    """Whether it is so."""
    reason: Annotated[
        str, Field(min_length=1, max_length=1024, pattern=r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$")
    ]
    """Why, in one CamelCase word."""
    message: Annotated[str, Field(max_length=32_768)]
    """Why, in words a person can act on."""
    observed_generation: Annotated[int, Field(ge=0)] | None = None
    """The generation of the spec that this was said about."""
    last_transition_time: datetime
    """When the status last changed."""


class EndpointStatus(ResourceModel):
    """Where a client may connect."""

    protocol: Annotated[str, Field(max_length=64)]
    """The protocol that is served there."""
    url: Annotated[str, Field(max_length=512)]
    """The address."""


class CertificateStatus(ResourceModel):
    """The certificate that the Ingress serves."""

    secret_name: Annotated[str, Field(max_length=253)]
    """The Secret that holds it."""
    not_after: datetime | None = None
    """When it expires."""
    renew_after: datetime | None = None
    """When the operator renews it; absent for a certificate of your own."""


class CanaryStatus(ResourceModel):
    """A change that is tried on a part of new connections."""

    revision: Name
    """The ControllerRevision that is tried."""
    weight_percent: Annotated[int, Field(ge=0, le=100)]
    """Percent of new connections that it gets now; 0 while none of its pods is ready."""
    ready_replicas: Annotated[int, Field(ge=0)]
    """Its pods that take new sessions; they are not among those of status.readyReplicas."""
    since: datetime
    """When this revision was first tried."""


class SessionsStatus(ResourceModel):
    """What callers do at the moment."""

    active: Annotated[int, Field(ge=0)]
    """Sessions that talk, those in draining pods included; as of the last minutes."""


class VoiceDeploymentStatus(ResourceModel):
    """What the operator saw and did."""

    observed_generation: Annotated[int, Field(ge=0)] | None = None
    """The generation of the spec that the rest of the status is about."""
    version: Annotated[str, Field(max_length=64)] | None = None
    """The gateway release that is in use: spec.version, or the operator's at creation."""
    selector: Text | None = None
    """Label selector of the pods, for the scale subresource."""
    replicas: Annotated[int, Field(ge=0)] | None = None
    """Pods there are."""
    ready_replicas: Annotated[int, Field(ge=0)] | None = None
    """Pods that take new sessions."""
    updated_replicas: Annotated[int, Field(ge=0)] | None = None
    """Pods of the current spec."""
    workers: Annotated[str, Field(max_length=512)] | None = None
    """Workers that are ready of those that are wanted, pool by pool, as in "tts 2/2, stt 1/1"."""
    sessions: SessionsStatus | None = None
    """How many callers talk, under an autoscaler; absent where a pod does not answer the operator.

    Pods whose number is fixed are not asked: `parley sessions` asks them.
    """
    current_revision: Name | None = None
    """The ControllerRevision whose pods were last all ready."""
    update_revision: Name | None = None
    """The ControllerRevision of the spec."""
    failed_revision: Name | None = None
    """The ControllerRevision whose pods did not become ready in time; absent once the spec is another."""
    applied_hash: Annotated[str, Field(max_length=64)] | None = None
    """A digest of what was applied: an operator that has just started applies nothing where it still holds."""
    canary: CanaryStatus | None = None
    """The change that is tried on a part of new connections; absent where none is."""
    endpoints: Annotated[tuple[EndpointStatus, ...], Field(max_length=128)] | None = None
    """Where clients may connect; the first one is what most clients want."""
    certificate: CertificateStatus | None = None
    """The certificate that the Ingress serves."""
    conditions: (
        Annotated[
            tuple[Condition, ...],
            Field(
                max_length=32,
                json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
            ),
        ]
        | None
    ) = None
    """What is so and what is not. Ready says the first thing that is wrong."""
