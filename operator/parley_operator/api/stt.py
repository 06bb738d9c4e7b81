"""`spec.pipeline.stt`: who hears."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from parley_operator.api.base import ResourceModel, Rule
from parley_operator.api.durations import seconds
from parley_operator.api.stage import (
    FALLBACKS,
    POOL_RULES,
    STAGE_RULES,
    Fallback,
    Stage,
    only_for,
    required_for,
)
from parley_operator.api.values import DecimalText, Duration, Keyterm
from parley_operator.api.worker_pool_ref import WorkerPoolRef

Keyterms = Annotated[tuple[Keyterm, ...], Field(max_length=100)]


class DeepgramSettings(ResourceModel):
    """What Deepgram alone understands."""

    keyterms: Keyterms | None = None
    """Words and names to listen for, such as product names."""
    endpointing: Duration | None = None
    """Silence after which Deepgram closes an utterance, 10ms to 5s. Default 300ms."""
    utterance_end: Duration | None = None
    """Gap between words after which a turn ends where noise hides the silence, 1s to 5s. Default 1s."""

    rules = (
        Rule(
            cel="!has(self.endpointing) || (duration(self.endpointing) >= duration('10ms') && "
            "duration(self.endpointing) <= duration('5s'))",
            message="endpointing must be between 10ms and 5s",
            field="endpointing",
            holds=lambda settings: settings.endpointing is None or 0.01 <= seconds(settings.endpointing) <= 5,
        ),
        Rule(
            cel="!has(self.utteranceEnd) || (duration(self.utteranceEnd) >= duration('1s') && "
            "duration(self.utteranceEnd) <= duration('5s'))",
            message="utteranceEnd must be between 1s and 5s",
            field="utteranceEnd",
            holds=lambda settings: settings.utterance_end is None or 1 <= seconds(settings.utterance_end) <= 5,
        ),
    )


def _within(value: str | None, low: float, high: float) -> bool:
    return value is None or low <= float(value) <= high


class FluxSettings(ResourceModel):
    """What Deepgram Flux alone understands: when it takes a turn to be over."""

    keyterms: Keyterms | None = None
    """Words and names to listen for, such as product names."""
    eager_threshold: DecimalText | None = None
    """Confidence, "0.3" to "0.9", from which an answer is drafted before the turn is surely over. Default 0.5."""
    threshold: DecimalText | None = None
    """Confidence, "0.5" to "0.9", from which the turn is over. Default 0.7."""
    timeout: Duration | None = None
    """Silence after which the turn is over in any case, 500ms to 10s. Default 5s."""

    rules = (
        Rule(
            cel="!has(self.eagerThreshold) || (double(self.eagerThreshold) >= 0.3 && "
            "double(self.eagerThreshold) <= 0.9)",
            message='eagerThreshold must be between "0.3" and "0.9"',
            field="eagerThreshold",
            holds=lambda settings: _within(settings.eager_threshold, 0.3, 0.9),
        ),
        Rule(
            cel="!has(self.threshold) || (double(self.threshold) >= 0.5 && double(self.threshold) <= 0.9)",
            message='threshold must be between "0.5" and "0.9"',
            field="threshold",
            holds=lambda settings: _within(settings.threshold, 0.5, 0.9),
        ),
        Rule(
            cel="!has(self.timeout) || (duration(self.timeout) >= duration('500ms') && "
            "duration(self.timeout) <= duration('10s'))",
            message="timeout must be between 500ms and 10s",
            field="timeout",
            holds=lambda settings: settings.timeout is None or 0.5 <= seconds(settings.timeout) <= 10,
        ),
    )


class TranscriptionSettings(ResourceModel):
    """What OpenAI's transcription API alone understands."""

    prompt: Annotated[str, Field(min_length=1, max_length=2000)] | None = None
    """Names and words that the caller may use, in a sentence."""


class SttProvider(Stage):
    """A recogniser."""

    provider: Literal["Deepgram", "DeepgramFlux", "OpenAI", "OpenAICompatible", "WorkerPool", "Embedded"]
    """Deepgram and DeepgramFlux stream; OpenAI, OpenAICompatible (a Whisper server) and WorkerPool (one that this
    resource runs) take whole utterances; Embedded knows a small vocabulary and needs no account and no network."""
    worker_pool: WorkerPoolRef | None = None
    """The pool, for provider WorkerPool: one with role STT."""
    deepgram: DeepgramSettings | None = None
    """Settings of provider Deepgram."""
    flux: FluxSettings | None = None
    """Settings of provider DeepgramFlux."""
    transcription: TranscriptionSettings | None = None
    """Settings of providers OpenAI, OpenAICompatible and WorkerPool."""

    rules = (
        *STAGE_RULES,
        *POOL_RULES,
        required_for(
            "model", "OpenAI", "OpenAICompatible", "WorkerPool", example="gpt-4o-mini-transcribe or whisper-1"
        ),
        only_for("deepgram", "Deepgram"),
        only_for("flux", "DeepgramFlux"),
        only_for("transcription", "OpenAI", "OpenAICompatible", "WorkerPool"),
    )


class SttFallback(SttProvider, Fallback):
    """A recogniser that takes over while those before it are in trouble."""


class SttSpec(SttProvider):
    """Speech to text."""

    fallbacks: Annotated[tuple[SttFallback, ...], FALLBACKS] | None = None
    """Recognisers that take over, in their order, while those before them are in trouble."""
