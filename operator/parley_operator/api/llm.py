"""`spec.pipeline.llm`: who thinks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from parley_operator.api.base import Rule
from parley_operator.api.stage import FALLBACKS, STAGE_RULES, Fallback, Stage, required_for
from parley_operator.api.values import DecimalText


class LlmProvider(Stage):
    """A language model."""

    provider: Literal["Anthropic", "OpenAI", "OpenAICompatible", "Gemini", "Embedded"]
    """Anthropic, OpenAI, Gemini, OpenAICompatible (LiteLLM, vLLM, …), or Embedded (scripted replies, no account,
    no network)."""
    max_tokens: Annotated[int, Field(ge=1, le=64_000)] | None = None
    """Longest reply in tokens. Default 1024."""
    temperature: DecimalText | None = None
    """Randomness of the replies as a quoted decimal: "0" to "1" for Anthropic, "0" to "2" for the others."""

    rules = (
        *STAGE_RULES,
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
