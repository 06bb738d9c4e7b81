"""`spec.pipeline.tts`: who speaks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from parley_operator.api.base import ResourceModel, Rule
from parley_operator.api.stage import (
    FALLBACKS,
    POOL_RULES,
    STAGE_RULES,
    Fallback,
    Stage,
    only_for,
    required_for,
)
from parley_operator.api.values import DecimalText, VoiceName
from parley_operator.api.worker_pool_ref import WorkerPoolRef


class OpenAISpeechSettings(ResourceModel):
    """What OpenAI's speech models alone understand."""

    instructions: Annotated[str, Field(min_length=1, max_length=4096)] | None = None
    """How to speak, in words: "calm, a little slower"."""


class CompatibleSpeechSettings(ResourceModel):
    """What a server of one's own answers with."""

    sample_rate: Annotated[int, Field(ge=8000, le=48_000)] | None = None
    """Hz of the PCM that the server makes. Default 24000."""


class ElevenLabsSettings(ResourceModel):
    """What ElevenLabs alone understands, as quoted decimals from "0" to "1"."""

    stability: DecimalText | None = None
    """How even the voice is."""
    similarity_boost: DecimalText | None = None
    """How close it stays to its original."""

    rules = (
        Rule(
            cel="!has(self.stability) || double(self.stability) <= 1.0",
            message='stability is at most "1"',
            field="stability",
            holds=lambda settings: float(settings.stability or 0) <= 1,
        ),
        Rule(
            cel="!has(self.similarityBoost) || double(self.similarityBoost) <= 1.0",
            message='similarityBoost is at most "1"',
            field="similarityBoost",
            holds=lambda settings: float(settings.similarity_boost or 0) <= 1,
        ),
    )


class EmbeddedSpeechSettings(ResourceModel):
    """What embedded speech alone understands."""

    words_per_minute: Annotated[int, Field(ge=80, le=400)] | None = None
    """Speed of the voice. Default 170."""


class TtsProvider(Stage):
    """A voice."""

    provider: Literal["OpenAI", "OpenAICompatible", "WorkerPool", "Deepgram", "Cartesia", "ElevenLabs", "Embedded"]
    """OpenAI, Deepgram (Aura), Cartesia, ElevenLabs, WorkerPool (workers that this resource runs: Piper,
    CosyVoice), OpenAICompatible (workers elsewhere), or Embedded (a synthetic voice, no account, no network)."""
    worker_pool: WorkerPoolRef | None = None
    """The pool, for provider WorkerPool: one with role TTS."""
    voice: VoiceName | None = None
    """The provider's name or id of the voice. Default alloy for OpenAI, en-us for Embedded; Deepgram's models name
    the voice themselves."""
    openai: Annotated[OpenAISpeechSettings | None, Field(alias="openAI")] = None
    """Settings of provider OpenAI."""
    openai_compatible: Annotated[CompatibleSpeechSettings | None, Field(alias="openAICompatible")] = None
    """Settings of providers OpenAICompatible and WorkerPool."""
    eleven_labs: ElevenLabsSettings | None = None
    """Settings of provider ElevenLabs."""
    embedded: EmbeddedSpeechSettings | None = None
    """Settings of provider Embedded."""

    rules = (
        *STAGE_RULES,
        *POOL_RULES,
        required_for("model", "OpenAI", "OpenAICompatible", "WorkerPool", example="gpt-4o-mini-tts"),
        required_for(
            "voice",
            "OpenAICompatible",
            "WorkerPool",
            "Cartesia",
            "ElevenLabs",
            example="the id of a voice of your account",
        ),
        Rule(
            cel="self.provider != 'Deepgram' || !has(self.voice)",
            message="provider Deepgram takes no voice: its model names it, as in aura-2-thalia-en",
            field="voice",
            holds=lambda tts: tts.provider != "Deepgram" or tts.voice is None,
            blame="FieldValueForbidden",
        ),
        only_for("openai", "OpenAI", alias="openAI"),
        only_for("openai_compatible", "OpenAICompatible", "WorkerPool", alias="openAICompatible"),
        only_for("eleven_labs", "ElevenLabs"),
        only_for("embedded", "Embedded"),
    )


class TtsFallback(TtsProvider, Fallback):
    """A voice that takes over while those before it are in trouble."""


class TtsSpec(TtsProvider):
    """Text to speech."""

    fallbacks: Annotated[tuple[TtsFallback, ...], FALLBACKS] | None = None
    """Voices that take over, in their order, while those before them are in trouble."""
