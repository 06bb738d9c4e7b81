"""`spec.pipeline.llm`: who thinks."""

from __future__ import annotations

from collections.abc import Mapping

from tests.operator.fields.row import Row, below, table
from tests.operator.fields.shared import as_fallback, fallback_name, secret_rows
from tests.unit.operator.examples import KEYED_LLM, MINIMAL, secret

GPT = {"provider": "OpenAI", "model": "gpt-4.1-mini", "apiKeys": [secret("keys", "openai")]}
GEMINI = {"provider": "Gemini", "model": "gemini-2.5-flash", "apiKeys": [secret("keys", "gemini")]}


def with_llm(llm: Mapping[str, object]) -> dict[str, object]:
    return {**MINIMAL["spec"]["pipeline"], "llm": llm}


ANTHROPIC = below(
    "spec.pipeline.llm",
    table(
        Row(
            "provider",
            "Gemini",
            {"config pipeline.llm.model": "gemini-2.5-flash", "config pipeline.llm.provider": "Gemini"},
            also={"model": "gemini-2.5-flash"},
        ),
        Row("model", "claude-sonnet-4-5", {"config pipeline.llm.model": "claude-sonnet-4-5"}),
        *secret_rows("apiKeys[]", "config pipeline.llm.api_key_files[0]", name="keys", key="anthropic"),
        Row("baseURL", "https://llm.example.com", {"config pipeline.llm.base_url": "https://llm.example.com"}),
        Row("requestsPerMinute", 60, {"config pipeline.llm.requests_per_minute": 60}),
        Row("concurrentRequests", 5, {"config pipeline.llm.concurrent_requests": 5}),
        Row("maxTokens", 200, {"config pipeline.llm.max_tokens": 200}),
        Row("temperature", "0.5", {"config pipeline.llm.temperature": 0.5}),
        Row("anthropic.thinking", "Disabled", {"config pipeline.llm.thinking": "Disabled"}),
        pipeline=with_llm(KEYED_LLM),
    ),
)

OPENAI = below(
    "spec.pipeline.llm.reasoning",
    table(
        Row("effort", "Low", {"config pipeline.llm.reasoning_effort": "low"}),
        pipeline=with_llm(GPT),
    ),
)

GEMINI_SETTINGS = below(
    "spec.pipeline.llm.gemini",
    table(
        Row("thinkingLevel", "Low", {"config pipeline.llm.thinking_level": "Low"}),
        Row("thinkingBudget", 0, {"config pipeline.llm.thinking_budget": 0}),
        pipeline=with_llm(GEMINI),
    ),
)

PRIMARY = ANTHROPIC + OPENAI + GEMINI_SETTINGS
ROWS = (*PRIMARY, *as_fallback("llm", PRIMARY), fallback_name("llm"))
