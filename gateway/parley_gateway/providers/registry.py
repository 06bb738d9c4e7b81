"""Which module serves which provider. Imported only when configured: an SDK costs 40 MB and more."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

from parley_contract.pipeline import (
    CompatibleProvider,
    DeadlinesConfig,
    KeyedProvider,
    LlmConfig,
    PipelineConfig,
    SttConfig,
    TtsConfig,
)
from parley_gateway.conversation.events import Stage
from parley_gateway.ports import Llm, Stt, Tts
from parley_gateway.providers.credentials import Keys
from parley_gateway.providers.resilience.key_ring import KeyLimits

AnyConfig = SttConfig | LlmConfig | TtsConfig

_MODULES: dict[Stage, dict[str, str]] = {
    Stage.STT: {
        "Deepgram": "deepgram",
        "DeepgramFlux": "deepgram_flux",
        "OpenAI": "openai",
        "OpenAICompatible": "openai",
        "Embedded": "embedded",
    },
    Stage.LLM: {
        "Anthropic": "anthropic",
        "OpenAI": "openai",
        "OpenAICompatible": "openai",
        "Gemini": "gemini",
        "Embedded": "embedded",
    },
    Stage.TTS: {
        "OpenAI": "openai",
        "OpenAICompatible": "openai",
        "Deepgram": "deepgram",
        "Cartesia": "cartesia",
        "ElevenLabs": "elevenlabs",
        "Embedded": "embedded",
    },
}


class ProviderNotInstalledError(RuntimeError):
    """The configured provider's packages are not there."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The providers of a process, one per stage."""

    stt: Stt
    llm: Llm
    tts: Tts


def create_pipeline(config: PipelineConfig, deadlines: DeadlinesConfig) -> Pipeline:
    """The configured providers, not connected yet. Raises ProviderNotInstalledError.

    Key files are read when they are needed: a missing one is a ProviderError of `warm` and of every request, so
    that a gateway says what it lacks instead of crashing in a loop.
    """
    return Pipeline(
        stt=create_stt(config.stt, deadlines),
        llm=create_llm(config.llm, deadlines),
        tts=create_tts(config.tts, deadlines),
    )


def create_stt(config: SttConfig, deadlines: DeadlinesConfig) -> Stt:
    """The configured recogniser."""
    return cast("Stt", _create(Stage.STT, config, deadlines))


def create_llm(config: LlmConfig, deadlines: DeadlinesConfig) -> Llm:
    """The configured language model."""
    return cast("Llm", _create(Stage.LLM, config, deadlines))


def create_tts(config: TtsConfig, deadlines: DeadlinesConfig) -> Tts:
    """The configured voice."""
    return cast("Tts", _create(Stage.TTS, config, deadlines))


def _create(stage: Stage, config: AnyConfig, deadlines: DeadlinesConfig) -> Any:
    """Calls `create` of `providers/<stage>/<module>.py`: what is reached over the network is given its keys."""
    module = _MODULES[stage][config.provider]
    try:
        create = import_module(f"parley_gateway.providers.{stage}.{module}").create
    except ModuleNotFoundError as error:
        raise ProviderNotInstalledError(
            f"the {stage} provider needs the package {error.name!r}: install parley-voice[{module}]"
        ) from error
    if isinstance(config, KeyedProvider | CompatibleProvider):
        return create(config, deadlines, _keys(stage, config, deadlines))
    return create(config, deadlines)


def _keys(stage: Stage, config: KeyedProvider | CompatibleProvider, deadlines: DeadlinesConfig) -> Keys:
    """A provider's keys; waiting for one is given as long as waiting for a connection."""
    limits = KeyLimits(config.requests_per_minute, config.concurrent_requests)
    return Keys(
        stage,
        config.api_key_files,
        limits=limits,
        patience_s=deadlines.connect,
    )
