"""Names, labels and metadata of a worker pool's children: the resource's own, but for component and pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley_operator.render.labels import COMPONENT, NAME, metadata
from parley_operator.render.names import base_name
from parley_operator.render.rendered import Manifest

if TYPE_CHECKING:
    from parley_operator.api import VoiceDeployment
    from parley_operator.api.worker_pools import WorkerPoolSpec

POOL = "parley.dev/pool"
WORKER = "worker"


def worker_name(resource: VoiceDeployment, pool: WorkerPoolSpec) -> str:
    """The name of all children of a pool, as in receptionist-pool-tts; no other resource's gateway has it."""
    return base_name(f"{resource.metadata.name}-pool-{pool.name}")


def worker_selector(resource: VoiceDeployment, pool: WorkerPoolSpec) -> dict[str, str]:
    """The labels that find a pool's pods. A Deployment's selector can never change: nor can these."""
    return {NAME: base_name(resource.metadata.name), COMPONENT: WORKER, POOL: pool.name}


def worker_metadata(
    resource: VoiceDeployment, pool: WorkerPoolSpec, *, annotations: dict[str, str] | None = None
) -> Manifest:
    """The metadata of a pool's child: named, labelled and owned by the resource."""
    content = metadata(resource, worker_name(resource, pool), annotations=annotations)
    own = {"app.kubernetes.io/name": "parley-worker", **worker_selector(resource, pool)}
    return {**content, "labels": {**content["labels"], **own}}
