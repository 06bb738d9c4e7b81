"""`spec.pipeline`: the three stages of a spoken reply, and how they cope with trouble."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from parley_operator.api.base import ResourceModel
from parley_operator.api.bounds import between
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

    rules = (between("breakerProbeInterval", "breaker_probe_interval", "1s", "10m"),)


class DeadlinesSpec(ResourceModel):
    """How long the providers of a stage may take before an answer counts as failed."""

    connect: Duration | None = None
    """To have a connection, and a key with room, 100ms to 1m. Default 5s."""
    first_byte: Duration | None = None
    """From the request to the first piece of the answer, 100ms to 5m. Default 10s."""
    between_bytes: Duration | None = None
    """From one piece of the answer to the next, 100ms to 5m. Default 5s."""

    rules = (
        between("connect", "connect", "100ms", "1m"),
        between("firstByte", "first_byte", "100ms", "5m"),
        between("betweenBytes", "between_bytes", "100ms", "5m"),
    )


class StageDeadlinesSpec(ResourceModel):
    """How long the providers of each stage may take."""

    stt: DeadlinesSpec | None = None
    """Speech to text; its first byte is anything that it says of the audio, of silence too."""
    llm: DeadlinesSpec | None = None
    """The language model."""
    tts: DeadlinesSpec | None = None
    """Text to speech."""


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
    deadlines: StageDeadlinesSpec | None = None
    """How long the providers of each stage may take, each of them."""
    speech_cache: SpeechCacheSpec | None = None
    """Set to {} to keep speech that is made over and over."""
