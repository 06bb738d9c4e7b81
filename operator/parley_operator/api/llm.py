"""`spec.pipeline.llm`: who thinks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from parley_operator.api.base import ResourceModel, Rule
from parley_operator.api.stage import FALLBACKS, STAGE_RULES, Fallback, Stage, only_for, required_for
from parley_operator.api.values import DecimalText


class AnthropicSettings(ResourceModel):
    """What Anthropic's models alone understand."""

    thinking: Literal["Disabled", "BetweenTools", "Adaptive"] | None = None
    """Whether the model thinks before it speaks, which a caller hears as silence. Absent: as the model does."""


class ReasoningSettings(ResourceModel):
    """What OpenAI's models, and those of compatible servers, understand."""

    effort: Literal["None", "Minimal", "Low", "Medium", "High"] | None = None
    """How long the model thinks before it speaks, which a caller hears as silence. Absent: as the model does."""


class GeminiSettings(ResourceModel):
    """What Gemini's models alone understand."""

    thinking_level: Literal["Minimal", "Low", "Medium", "High"] | None = None
    """How long Gemini 3 and later think before they speak. Absent: as the model does."""
    thinking_budget: Annotated[int, Field(ge=0, le=32_768)] | None = None
    """Tokens that Gemini 2.5 may think for; 0 turns it off where the model allows that."""

    rules = (
        Rule(
            cel="!(has(self.thinkingLevel) && has(self.thinkingBudget))",
            message="set thinkingLevel for Gemini 3 and later, or thinkingBudget for Gemini 2.5, not both",
            holds=lambda gemini: gemini.thinking_level is None or gemini.thinking_budget is None,
        ),
    )


class LlmProvider(Stage):
    """A language model."""

    provider: Literal["Anthropic", "OpenAI", "OpenAICompatible", "Gemini", "Embedded"]
    """Anthropic, OpenAI, Gemini, OpenAICompatible (LiteLLM, vLLM, …), or Embedded (scripted replies, no account,
    no network)."""
    max_tokens: Annotated[int, Field(ge=1, le=64_000)] | None = None
    """Longest reply in tokens. Default 1024."""
    temperature: DecimalText | None = None
    """Randomness of the replies as a quoted decimal: "0" to "1" for Anthropic, "0" to "2" for the others."""
    anthropic: AnthropicSettings | None = None
    """Settings of provider Anthropic."""
    reasoning: ReasoningSettings | None = None
    """Settings of providers OpenAI and OpenAICompatible."""
    gemini: GeminiSettings | None = None
    """Settings of provider Gemini."""

    rules = (
        *STAGE_RULES,
        only_for("anthropic", "Anthropic"),
        only_for("reasoning", "OpenAI", "OpenAICompatible"),
        only_for("gemini", "Gemini"),
        required_for(
            "model",
            "Anthropic",
            "OpenAI",
            "OpenAICompatible",
            "Gemini",
            example="claude-haiku-4-5 or gpt-4.1-mini",
        ),
        Rule(
            cel="self.provider != 'Embedded' || (!has(self.maxTokens) && !has(self.temperature))",
            message="provider Embedded takes neither maxTokens nor temperature",
            holds=lambda llm: llm.provider != "Embedded" or (llm.max_tokens is None and llm.temperature is None),
            blame="FieldValueForbidden",
        ),
        Rule(
            cel="!has(self.temperature) || double(self.temperature) <= (self.provider == 'Anthropic' ? 1.0 : 2.0)",
            message='temperature is at most "1" for Anthropic and "2" for the others',
            field="temperature",
            holds=lambda llm: (
                llm.temperature is None or float(llm.temperature) <= (1 if llm.provider == "Anthropic" else 2)
            ),
        ),
    )


class LlmFallback(LlmProvider, Fallback):
    """A model that takes over while those before it are in trouble."""


class LlmSpec(LlmProvider):
    """The language model."""

    fallbacks: Annotated[tuple[LlmFallback, ...], FALLBACKS] | None = None
    """Models that take over, in their order, while those before them are in trouble."""
