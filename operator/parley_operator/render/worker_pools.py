"""Everything that the worker pools of a resource turn into."""

from __future__ import annotations

from collections.abc import Iterator

from parley_operator.api import VoiceDeployment
from parley_operator.api.worker_pools import WorkerPoolSpec
from parley_operator.render.facts import Facts
from parley_operator.render.rendered import Finding, Manifest
from parley_operator.render.worker_claim import claim_findings, worker_claim
from parley_operator.render.worker_deployment import worker_deployment, worker_scale
from parley_operator.render.worker_hpa import worker_hpa
from parley_operator.render.worker_labels import POOL, worker_name
from parley_operator.render.worker_policy import worker_policy
from parley_operator.render.worker_service import worker_account, worker_budget, worker_service


def worker_manifests(resource: VoiceDeployment, facts: Facts) -> Iterator[Manifest]:
    """All manifests, pool by pool, what pods need before them."""
    for pool in resource.spec.worker_pools or ():
        yield from (manifest for manifest in _of(resource, pool, facts) if manifest is not None)


def worker_scales(resource: VoiceDeployment, facts: Facts) -> tuple[Manifest, ...]:
    """What the field manager `parley-scale` applies to the pools, once their Deployments are there."""
    pools = resource.spec.worker_pools or ()
    scales = (
        worker_scale(resource, pool, facts.worker_replicas.get(worker_name(resource, pool))) for pool in pools
    )
    return tuple(scale for scale in scales if scale is not None)


def worker_findings(resource: VoiceDeployment, facts: Facts) -> Iterator[Finding]:
    """Every setting of the pools is in effect."""
    for pool in resource.spec.worker_pools or ():
        yield from claim_findings(resource, pool, facts)


def pool_of(manifest: Manifest) -> str | None:
    """The pool that a manifest belongs to; None for the gateway's."""
    found: str | None = manifest["metadata"]["labels"].get(POOL)
    return found


def _of(resource: VoiceDeployment, pool: WorkerPoolSpec, facts: Facts) -> Iterator[Manifest | None]:
    yield worker_account(resource, pool)
    yield worker_claim(resource, pool, facts)
    yield worker_service(resource, pool)
    yield worker_policy(resource, pool)
    yield worker_deployment(resource, pool, facts)
    yield worker_budget(resource, pool)
    yield worker_hpa(resource, pool)
