"""The pipeline's part of the gateway's configuration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from parley_operator.api.durations import seconds
from parley_operator.api.llm import GeminiSettings, LlmProvider
from parley_operator.api.pipeline import DeadlinesSpec, PipelineSpec
from parley_operator.api.quantities import parse_quantity
from parley_operator.api.stage import Stage
from parley_operator.api.stt import DeepgramSettings, FluxSettings, SttProvider
from parley_operator.api.tts import ElevenLabsSettings, TtsProvider
from parley_operator.render.said import decimal, milliseconds, said, secret_files

_StageT = TypeVar("_StageT", bound=Stage)


def pipeline_config(pipeline: PipelineSpec) -> dict[str, Any]:
    """Stages, what takes their place, and how they cope with trouble."""
    resilience, cache = pipeline.resilience, pipeline.speech_cache
    return said(
        stt=_stt(pipeline.stt),
        llm=_llm(pipeline.llm),
        tts=_tts(pipeline.tts),
        stt_fallbacks=_each(pipeline.stt.fallbacks, _stt),
        llm_fallbacks=_each(pipeline.llm.fallbacks, _llm),
        tts_fallbacks=_each(pipeline.tts.fallbacks, _tts),
        resilience=said(
            retries=resilience.retries,
            breaker_failures=resilience.breaker_failures,
            breaker_probe_interval=(
                seconds(resilience.breaker_probe_interval) if resilience.breaker_probe_interval else None
            ),
        )
        if resilience
        else None,
        speech_cache={"max_bytes": int(parse_quantity(cache.max_size))} if cache else None,
    )


def deadlines_config(pipeline: PipelineSpec) -> dict[str, Any] | None:
    """How long each stage may take, where that is said."""
    stages = pipeline.deadlines
    if stages is None:
        return None
    return said(stt=_deadlines(stages.stt), llm=_deadlines(stages.llm), tts=_deadlines(stages.tts))


def _deadlines(spec: DeadlinesSpec | None) -> dict[str, Any] | None:
    if spec is None:
        return None
    named = {"connect": spec.connect, "first_byte": spec.first_byte, "between_bytes": spec.between_bytes}
    return {name: seconds(duration) for name, duration in named.items() if duration is not None}


def _each(
    fallbacks: Sequence[_StageT] | None, config: Callable[[_StageT], dict[str, Any]]
) -> list[dict[str, Any]] | None:
    return [config(fallback) for fallback in fallbacks] if fallbacks else None


def _stage(stage: Stage) -> dict[str, Any]:
    return said(
        provider=stage.provider,
        model=stage.model,
        base_url=stage.base_url,
        api_key_files=secret_files(stage.api_keys) if stage.api_keys else None,
        requests_per_minute=stage.requests_per_minute,
        concurrent_requests=stage.concurrent_requests,
    )


def _stt(stt: SttProvider) -> dict[str, Any]:
    deepgram, flux = stt.deepgram or DeepgramSettings(), stt.flux or FluxSettings()
    keyterms = deepgram.keyterms or flux.keyterms
    return _stage(stt) | said(
        keyterms=list(keyterms) if keyterms else None,
        endpointing_ms=milliseconds(deepgram.endpointing),
        utterance_end_ms=milliseconds(deepgram.utterance_end),
        eager_eot_threshold=decimal(flux.eager_threshold),
        eot_threshold=decimal(flux.threshold),
        eot_timeout_ms=milliseconds(flux.timeout),
        prompt=stt.transcription.prompt if stt.transcription else None,
    )


def _llm(llm: LlmProvider) -> dict[str, Any]:
    gemini = llm.gemini or GeminiSettings()
    return _stage(llm) | said(
        max_tokens=llm.max_tokens,
        temperature=decimal(llm.temperature),
        thinking=llm.anthropic.thinking if llm.anthropic else None,
        reasoning_effort=llm.reasoning.effort.lower() if llm.reasoning and llm.reasoning.effort else None,
        thinking_level=gemini.thinking_level,
        thinking_budget=gemini.thinking_budget,
    )


def _tts(tts: TtsProvider) -> dict[str, Any]:
    eleven_labs = tts.eleven_labs or ElevenLabsSettings()
    return _stage(tts) | said(
        voice=tts.voice,
        instructions=tts.openai.instructions if tts.openai else None,
        sample_rate=tts.openai_compatible.sample_rate if tts.openai_compatible else None,
        stability=decimal(eleven_labs.stability),
        similarity_boost=decimal(eleven_labs.similarity_boost),
        words_per_minute=tts.embedded.words_per_minute if tts.embedded else None,
    )
