"""Which module serves which provider. Imported only when configured: an SDK costs 40 MB and more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, cast

from parley_contract.agent import AgentText
from parley_contract.pipeline import (
    CompatibleProvider,
    DeadlinesConfig,
    KeyedProvider,
    LlmConfig,
    OpenAICompatibleStt,
    OpenAIStt,
    PipelineConfig,
    ResilienceConfig,
    SttConfig,
    TtsConfig,
)
from parley_contract.turn_taking import TurnTakingConfig
from parley_gateway.audio.activity import create_voice_activity
from parley_gateway.audio.resample import HIGHEST_RATE, prepare
from parley_gateway.conversation.events import Stage
from parley_gateway.ports import Llm, Stt, Tts, VoiceActivity
from parley_gateway.providers.credentials import Keys
from parley_gateway.providers.rates import at_rate
from parley_gateway.providers.resilience.breaker import Breaker
from parley_gateway.providers.resilience.cached_tts import CachedTts
from parley_gateway.providers.resilience.key_ring import KeyLimits
from parley_gateway.providers.resilience.lineup import Lineup
from parley_gateway.providers.resilience.llm import ResilientLlm
from parley_gateway.providers.resilience.llm import probe as probe_llm
from parley_gateway.providers.resilience.member import Member
from parley_gateway.providers.resilience.observer import ResilienceObserver, Unwatched
from parley_gateway.providers.resilience.speech_cache import SpeechCache
from parley_gateway.providers.resilience.stt import ResilientStt
from parley_gateway.providers.resilience.stt import probe as probe_stt
from parley_gateway.providers.resilience.tts import ResilientTts
from parley_gateway.providers.resilience.tts import probe as probe_tts

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


_SOME_RATE = HIGHEST_RATE
"""Hz, for clients whose rate is their choice: no provider's own, so that they are ready for any."""


class ProviderNotInstalledError(RuntimeError):
    """The configured provider's packages are not there."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The providers of a process: per stage the one that is meant, and those that stand in for it."""

    stt: Stt
    llm: Llm
    tts: Tts
    voice_activity: VoiceActivity | None = None
    """What hears speech beside the recogniser; None where that is enough."""
    report: Callable[[Stage], list[dict[str, Any]]] = lambda _: []
    """How each provider of a stage fares, in words and numbers for people."""

    def at(self, *, input_rate: int, output_rate: int) -> Pipeline:
        """The same providers for a client with audio of these rates in Hz."""
        return replace(self, stt=at_rate(self.stt, input_rate), tts=at_rate(self.tts, output_rate))


def create_pipeline(
    config: PipelineConfig,
    deadlines: DeadlinesConfig,
    *,
    turn_taking: TurnTakingConfig | None = None,
    agent: Callable[[], AgentText] = AgentText,
    observer: ResilienceObserver | None = None,
    line_rate: int | None = None,
) -> Pipeline:
    """The configured providers, not connected yet. Raises ProviderNotInstalledError.

    `agent`: its text as it is now, whose phrases are spoken in advance. `line_rate`: Hz of the audio of all
    clients, where they have one in common: then nothing is ever made at a higher one.

    Key files are read when they are needed: a missing one is a ProviderError of `warm` and of every request, so
    that a gateway says what it lacks instead of crashing in a loop.
    """
    observer = observer or Unwatched()
    turn_taking = turn_taking or TurnTakingConfig()
    recognisers = [config.stt, *config.stt_fallbacks]
    hearing = _create_hearing(turn_taking, recognisers)
    build = _Builder(config.resilience, deadlines, observer, hearing, line_rate)
    stt: Lineup[Stt] = build.lineup(Stage.STT, recognisers, build.probe_stt)
    llm: Lineup[Llm] = build.lineup(Stage.LLM, [config.llm, *config.llm_fallbacks], probe_llm)
    tts: Lineup[Tts] = build.lineup(Stage.TTS, [config.tts, *config.tts_fallbacks], probe_tts)
    lineups: dict[Stage, Lineup[Any]] = {Stage.STT: stt, Stage.LLM: llm, Stage.TTS: tts}
    spoken_in, written_in = deadlines.of("tts"), deadlines.of("llm")
    voices = ResilientTts(tts, first_s=spoken_in.to_begin, between_s=spoken_in.between_bytes)
    cache = SpeechCache(config.speech_cache.max_bytes if config.speech_cache else 0)
    return Pipeline(
        stt=ResilientStt(stt),
        voice_activity=hearing if _hears_beside(turn_taking, recognisers) else None,
        llm=ResilientLlm(llm, between_s=written_in.between_bytes),
        tts=CachedTts(voices, cache, agent=agent, observer=observer),
        report=lambda stage: lineups[stage].report(),
    )


@dataclass(frozen=True, slots=True)
class _Builder:
    """What all stages of a process have in common."""

    resilience: ResilienceConfig
    deadlines: DeadlinesConfig
    observer: ResilienceObserver
    hearing: VoiceActivity | None
    line_rate: int | None

    def lineup(
        self, stage: Stage, configs: Sequence[AnyConfig], probe: Callable[[Any], Awaitable[None]]
    ) -> Lineup[Any]:
        """The providers of a stage, in their order."""
        members = [
            self._member(stage, name, config) for name, config in zip(_names(configs), configs, strict=True)
        ]
        patience_s = self.deadlines.of(stage.value).to_begin
        return Lineup(members, probe=probe, retries=self.resilience.retries, patience_s=patience_s)

    async def probe_stt(self, stt: Stt) -> None:
        """Longer than a recogniser may keep silent. Raises ProviderError."""
        await probe_stt(stt, listen_s=self.deadlines.of("stt").to_begin + 1)

    def _member(self, stage: Stage, name: str, config: AnyConfig) -> Member[Any]:
        deadlines = self.deadlines.of(stage.value)
        keys = keys_of(stage, config, deadlines, name=name, observer=self.observer)
        breaker = Breaker(self.resilience.breaker_failures, self.resilience.breaker_probe_interval)
        provider = _create(stage, config, deadlines, keys, hearing=self.hearing)
        if stage is not Stage.LLM:
            provider = at_rate(provider, self.line_rate) if self.line_rate else provider
            prepare(provider.sample_rate, self.line_rate or _SOME_RATE)
        return Member(
            stage=stage, name=name, provider=provider, breaker=breaker, observer=self.observer, keys=keys
        )


def _names(configs: Sequence[AnyConfig]) -> list[str]:
    """As the configuration has them, numbered from the second of a kind on."""
    kinds = [config.provider for config in configs]
    return [
        kind if (number := kinds[: at + 1].count(kind)) == 1 else f"{kind} {number}"
        for at, kind in enumerate(kinds)
    ]


def create_stt(config: SttConfig, deadlines: DeadlinesConfig, *, hearing: VoiceActivity | None = None) -> Stt:
    """The configured recogniser. `hearing` cuts utterances for one that cannot; loudness where none is given."""
    return cast("Stt", _create(Stage.STT, config, deadlines, hearing=hearing))


def create_llm(config: LlmConfig, deadlines: DeadlinesConfig) -> Llm:
    """The configured language model."""
    return cast("Llm", _create(Stage.LLM, config, deadlines))


def create_tts(config: TtsConfig, deadlines: DeadlinesConfig) -> Tts:
    """The configured voice."""
    return cast("Tts", _create(Stage.TTS, config, deadlines))


def _create_hearing(config: TurnTakingConfig, recognisers: Sequence[SttConfig]) -> VoiceActivity | None:
    """None where nobody asks it: recognisers that hear speech themselves are enough."""
    if config.voice_activity == "Provider" and not any(_is_cut_by_us(each) for each in recognisers):
        return None
    try:
        return create_voice_activity(config)
    except ModuleNotFoundError as error:
        raise ProviderNotInstalledError(
            f"voice activity by Silero needs the package {error.name!r}: install parley-voice[silero]"
        ) from error


def _hears_beside(config: TurnTakingConfig, recognisers: Sequence[SttConfig]) -> bool:
    """Recognisers of whole utterances have the detector within, and say themselves what it hears."""
    return config.voice_activity != "Provider" and not all(_is_cut_by_us(each) for each in recognisers)


def _is_cut_by_us(recogniser: SttConfig) -> bool:
    return isinstance(recogniser, OpenAIStt | OpenAICompatibleStt)


def _create(
    stage: Stage,
    config: AnyConfig,
    deadlines: DeadlinesConfig,
    keys: Keys | None = None,
    *,
    hearing: VoiceActivity | None = None,
) -> Any:
    """Calls `create` of `providers/<stage>/<module>.py`: what is reached over the network is given its keys."""
    module = _MODULES[stage][config.provider]
    try:
        create = import_module(f"parley_gateway.providers.{stage}.{module}").create
    except ModuleNotFoundError as error:
        raise ProviderNotInstalledError(
            f"the {stage} provider needs the package {error.name!r}: install parley-voice[{module}]"
        ) from error
    keys = keys or keys_of(stage, config, deadlines)
    if keys is None:
        return create(config, deadlines)
    return create(config, deadlines, keys, *([hearing] if stage is Stage.STT else []))


def keys_of(
    stage: Stage,
    config: AnyConfig,
    deadlines: DeadlinesConfig,
    *,
    name: str = "",
    observer: ResilienceObserver | None = None,
) -> Keys | None:
    """The keys of a provider that is reached over the network.

    Waiting for one is given as long as waiting for a connection.
    """
    if not isinstance(config, KeyedProvider | CompatibleProvider):
        return None
    return Keys(
        stage,
        config.api_key_files,
        limits=KeyLimits(config.requests_per_minute, config.concurrent_requests),
        patience_s=deadlines.connect,
        provider=name or config.provider,
        observer=observer,
    )
