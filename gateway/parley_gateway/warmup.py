"""Making the first session as fast as the next: connections, models and modules before the first caller."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable

from parley_gateway.conversation.events import Stage
from parley_gateway.health import Health
from parley_gateway.logs import where
from parley_gateway.ports import ProviderError
from parley_gateway.providers.registry import Pipeline

logger = logging.getLogger(__name__)

_ATTEMPT_S = 30.0
_FIRST_RETRY_S = 1.0
_LONGEST_RETRY_S = 30.0


async def warm_up(pipeline: Pipeline, health: Health) -> None:
    """Warm every stage, each until it succeeds: a provider that is down delays readiness and crashes nothing."""
    stages = {Stage.STT: _listening(pipeline), Stage.LLM: pipeline.llm.warm, Stage.TTS: pipeline.tts.warm}
    async with asyncio.TaskGroup() as group:
        for stage, warm in stages.items():
            group.create_task(_warm(stage, warm, health), name=f"warm {stage}")
    # What start-up made lives as long as the process: the collector need never look at it again.
    gc.collect()
    gc.freeze()
    logger.info("warmed up")


def _listening(pipeline: Pipeline) -> Callable[[], Awaitable[None]]:
    """The recogniser, and what hears speech beside it."""

    async def warm() -> None:
        if pipeline.voice_activity is not None:
            await pipeline.voice_activity.warm()
        await pipeline.stt.warm()

    return warm


async def _warm(stage: Stage, warm: Callable[[], Awaitable[None]], health: Health) -> None:
    delay = _FIRST_RETRY_S
    while problem := await _attempt(stage, warm):
        health.failed(stage, problem)
        logger.warning("warming failed", extra={"stage": stage.value, "problem": problem, "retry_s": delay})
        await asyncio.sleep(delay)
        delay = min(delay * 2, _LONGEST_RETRY_S)
    health.warmed(stage)


async def _attempt(stage: Stage, warm: Callable[[], Awaitable[None]]) -> str | None:
    """None, or what went wrong in words without content."""
    try:
        async with asyncio.timeout(_ATTEMPT_S):
            await warm()
    except TimeoutError:
        return f"not warm after {_ATTEMPT_S:.0f} s"
    except ProviderError as error:
        return f"{error.kind}: {error.detail}"
    except Exception as error:
        logger.exception("warming made a mistake", extra={"stage": stage.value})
        return where(error)
    return None
