"""`spec.workerPools`: speech servers of your own beside the gateway, on CPUs or GPUs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from parley_operator.api.base import ResourceModel, Rule
from parley_operator.api.network_policy import EgressRule
from parley_operator.api.pod import Annotations
from parley_operator.api.scheduling import Affinity, Toleration
from parley_operator.api.values import ImageName, LabelValue, ObjectName, PoolName, Port, QualifiedName, UrlPath
from parley_operator.api.worker_cache import ModelCacheSpec
from parley_operator.api.worker_scaling import WorkerScalingSpec
from parley_operator.api.worker_server import (
    Arguments,
    WorkerModelsSpec,
    WorkerProbeSpec,
    WorkerResourcesSpec,
    WorkerVariable,
)

MOST_POOLS = 8
DEFAULT_REPLICAS = 1


def most_replicas(pool: Any) -> int:
    """The most workers that a pool can have."""
    if pool.scaling is not None:
        return int(pool.scaling.max_replicas)
    return DEFAULT_REPLICAS if pool.replicas is None else int(pool.replicas)


def has_single_claim(pool: Any) -> bool:
    """Whether the pool's cache is a volume that one node at a time can use."""
    claim = pool.model_cache.persistent_volume_claim if pool.model_cache else None
    return claim is not None and not claim.is_shared


_SINGLE_CLAIM = (
    "has(self.modelCache) && has(self.modelCache.persistentVolumeClaim) && "
    "!(has(self.modelCache.persistentVolumeClaim.accessModes) && "
    "self.modelCache.persistentVolumeClaim.accessModes.exists(mode, mode == 'ReadWriteMany'))"
)
_MOST_REPLICAS = "(has(self.scaling) ? self.scaling.maxReplicas : has(self.replicas) ? self.replicas : 1)"


class WorkerPoolSpec(ResourceModel):
    """Servers of one image with OpenAI's speech API, beside the gateway: one Deployment behind one Service.

    A change rolls this pool alone.
    """

    name: PoolName
    """Name of the pool, by which the pipeline names it."""
    role: Literal["TTS", "STT"]
    """TTS: it speaks, on /audio/speech. STT: it hears, on /audio/transcriptions."""
    image: ImageName
    """Image of the server. It runs as user 1000 and writes to the model cache and /tmp alone."""
    command: Arguments | None = None
    """Instead of the image's entry point."""
    args: Arguments | None = None
    """Instead of the image's arguments. $(NAME) stands for a variable's value."""
    env: (
        Annotated[
            tuple[WorkerVariable, ...],
            Field(
                max_length=64,
                json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
            ),
        ]
        | None
    ) = None
    """Variables of the server."""
    port: Port = 8000
    """The port that the server listens on."""
    api_path: UrlPath = "/v1"
    """Where its API begins."""
    replicas: Annotated[int, Field(ge=0, le=1000)] | None = None
    """Workers to run. Default 1. Excludes scaling."""
    scaling: WorkerScalingSpec | None = None
    """An autoscaler for the pool. Excludes replicas."""
    resources: WorkerResourcesSpec | None = None
    """CPU, memory and devices of a worker."""
    model_cache: ModelCacheSpec | None = None
    """Where models are kept. Absent: an EmptyDir of 10Gi."""
    models: WorkerModelsSpec | None = None
    """How many models stay in memory, and for how long."""
    probe: WorkerProbeSpec = WorkerProbeSpec()
    """How it is known that a worker serves."""
    updates: Literal["Surge", "Replace"] | None = None
    """Surge: a new worker comes before an old one goes. Replace: an old one goes first, for want of a spare device
    or volume. Default Surge; Replace where the limits name a device or the cache is a volume for one worker."""
    additional_egress: (
        Annotated[
            tuple[EgressRule, ...], Field(max_length=8, json_schema_extra={"x-kubernetes-list-type": "atomic"})
        ]
        | None
    ) = None
    """Where workers may connect to beyond DNS and public HTTPS, such as a model registry in your network."""
    node_selector: Annotated[dict[QualifiedName, LabelValue], Field(max_length=32)] | None = None
    """Labels that a node must have."""
    tolerations: Annotated[tuple[Toleration, ...], Field(max_length=32)] | None = None
    """Taints of nodes that workers put up with."""
    affinity: Affinity | None = None
    """Nodes and pods that a worker is drawn to or kept from."""
    priority_class_name: ObjectName | None = None
    """PriorityClass of the workers."""
    runtime_class_name: ObjectName | None = None
    """RuntimeClass of the workers, such as nvidia."""
    service_account_annotations: Annotations | None = None
    """Annotations of the pool's own ServiceAccount, for instance for a cloud's workload identity."""

    rules = (
        Rule(
            cel="!(has(self.replicas) && has(self.scaling))",
            message="set replicas for a fixed number of workers, or scaling for an autoscaler, not both",
            field="replicas",
            holds=lambda pool: pool.replicas is None or pool.scaling is None,
            blame="FieldValueForbidden",
        ),
        Rule(
            cel=f"!({_SINGLE_CLAIM}) || {_MOST_REPLICAS} <= 1",
            message="several workers cannot share a volume that is ReadWriteOnce: set accessModes to "
            "[ReadWriteMany] (of a class that can), or modelCache.type to EmptyDir, or keep to one worker",
            field="modelCache",
            holds=lambda pool: not has_single_claim(pool) or most_replicas(pool) <= 1,
        ),
        Rule(
            cel=f"!has(self.updates) || self.updates != 'Surge' || !({_SINGLE_CLAIM})",
            message="updates Surge needs a volume for two workers at a time: set accessModes to [ReadWriteMany], "
            "or updates to Replace",
            field="updates",
            holds=lambda pool: pool.updates != "Surge" or not has_single_claim(pool),
        ),
    )

    @property
    def replaces(self) -> bool:
        """Whether an old worker goes before its successor comes."""
        if self.updates is not None:
            return self.updates == "Replace"
        limits = (self.resources.limits if self.resources else None) or {}
        return has_single_claim(self) or any("/" in name for name in limits)


WorkerPools = Annotated[
    tuple[WorkerPoolSpec, ...],
    Field(
        max_length=MOST_POOLS,
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
    ),
]
