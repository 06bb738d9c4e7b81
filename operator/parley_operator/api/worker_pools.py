"""`spec.workerPools`: speech servers of your own beside the gateway, on CPUs or GPUs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from parley_operator.api.base import ResourceModel, Rule
from parley_operator.api.bounds import between
from parley_operator.api.network_policy import EgressRule
from parley_operator.api.pod import ONE_VALUE, REQUESTS_FIT, Annotations, EnvironmentSource, Quantities
from parley_operator.api.quantities import parse_quantity
from parley_operator.api.scheduling import Affinity, Toleration
from parley_operator.api.values import (
    Duration,
    EnvironmentName,
    ImageName,
    LabelValue,
    MetricName,
    ObjectName,
    PoolName,
    Port,
    QualifiedName,
    Quantity,
    UrlPath,
)
from parley_operator.api.worker_cache import ModelCacheSpec

MOST_POOLS = 8
DEFAULT_REPLICAS = 1
OWN_VARIABLES = "PARLEY_"
"""Prefix of the variables that the operator itself gives to workers."""

Argument = Annotated[str, Field(max_length=4096)]
Arguments = Annotated[
    tuple[Argument, ...], Field(max_length=64, json_schema_extra={"x-kubernetes-list-type": "atomic"})
]


class WorkerVariable(ResourceModel):
    """A variable for the workers. Its value may name others, as in $(PARLEY_MODEL_CACHE)."""

    name: EnvironmentName
    """Name of the variable."""
    value: Annotated[str, Field(max_length=4096)] | None = None
    """Its value. Excludes valueFrom."""
    value_from: EnvironmentSource | None = None
    """Where its value is. Excludes value. A change rolls the pool."""

    rules = (
        ONE_VALUE,
        Rule(
            cel=f"!self.name.startsWith('{OWN_VARIABLES}')",
            message="names that begin with PARLEY_ are written by the operator",
            field="name",
            holds=lambda variable: not variable.name.startswith(OWN_VARIABLES),
            blame="FieldValueForbidden",
        ),
    )


def _devices_are_whole(resources: Any) -> bool:
    limits = resources.limits or {}
    return all(parse_quantity(amount) % 1 == 0 for name, amount in limits.items() if "/" in name)


class WorkerResourcesSpec(ResourceModel):
    """CPU, memory and devices of a worker; what is not said keeps its default."""

    requests: Quantities | None = None
    """What a worker is sure to get. Default cpu 500m and memory 1Gi."""
    limits: Quantities | None = None
    """What a worker gets at most. Default cpu 4 and memory 4Gi. Devices, such as nvidia.com/gpu, are said here."""

    rules = (
        REQUESTS_FIT,
        Rule(
            cel="!has(self.requests) || self.requests.all(name, !name.contains('/'))",
            message="devices, such as nvidia.com/gpu, are said in limits alone: a part of one cannot be asked for",
            field="requests",
            holds=lambda resources: not any("/" in name for name in resources.requests or ()),
            blame="FieldValueForbidden",
        ),
        Rule(
            cel="!has(self.limits) || self.limits.all(name, !name.contains('/') || "
            "quantity(string(self.limits[name])).isInteger())",
            message="devices are counted in whole numbers",
            field="limits",
            holds=_devices_are_whole,
        ),
    )


class PodMetricSpec(ResourceModel):
    """A figure that the workers give of themselves, served by the custom metrics API (which takes an adapter)."""

    name: MetricName
    """Name of the metric, such as requests_running."""
    average_value: Quantity
    """What to aim for, on average over the workers."""


class WorkerScalingSpec(ResourceModel):
    """An autoscaler for the pool, between two bounds."""

    min_replicas: Annotated[int, Field(ge=1, le=1000)] = 1
    """Fewest workers."""
    max_replicas: Annotated[int, Field(ge=1, le=1000)]
    """Most workers."""
    target_cpu_percent: Annotated[int | None, Field(ge=10, le=100, alias="targetCPUPercent")] = None
    """CPU use to aim for, in percent of the request. Default 70, unless podMetric is said."""
    pod_metric: PodMetricSpec | None = None
    """A metric of the workers' own, such as requests that run: what tells how busy a GPU is."""
    scale_down_window: Duration | None = None
    """How long load must have been low before a worker goes, up to 1h. Default 10m."""

    rules = (
        Rule(
            cel="self.minReplicas <= self.maxReplicas",
            message="minReplicas must not be greater than maxReplicas",
            field="minReplicas",
            holds=lambda scaling: scaling.min_replicas <= scaling.max_replicas,
        ),
        between("scaleDownWindow", "scale_down_window", "0s", "1h"),
    )


class WorkerProbeSpec(ResourceModel):
    """How it is known that a worker serves."""

    path: UrlPath | None = None
    """Answered with 2xx once the worker serves. Absent: that its port takes connections is enough."""
    startup_timeout: Duration = "30m"
    """How long a worker may take to fetch and load its models before it is started anew, 10s to 6h."""

    rules = (between("startupTimeout", "startup_timeout", "10s", "6h"),)


class WorkerModelsSpec(ResourceModel):
    """How many models stay in memory, for how long. Told to workers in variables, which the image has to heed."""

    max_resident: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Most models in memory at a time: PARLEY_MODELS_MAX_RESIDENT."""
    ttl: Duration | None = None
    """How long a model that nobody uses stays in memory, up to 168h: PARLEY_MODELS_TTL_SECONDS."""

    rules = (between("ttl", "ttl", "1s", "168h"),)


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


class WorkerPoolRef(ResourceModel):
    """A pool of the same resource."""

    name: PoolName
    """Its name in spec.workerPools."""


def pool_rules(stage: Literal["stt", "tts"]) -> tuple[Rule, Rule]:
    """Every pool that a stage of the pipeline names is there and has its role."""
    role = stage.upper()

    def is_there(spec: Any, named: Any) -> bool:
        pools = {(pool.name, pool.role) for pool in spec.worker_pools or ()}
        return named.worker_pool is None or (named.worker_pool.name, role) in pools

    def exists(name: str) -> str:
        return (
            f"has(self.workerPools) && self.workerPools.exists(pool, pool.name == {name} && pool.role == '{role}')"
        )

    at, message = f"self.pipeline.{stage}", f"names a pool that workerPools does not have with role {role}"
    return (
        Rule(
            cel=f"!has({at}.workerPool) || ({exists(f'{at}.workerPool.name')})",
            message=f"pipeline.{stage}.workerPool {message}",
            field=f"pipeline.{stage}.workerPool",
            holds=lambda spec: is_there(spec, getattr(spec.pipeline, stage)),
        ),
        Rule(
            cel=f"!has({at}.fallbacks) || {at}.fallbacks.all(fallback, !has(fallback.workerPool) || "
            f"({exists('fallback.workerPool.name')}))",
            message=f"a fallback of pipeline.{stage} {message}",
            field=f"pipeline.{stage}.fallbacks",
            holds=lambda spec: all(
                is_there(spec, fallback) for fallback in getattr(spec.pipeline, stage).fallbacks or ()
            ),
        ),
    )
