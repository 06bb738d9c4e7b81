"""Which pools the pipeline talks to, and the pipeline in the gateway's terms: pools are servers at an address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from parley_operator.api import VoiceDeployment
from parley_operator.api.pipeline import PipelineSpec
from parley_operator.api.stt import SttProvider
from parley_operator.api.tts import TtsProvider
from parley_operator.api.worker_pools import WorkerPoolSpec
from parley_operator.render.worker_service import worker_url

_StageT = TypeVar("_StageT", SttProvider, TtsProvider)


def used_pools(resource: VoiceDeployment) -> list[WorkerPoolSpec]:
    """The pools that the pipeline names, in the order of the spec."""
    named = {stage.worker_pool.name for stage in _stages(resource.spec.pipeline) if stage.worker_pool}
    return [pool for pool in resource.spec.worker_pools or () if pool.name in named]


def indispensable_pools(resource: VoiceDeployment) -> list[WorkerPoolSpec]:
    """The pools without which a stage has nobody: the first of it, where there is no other."""
    stages = (resource.spec.pipeline.stt, resource.spec.pipeline.tts)
    named = {stage.worker_pool.name for stage in stages if stage.worker_pool and not stage.fallbacks}
    return [pool for pool in resource.spec.worker_pools or () if pool.name in named]


def at_addresses(resource: VoiceDeployment) -> PipelineSpec:
    """The pipeline with each pool in it as what it is to the gateway: an OpenAI-compatible server."""
    pools = {pool.name: worker_url(resource, pool) for pool in resource.spec.worker_pools or ()}
    pipeline = resource.spec.pipeline
    return pipeline.model_copy(
        update={"stt": _resolved(pipeline.stt, pools), "tts": _resolved(pipeline.tts, pools)}
    )


def _resolved(stage: _StageT, pools: dict[str, str]) -> _StageT:
    update: dict[str, object] = {}
    if stage.worker_pool is not None:
        update = {"provider": "OpenAICompatible", "base_url": pools[stage.worker_pool.name]}
    fallbacks = getattr(stage, "fallbacks", None)
    if fallbacks:
        update["fallbacks"] = tuple(_resolved(fallback, pools) for fallback in fallbacks)
    return stage.model_copy(update=update)


def _stages(pipeline: PipelineSpec) -> Iterator[SttProvider | TtsProvider]:
    yield pipeline.stt
    yield from pipeline.stt.fallbacks or ()
    yield pipeline.tts
    yield from pipeline.tts.fallbacks or ()
