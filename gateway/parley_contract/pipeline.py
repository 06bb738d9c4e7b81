"""The three stages of a spoken reply, who provides them, and what happens when one does not."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from parley_contract.base import ConfigModel, FilePath, Seconds


class Provider(ConfigModel):
    """What a provider over the network has in common with the others."""

    base_url: str | None = None
    """Instead of the provider's own endpoint: a proxy, a region, or an emulator in a test."""
    requests_per_minute: int | None = Field(default=None, ge=1)
    """Of each key. More wait their turn, within the stage's deadline. None leaves it to the provider's 429."""
    concurrent_requests: int | None = Field(default=None, ge=1)
    """Of each key, at a time."""


class KeyedProvider(Provider):
    """A provider that is reached over the network with an API key."""

    api_key_files: list[FilePath] = Field(min_length=1, max_length=16)
    """One key per file, white space around it ignored. Requests are spread over the keys that work."""


class CompatibleProvider(Provider):
    """A server of one's own that speaks a well-known API, at an address that must be said."""

    base_url: str
    api_key_files: list[FilePath] = Field(default=[], max_length=16)


class DeepgramStt(KeyedProvider):
    """Deepgram's streaming API, version 1."""

    provider: Literal["Deepgram"] = "Deepgram"
    model: str = "nova-3"
    keyterms: list[str] = []
    endpointing_ms: int = Field(default=300, ge=10, le=5000)
    """Silence after which Deepgram says `speech_final`."""
    utterance_end_ms: int = Field(default=1000, ge=1000, le=5000)
    """Gap between words after which Deepgram says `UtteranceEnd`; the end of turn where noise hides silence."""


class DeepgramFluxStt(KeyedProvider):
    """Deepgram's conversational API, version 2, which knows the ends of turns by what is said."""

    provider: Literal["DeepgramFlux"] = "DeepgramFlux"
    model: str = "flux-general-en"
    keyterms: list[str] = []
    eager_eot_threshold: float | None = Field(default=0.5, ge=0.3, le=0.9)
    """Confidence from which an answer is drafted before the turn is surely over; None drafts none."""
    eot_threshold: float = Field(default=0.7, ge=0.5, le=0.9)
    eot_timeout_ms: int = Field(default=5000, ge=500, le=10_000)


class OpenAIStt(KeyedProvider):
    """OpenAI's transcription API: whole utterances, cut by voice activity here."""

    provider: Literal["OpenAI"] = "OpenAI"
    model: str
    prompt: str | None = None


class OpenAICompatibleStt(CompatibleProvider):
    """A Whisper or WhisperX server with OpenAI's transcription API."""

    provider: Literal["OpenAICompatible"] = "OpenAICompatible"
    model: str
    prompt: str | None = None


class EmbeddedStt(ConfigModel):
    """Recognition in the gateway's own process, of a small vocabulary, with no account and no network."""

    provider: Literal["Embedded"] = "Embedded"


class ModelSettings(ConfigModel):
    """What every language model over the network is told."""

    model: str
    max_tokens: int = Field(default=1024, ge=1, le=64_000)


ReasoningEffort = Literal["none", "minimal", "low", "medium", "high"]
"""As OpenAI names them; which of them a model takes is the model's own. None leaves it to the model."""


class AnthropicLlm(KeyedProvider, ModelSettings):
    """Anthropic's Messages API."""

    provider: Literal["Anthropic"] = "Anthropic"
    temperature: float | None = Field(default=None, ge=0, le=1)
    thinking: Literal["Disabled", "BetweenTools", "Adaptive"] | None = None
    """Before it speaks: seconds of silence to a caller. None leaves it to the model, of which the newest think."""


class OpenAILlm(KeyedProvider, ModelSettings):
    """OpenAI's chat completions API."""

    provider: Literal["OpenAI"] = "OpenAI"
    temperature: float | None = Field(default=None, ge=0, le=2)
    reasoning_effort: ReasoningEffort | None = None


class OpenAICompatibleLlm(CompatibleProvider, ModelSettings):
    """Any server with OpenAI's chat completions API: LiteLLM, vLLM, and others."""

    provider: Literal["OpenAICompatible"] = "OpenAICompatible"
    temperature: float | None = Field(default=None, ge=0, le=2)
    reasoning_effort: ReasoningEffort | None = None


class GeminiLlm(KeyedProvider, ModelSettings):
    """Google's Gemini API."""

    provider: Literal["Gemini"] = "Gemini"
    temperature: float | None = Field(default=None, ge=0, le=2)
    thinking_level: Literal["Minimal", "Low", "Medium", "High"] | None = None
    """Of Gemini 3 and later. None leaves it to the model, which thinks before it speaks."""
    thinking_budget: int | None = Field(default=None, ge=0, le=32_768)
    """Tokens, of Gemini 2.5; 0 turns it off where the model allows that."""


class EmbeddedLlm(ConfigModel):
    """Scripted replies in the gateway's own process: for a first try, demonstrations and tests."""

    provider: Literal["Embedded"] = "Embedded"


class OpenAITts(KeyedProvider):
    """OpenAI's speech API."""

    provider: Literal["OpenAI"] = "OpenAI"
    model: str
    voice: str = "alloy"
    instructions: str | None = None
    """How to speak; for models that take it."""


class OpenAICompatibleTts(CompatibleProvider):
    """A pool of workers with OpenAI's speech API, such as Piper or CosyVoice."""

    provider: Literal["OpenAICompatible"] = "OpenAICompatible"
    model: str
    voice: str
    sample_rate: int = Field(default=24_000, ge=8000, le=48_000)
    """Hz of the PCM that the server answers with."""


class DeepgramTts(KeyedProvider):
    """Deepgram Aura over its WebSocket."""

    provider: Literal["Deepgram"] = "Deepgram"
    model: str = "aura-2-thalia-en"
    """Names the voice as well."""


class CartesiaTts(KeyedProvider):
    """Cartesia over its WebSocket, with contexts and word timestamps."""

    provider: Literal["Cartesia"] = "Cartesia"
    model: str = "sonic-3"
    voice: str
    """Cartesia's id of the voice."""


class ElevenLabsTts(KeyedProvider):
    """ElevenLabs over its multi-context WebSocket."""

    provider: Literal["ElevenLabs"] = "ElevenLabs"
    model: str = "eleven_flash_v2_5"
    voice: str
    """ElevenLabs' id of the voice."""
    stability: float | None = Field(default=None, ge=0, le=1)
    similarity_boost: float | None = Field(default=None, ge=0, le=1)


class EmbeddedTts(ConfigModel):
    """Speech synthesis in the gateway's own process."""

    provider: Literal["Embedded"] = "Embedded"
    voice: str = "en-us"
    words_per_minute: int = Field(default=170, ge=80, le=400)


SttConfig = Annotated[
    DeepgramStt | DeepgramFluxStt | OpenAIStt | OpenAICompatibleStt | EmbeddedStt, Field(discriminator="provider")
]
LlmConfig = Annotated[
    AnthropicLlm | OpenAILlm | OpenAICompatibleLlm | GeminiLlm | EmbeddedLlm, Field(discriminator="provider")
]
TtsConfig = Annotated[
    OpenAITts | OpenAICompatibleTts | DeepgramTts | CartesiaTts | ElevenLabsTts | EmbeddedTts,
    Field(discriminator="provider"),
]


class SpeechCacheConfig(ConfigModel):
    """Speech that was made once and is played again, for texts that are said over and over."""

    max_bytes: int = Field(default=16 * 1024 * 1024, ge=0)
    """Of PCM, in memory, the least recently used going first. The agent's own phrases are always kept."""


class ResilienceConfig(ConfigModel):
    """How a stage copes with a provider in trouble, before it goes to the next."""

    retries: int = Field(default=1, ge=0, le=5)
    """Further attempts of one request at the same provider, with jitter, where trying again can be of use."""
    breaker_failures: int = Field(default=5, ge=1, le=100)
    """Failures in a row after which a provider is left alone."""
    breaker_probe_interval: Seconds = 10.0
    """How often a provider that is left alone is probed."""


class PipelineConfig(ConfigModel):
    """Each stage's provider, and those that take its place in their order."""

    stt: SttConfig
    llm: LlmConfig
    tts: TtsConfig
    stt_fallbacks: list[SttConfig] = Field(default=[], max_length=4)
    llm_fallbacks: list[LlmConfig] = Field(default=[], max_length=4)
    tts_fallbacks: list[TtsConfig] = Field(default=[], max_length=4)
    resilience: ResilienceConfig = ResilienceConfig()
    speech_cache: SpeechCacheConfig | None = None


class StageDeadlines(ConfigModel):
    """One stage's own; what is None is as for all stages."""

    connect: Seconds | None = None
    first_byte: Seconds | None = None
    between_bytes: Seconds | None = None


class DeadlinesConfig(ConfigModel):
    """How long a provider may take before its answer counts as failed."""

    connect: Seconds = 5.0
    first_byte: Seconds = 10.0
    between_bytes: Seconds = 5.0
    stt: StageDeadlines = StageDeadlines()
    llm: StageDeadlines = StageDeadlines()
    tts: StageDeadlines = StageDeadlines()

    def of(self, stage: Literal["stt", "llm", "tts"]) -> DeadlinesConfig:
        """Those of one stage."""
        own: StageDeadlines = getattr(self, stage)
        return self.model_copy(update=own.model_dump(exclude_none=True))

    @property
    def to_begin(self) -> float:
        """What a provider may take to begin an answer, its connection included."""
        return self.connect + self.first_byte
