"""Which module serves which provider. Imported only when configured: an SDK costs 40 MB and more."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

from parley_contract.pipeline import DeadlinesConfig, LlmConfig, PipelineConfig, SttConfig, TtsConfig
from parley_gateway.ports import Llm, Stt, Tts

_STT = {"Deepgram": "deepgram", "Embedded": "embedded"}
_LLM = {"Anthropic": "anthropic", "OpenAI": "openai", "Embedded": "embedded"}
_TTS = {"OpenAI": "openai", "Embedded": "embedded"}


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
    return cast("Stt", _create("stt", _STT[config.provider], config, deadlines))


def create_llm(config: LlmConfig, deadlines: DeadlinesConfig) -> Llm:
    """The configured language model."""
    return cast("Llm", _create("llm", _LLM[config.provider], config, deadlines))


def create_tts(config: TtsConfig, deadlines: DeadlinesConfig) -> Tts:
    """The configured voice."""
    return cast("Tts", _create("tts", _TTS[config.provider], config, deadlines))


def _create(stage: str, module: str, config: object, deadlines: DeadlinesConfig) -> Any:
    """Calls `create(config, deadlines)` of `providers/<stage>/<module>.py`."""
    try:
        return import_module(f"parley_gateway.providers.{stage}.{module}").create(config, deadlines)
    except ModuleNotFoundError as error:
        raise ProviderNotInstalledError(
            f"the {stage} provider needs the package {error.name!r}: install parley-voice[{module}]"
        ) from error
