"""GatewayConfig: everything that one gateway process is told, as the operator writes it and the gateway reads it.

The operator serialises with `exclude_unset`, so that a new default in a later release never changes the bytes
of an existing deployment. Secrets are never in here: the config names files that hold them. All durations are
seconds, all sizes bytes.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA_VERSION = 1
"""The schema this release writes. A gateway reads this version and the one before it."""

Seconds = Annotated[float, Field(gt=0)]
FilePath = PurePosixPath


class ConfigModel(BaseModel):
    """A part of the configuration: immutable, and unknown fields are errors rather than typos that do nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AgentText(ConfigModel):
    """What the agent is told and says first: read again for every new session, so an edit needs no restart."""

    instructions: str = ""
    greeting: str | None = None
    """Spoken as soon as a session starts; None lets the caller speak first."""
    language: str = "en-US"
    """BCP 47 tag, given to every stage that takes one."""


class AgentConfig(ConfigModel):
    """Where the agent's text is. The files may change while the gateway runs."""

    file: FilePath
    """A JSON file in the shape of `AgentText`."""
    instructions_file: FilePath | None = None
    """Plain text that takes the place of `AgentText.instructions`, for instructions kept in a Secret."""


class KeyedProvider(ConfigModel):
    """A provider that is reached over the network with an API key."""

    api_key_files: list[FilePath] = Field(min_length=1, max_length=16)
    """One key per file, white space around it ignored. The first is used until later releases balance them."""
    base_url: str | None = None
    """Instead of the provider's own endpoint: a proxy, a region, or an emulator in a test."""


class DeepgramStt(KeyedProvider):
    """Deepgram's streaming API, version 1."""

    provider: Literal["Deepgram"] = "Deepgram"
    model: str = "nova-3"
    keyterms: list[str] = []
    endpointing_ms: int = Field(default=300, ge=10, le=5000)
    """Silence after which Deepgram says `speech_final`."""
    utterance_end_ms: int = Field(default=1000, ge=1000, le=5000)
    """Gap between words after which Deepgram says `UtteranceEnd`; the end of turn where noise hides silence."""


class EmbeddedStt(ConfigModel):
    """Recognition in the gateway's own process, of a small vocabulary, with no account and no network."""

    provider: Literal["Embedded"] = "Embedded"


class AnthropicLlm(KeyedProvider):
    """Anthropic's Messages API."""

    provider: Literal["Anthropic"] = "Anthropic"
    model: str
    max_tokens: int = Field(default=1024, ge=1, le=64_000)
    temperature: float | None = Field(default=None, ge=0, le=1)


class OpenAILlm(KeyedProvider):
    """OpenAI's chat completions API."""

    provider: Literal["OpenAI"] = "OpenAI"
    model: str
    max_tokens: int = Field(default=1024, ge=1, le=64_000)
    temperature: float | None = Field(default=None, ge=0, le=2)


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


class EmbeddedTts(ConfigModel):
    """Speech synthesis in the gateway's own process."""

    provider: Literal["Embedded"] = "Embedded"
    voice: str = "en-us"
    words_per_minute: int = Field(default=170, ge=80, le=400)


SttConfig = Annotated[DeepgramStt | EmbeddedStt, Field(discriminator="provider")]
LlmConfig = Annotated[AnthropicLlm | OpenAILlm | EmbeddedLlm, Field(discriminator="provider")]
TtsConfig = Annotated[OpenAITts | EmbeddedTts, Field(discriminator="provider")]


class PipelineConfig(ConfigModel):
    """The three stages of a spoken reply."""

    stt: SttConfig
    llm: LlmConfig
    tts: TtsConfig


class NativeProtocolConfig(ConfigModel):
    """Where the native protocol is served."""

    name: Literal["Native"] = "Native"
    paths: list[str] = Field(default=["/v1/voice"], min_length=1, max_length=16)


class TokenAuth(ConfigModel):
    """Static tokens: whoever sends one of them is let in, under the name of its file."""

    token_files: list[FilePath] = Field(min_length=1, max_length=64)


class AuthConfig(ConfigModel):
    """Who may connect: holders of a token, or everyone when that is said."""

    tokens: TokenAuth | None = None
    anonymous: bool = False


class LimitsConfig(ConfigModel):
    """Bounds of one session and of one process."""

    session_duration: Seconds = 1800.0
    idle_timeout: Seconds = 300.0
    """Without speech or text from the caller or speech of the agent."""
    sessions_per_pod: int = Field(default=100, ge=1, le=10_000)
    connections_per_pod: int = Field(default=1000, ge=1, le=100_000)
    frame_bytes: int = Field(default=65_536, ge=1024, le=1_048_576)
    """Largest WebSocket message a client may send."""


class TurnTakingConfig(ConfigModel):
    """All timings of turn-taking in one place."""

    min_speech_duration: Seconds = 0.2
    """Speech shorter than this pauses a reply but does not end it."""
    end_of_speech_silence: Seconds = 0.6
    """Silence that ends a turn where the recogniser itself does not say when one ends."""
    transcript_timeout: Seconds = 3.0
    """How long to wait for a final transcript after speech stopped, before what is there is used."""


class DeadlinesConfig(ConfigModel):
    """How long a provider may take before its answer counts as failed."""

    connect: Seconds = 5.0
    first_byte: Seconds = 10.0
    between_bytes: Seconds = 5.0


class DrainConfig(ConfigModel):
    """What happens between SIGTERM and the end."""

    timeout: Seconds = 1800.0
    """How long sessions may go on after SIGTERM."""


class GatewayConfig(ConfigModel):
    """One gateway process."""

    schema_version: Literal[1] = 1
    name: str = Field(default="parley", max_length=253)
    """The VoiceDeployment's name, for logs and metrics."""
    namespace: str = Field(default="", max_length=253)
    port: int = Field(default=8080, ge=1, le=65_535)
    agent: AgentConfig
    pipeline: PipelineConfig
    protocols: list[NativeProtocolConfig] = Field(default=[NativeProtocolConfig()], min_length=1, max_length=8)
    auth: AuthConfig = AuthConfig()
    limits: LimitsConfig = LimitsConfig()
    turn_taking: TurnTakingConfig = TurnTakingConfig()
    deadlines: DeadlinesConfig = DeadlinesConfig()
    drain: DrainConfig = DrainConfig()
    log_level: Literal["Debug", "Info", "Warning", "Error"] = "Info"
