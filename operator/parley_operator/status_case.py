"""What the conditions of one resource are decided by: what it asks for, what was rendered, and what is live."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

from parley_operator.api import VoiceDeployment
from parley_operator.api.conditions import ConditionType, Reason
from parley_operator.canary_status import Trial
from parley_operator.kube.client import Json
from parley_operator.pod_trouble import Trouble, first_trouble
from parley_operator.render import Finding, Rendered
from parley_operator.render.rendered import ObjectKey
from parley_operator.render.revision import revision_name
from parley_operator.rollout_state import is_stuck
from parley_operator.worker_status import PoolChildren


@dataclass(frozen=True)
class Children:
    """The live children that status depends on, as their views; None where there is no such object."""

    deployment: Json | None = None
    canary: Json | None = None
    """The Deployment of a canary."""
    ingress: Json | None = None
    route: Json | None = None
    autoscaler: Json | None = None
    """The HorizontalPodAutoscaler of the gateway, whoever made it."""
    scaled_object: Json | None = None
    sessions: int | None = None
    """How many callers talk; None where that is not known."""
    pods: Mapping[str, Json] | None = None
    """By name."""


@dataclass(frozen=True)
class Blocked:
    """Why the manifests could not be brought to the cluster; what ran before goes on."""

    reason: Reason
    message: str


@dataclass(frozen=True)
class Case:
    """One resource, with all that its conditions are decided by."""

    resource: VoiceDeployment
    running: VoiceDeployment
    """The resource with the spec that was rendered."""
    rendered: Rendered
    children: Children
    paused: bool
    blocked: Blocked | None
    pools: Mapping[str, PoolChildren]
    held: Set[ObjectKey]
    """What waits until the resource is left alone."""

    def finding(self, condition: ConditionType) -> Finding | None:
        """What rendering found to say of a condition, first of all."""
        return next((f for f in self.rendered.findings if f.condition is condition), None)

    def advice(self, reason: Reason) -> str:
        """What to do about it, with the resource's names."""
        metadata = self.resource.metadata
        return reason.advice_for(metadata.name, namespace=metadata.namespace)

    @property
    def deployment(self) -> Json:
        """The gateway's Deployment, empty where there is none."""
        return self.children.deployment or {}

    @property
    def trouble(self) -> Trouble | None:
        """What keeps pods from serving."""
        return first_trouble((self.children.pods or {}).items(), namespace=self.resource.metadata.namespace)

    @property
    def wanted(self) -> int:
        """Pods that there should be."""
        return int(self.deployment.get("replicas") or 0)

    @property
    def asked(self) -> str:
        """The revision of the resource's own spec."""
        return revision_name(self.resource, self.rendered.version)

    @property
    def rendered_revision(self) -> str:
        """The revision of what was rendered."""
        return revision_name(self.running, self.rendered.version)

    @property
    def is_rolled_back(self) -> bool:
        """Whether an older revision was rendered because the asked one failed."""
        return self.running is not self.resource and self.trial is None

    @property
    def trial(self) -> Trial | None:
        """The canary, where there is one: the resource's own spec beside the one that serves."""
        share = self.rendered.canary_share
        if share is None:
            return None
        return Trial(
            revision=self.asked,
            serving=self.rendered_revision,
            share=share,
            deployment=self.children.canary,
            pods=self.children.pods or {},
            name=self.resource.metadata.name,
            namespace=self.resource.metadata.namespace,
            advice=self.advice(Reason.ROLLOUT_STUCK),
        )

    @property
    def is_stuck(self) -> bool:
        """Whether the pods of the latest template have taken longer than they may."""
        return self.children.deployment is not None and is_stuck(self.children.deployment)

    @property
    def has_older_pods(self) -> bool:
        """Whether pods of an earlier template still run."""
        return bool(self.deployment) and self.deployment["replicas_seen"] > self.deployment["updatedReplicas"]

    @property
    def pods_ready(self) -> str:
        """So many of so many, for messages."""
        return f"{int(self.deployment.get('readyReplicas', 0))}/{self.wanted} pods ready"
