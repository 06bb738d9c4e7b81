"""`spec.pipeline`: the three stages of a spoken reply, and how they cope with trouble."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from parley_operator.api.base import ResourceModel, Rule
from parley_operator.api.durations import seconds
from parley_operator.api.llm import LlmSpec
from parley_operator.api.stt import SttSpec
from parley_operator.api.tts import TtsSpec
from parley_operator.api.values import Duration, Quantity


class ResilienceSpec(ResourceModel):
    """How a stage copes with a provider in trouble before it goes to the next."""

    retries: Annotated[int, Field(ge=0, le=5)] | None = None
    """Further attempts of one request at the same provider. Default 1."""
    breaker_failures: Annotated[int, Field(ge=1, le=100)] | None = None
    """Failures in a row after which a provider is left alone. Default 5."""
    breaker_probe_interval: Duration | None = None
    """How often a provider that is left alone is tried, 1s to 10m. Default 10s."""

    rules = (
        Rule(
            cel="!has(self.breakerProbeInterval) || (duration(self.breakerProbeInterval) >= duration('1s') && "
            "duration(self.breakerProbeInterval) <= duration('10m'))",
            message="breakerProbeInterval must be between 1s and 10m",
            field="breakerProbeInterval",
            holds=lambda spec: (
                spec.breaker_probe_interval is None or 1 <= seconds(spec.breaker_probe_interval) <= 600
            ),
        ),
    )


class SpeechCacheSpec(ResourceModel):
    """Speech that was made once and is played again, for texts that are said over and over."""

    max_size: Quantity = "16Mi"
    """Memory for it in each pod."""


class PipelineSpec(ResourceModel):
    """The three stages of a spoken reply. A change rolls the pods, one at a time, after their sessions ended."""

    stt: SttSpec
    """Speech to text."""
    llm: LlmSpec
    """The language model."""
    tts: TtsSpec
    """Text to speech."""
    resilience: ResilienceSpec | None = None
    """How a stage copes with a provider in trouble."""
    speech_cache: SpeechCacheSpec | None = None
    """Set to {} to keep speech that is made over and over."""
