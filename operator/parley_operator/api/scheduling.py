"""Where pods may run: the parts of a Kubernetes PodSpec that a VoiceDeployment passes on.

Names and shapes are those of `k8s.io/api/core/v1`; lists are bounded so that CEL's cost can be estimated.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from parley_operator.api.base import ResourceModel
from parley_operator.api.values import LabelValue, ObjectName, QualifiedName

Values = Annotated[tuple[LabelValue, ...], Field(max_length=64)]
Weight = Annotated[int, Field(ge=1, le=100)]


class Toleration(ResourceModel):
    """A taint of nodes that pods put up with."""

    key: QualifiedName | None = None
    """Key of the taint; absent with operator Exists means every taint."""
    operator: Literal["Exists", "Equal"] | None = None
    """Equal (the default) compares the value, Exists does not."""
    value: LabelValue | None = None
    """Value of the taint."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """Effect of the taint; absent means every effect."""
    toleration_seconds: Annotated[int, Field(ge=0)] | None = None
    """How long to stay after a NoExecute taint appeared."""


class LabelRequirement(ResourceModel):
    """A condition on one label."""

    key: QualifiedName
    """Key of the label."""
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    """How the label relates to the values."""
    values: Values | None = None
    """Values for In and NotIn."""


class LabelSelector(ResourceModel):
    """A choice of objects by their labels; all conditions must hold."""

    match_labels: Annotated[dict[QualifiedName, LabelValue], Field(max_length=32)] | None = None
    """Labels with their values."""
    match_expressions: Annotated[tuple[LabelRequirement, ...], Field(max_length=16)] | None = None
    """Further conditions."""


class NodeRequirement(ResourceModel):
    """A condition on one label or field of a node."""

    key: QualifiedName
    """Key of the label, or name of the field."""
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]
    """How it relates to the values."""
    values: Values | None = None
    """Values for In, NotIn, Gt and Lt."""


class NodeSelectorTerm(ResourceModel):
    """Conditions on a node; all must hold."""

    match_expressions: Annotated[tuple[NodeRequirement, ...], Field(max_length=16)] | None = None
    """Conditions on labels."""
    match_fields: Annotated[tuple[NodeRequirement, ...], Field(max_length=16)] | None = None
    """Conditions on fields, such as metadata.name."""


class NodeSelector(ResourceModel):
    """Choices of nodes; one must fit."""

    node_selector_terms: Annotated[tuple[NodeSelectorTerm, ...], Field(min_length=1, max_length=16)]
    """The choices."""


class PreferredNodes(ResourceModel):
    """Nodes that are better than others."""

    weight: Weight
    """How much better, 1 to 100."""
    preference: NodeSelectorTerm
    """Which nodes."""


class NodeAffinity(ResourceModel):
    """Nodes that pods need or prefer."""

    required_during_scheduling_ignored_during_execution: Annotated[
        NodeSelector | None, Field(alias="requiredDuringSchedulingIgnoredDuringExecution")
    ] = None
    """Nodes that are needed."""
    preferred_during_scheduling_ignored_during_execution: Annotated[
        tuple[PreferredNodes, ...] | None,
        Field(max_length=16, alias="preferredDuringSchedulingIgnoredDuringExecution"),
    ] = None
    """Nodes that are preferred."""


class PodAffinityTerm(ResourceModel):
    """Pods that are near to, or far from, one another."""

    topology_key: QualifiedName
    """Node label that says what near means."""
    label_selector: LabelSelector | None = None
    """Which pods."""
    namespace_selector: LabelSelector | None = None
    """Namespaces of those pods, by label."""
    namespaces: Annotated[tuple[ObjectName, ...], Field(max_length=16)] | None = None
    """Namespaces of those pods, by name."""
    match_label_keys: Annotated[tuple[QualifiedName, ...], Field(max_length=8)] | None = None
    """Labels whose values must be the same as the new pod's."""


class WeightedPodAffinityTerm(ResourceModel):
    """Nearness that is better than others."""

    weight: Weight
    """How much better, 1 to 100."""
    pod_affinity_term: PodAffinityTerm
    """Which pods."""


class PodAffinity(ResourceModel):
    """Pods to be near to, or far from."""

    required_during_scheduling_ignored_during_execution: Annotated[
        tuple[PodAffinityTerm, ...] | None,
        Field(max_length=16, alias="requiredDuringSchedulingIgnoredDuringExecution"),
    ] = None
    """What is needed."""
    preferred_during_scheduling_ignored_during_execution: Annotated[
        tuple[WeightedPodAffinityTerm, ...] | None,
        Field(max_length=16, alias="preferredDuringSchedulingIgnoredDuringExecution"),
    ] = None
    """What is preferred."""


class Affinity(ResourceModel):
    """Nodes and pods that a pod is drawn to or kept from."""

    node_affinity: NodeAffinity | None = None
    """Nodes that pods need or prefer."""
    pod_affinity: PodAffinity | None = None
    """Pods to be near to."""
    pod_anti_affinity: PodAffinity | None = None
    """Pods to be far from."""


class TopologySpreadConstraint(ResourceModel):
    """How evenly pods spread over nodes, zones or the like."""

    max_skew: Annotated[int, Field(ge=1, le=1000)]
    """Largest allowed difference in pods between two of them."""
    topology_key: QualifiedName
    """Node label that tells them apart."""
    when_unsatisfiable: Literal["DoNotSchedule", "ScheduleAnyway"]
    """What happens to a pod that would make it uneven."""
    min_domains: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Fewest of them, for DoNotSchedule."""
    node_affinity_policy: Literal["Honor", "Ignore"] | None = None
    """Whether nodes that do not fit the affinity count."""
    node_taints_policy: Literal["Honor", "Ignore"] | None = None
    """Whether nodes whose taints are not tolerated count."""
