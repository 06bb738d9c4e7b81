"""How a stage of the pipeline names a worker pool, and that there is one of that name with its role."""

from __future__ import annotations

from typing import Any, Literal

from parley_operator.api.base import ResourceModel, Rule
from parley_operator.api.values import PoolName


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
