"""`spec.pipeline`: the three stages of a spoken reply, and who provides them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from parley_operator.api.base import ResourceModel, Rule
from parley_operator.api.durations import seconds
from parley_operator.api.references import SecretSource
from parley_operator.api.values import BaseUrl, DecimalText, Duration, Keyterm, ModelName, VoiceName

ApiKeys = Annotated[
    tuple[SecretSource, ...],
    Field(min_length=1, max_length=16, json_schema_extra={"x-kubernetes-list-type": "atomic"}),
]


class Stage(ResourceModel):
    """What all stages have in common."""

    provider: str
    model: ModelName | None = None
    """The provider's name of the model."""
    api_keys: ApiKeys | None = None
    """Where the provider's API keys are. A change of a key rolls the pods."""
    base_url: Annotated[BaseUrl | None, Field(alias="baseURL")] = None
    """Address to use instead of the provider's own: a proxy, a region, a compatible server."""


KEY_REQUIRED = Rule(
    cel="self.provider == 'Embedded' || has(self.apiKeys)",
    message="apiKeys is required for this provider: name the Secret and the key that hold its API key",
    field="apiKeys",
    holds=lambda stage: stage.provider == "Embedded" or stage.api_keys is not None,
    blame="FieldValueRequired",
)
KEY_FORBIDDEN = Rule(
    cel="self.provider != 'Embedded' || !has(self.apiKeys)",
    message="provider Embedded takes no apiKeys: it runs in the gateway itself",
    field="apiKeys",
    holds=lambda stage: stage.provider != "Embedded" or stage.api_keys is None,
    blame="FieldValueForbidden",
)
NO_REMOTE_SETTINGS = Rule(
    cel="self.provider != 'Embedded' || (!has(self.model) && !has(self.baseURL))",
    message="provider Embedded takes neither model nor baseURL: it runs in the gateway itself",
    holds=lambda stage: stage.provider != "Embedded" or (stage.model is None and stage.base_url is None),
    blame="FieldValueForbidden",
)
STAGE_RULES = (KEY_REQUIRED, KEY_FORBIDDEN, NO_REMOTE_SETTINGS)


def model_required(*, example: str) -> Rule:
    """For stages whose providers have no model that one could take for granted."""
    return Rule(
        cel="self.provider == 'Embedded' || has(self.model)",
        message=f"model is required for this provider, for example {example}",
        field="model",
        holds=lambda stage: stage.provider == "Embedded" or stage.model is not None,
        blame="FieldValueRequired",
    )


class DeepgramSettings(ResourceModel):
    """What Deepgram alone understands."""

    keyterms: Annotated[tuple[Keyterm, ...], Field(max_length=100)] | None = None
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


class SttSpec(Stage):
    """Speech to text."""

    provider: Literal["Deepgram", "Embedded"]
    """Deepgram (streaming, needs an API key) or Embedded (a small vocabulary, no account, no network)."""
    deepgram: DeepgramSettings | None = None
    """Settings of provider Deepgram."""

    rules = (
        *STAGE_RULES,
        Rule(
            cel="self.provider == 'Deepgram' || !has(self.deepgram)",
            message="deepgram may be set for provider Deepgram only",
            field="deepgram",
            holds=lambda stt: stt.provider == "Deepgram" or stt.deepgram is None,
            blame="FieldValueForbidden",
        ),
    )


class LlmSpec(Stage):
    """The language model."""

    provider: Literal["Anthropic", "OpenAI", "Embedded"]
    """Anthropic, OpenAI, or Embedded (scripted replies, no account, no network)."""
    max_tokens: Annotated[int, Field(ge=1, le=64_000)] | None = None
    """Longest reply in tokens. Default 1024."""
    temperature: DecimalText | None = None
    """Randomness of the replies as a quoted decimal: "0" to "1" for Anthropic, "0" to "2" for OpenAI."""

    rules = (
        *STAGE_RULES,
        model_required(example="claude-haiku-4-5 or gpt-4.1-mini"),
        Rule(
            cel="self.provider != 'Embedded' || (!has(self.maxTokens) && !has(self.temperature))",
            message="provider Embedded takes neither maxTokens nor temperature",
            holds=lambda llm: llm.provider != "Embedded" or (llm.max_tokens is None and llm.temperature is None),
            blame="FieldValueForbidden",
        ),
        Rule(
            cel="!has(self.temperature) || double(self.temperature) <= (self.provider == 'Anthropic' ? 1.0 : 2.0)",
            message='temperature is at most "1" for Anthropic and "2" for OpenAI',
            field="temperature",
            holds=lambda llm: (
                llm.temperature is None or float(llm.temperature) <= (1 if llm.provider == "Anthropic" else 2)
            ),
        ),
    )


class OpenAISpeechSettings(ResourceModel):
    """What OpenAI's speech models alone understand."""

    instructions: Annotated[str, Field(min_length=1, max_length=4096)] | None = None
    """How to speak, in words: "calm, a little slower"."""


class EmbeddedSpeechSettings(ResourceModel):
    """What embedded speech alone understands."""

    words_per_minute: Annotated[int, Field(ge=80, le=400)] | None = None
    """Speed of the voice. Default 170."""


class TtsSpec(Stage):
    """Text to speech."""

    provider: Literal["OpenAI", "Embedded"]
    """OpenAI, or Embedded (a synthetic voice, no account, no network)."""
    voice: VoiceName | None = None
    """The provider's name of the voice. Default alloy for OpenAI, en-us for Embedded."""
    openai: Annotated[OpenAISpeechSettings | None, Field(alias="openAI")] = None
    """Settings of provider OpenAI."""
    embedded: EmbeddedSpeechSettings | None = None
    """Settings of provider Embedded."""

    rules = (
        *STAGE_RULES,
        model_required(example="gpt-4o-mini-tts"),
        Rule(
            cel="self.provider == 'OpenAI' || !has(self.openAI)",
            message="openAI may be set for provider OpenAI only",
            field="openAI",
            holds=lambda tts: tts.provider == "OpenAI" or tts.openai is None,
            blame="FieldValueForbidden",
        ),
        Rule(
            cel="self.provider == 'Embedded' || !has(self.embedded)",
            message="embedded may be set for provider Embedded only",
            field="embedded",
            holds=lambda tts: tts.provider == "Embedded" or tts.embedded is None,
            blame="FieldValueForbidden",
        ),
    )


class PipelineSpec(ResourceModel):
    """The three stages of a spoken reply. A change rolls the pods, one at a time, after their sessions ended."""

    stt: SttSpec
    """Speech to text."""
    llm: LlmSpec
    """The language model."""
    tts: TtsSpec
    """Text to speech."""
