"""`spec.pipeline`: what happens where a provider is in trouble."""

from __future__ import annotations

from tests.operator.fields.row import Row, below, table

ROWS = below(
    "spec.pipeline",
    table(
        Row("resilience.retries", 2, {"config pipeline.resilience.retries": 2}),
        Row("resilience.breakerFailures", 3, {"config pipeline.resilience.breaker_failures": 3}),
        Row("resilience.breakerProbeInterval", "5s", {"config pipeline.resilience.breaker_probe_interval": 5.0}),
        Row("deadlines.stt.connect", "4s", {"config deadlines.stt.connect": 4.0}),
        Row("deadlines.stt.firstByte", "4s", {"config deadlines.stt.first_byte": 4.0}),
        Row("deadlines.stt.betweenBytes", "4s", {"config deadlines.stt.between_bytes": 4.0}),
        Row("deadlines.llm.connect", "4s", {"config deadlines.llm.connect": 4.0}),
        Row("deadlines.llm.firstByte", "4s", {"config deadlines.llm.first_byte": 4.0}),
        Row("deadlines.llm.betweenBytes", "4s", {"config deadlines.llm.between_bytes": 4.0}),
        Row("deadlines.tts.connect", "4s", {"config deadlines.tts.connect": 4.0}),
        Row("deadlines.tts.firstByte", "4s", {"config deadlines.tts.first_byte": 4.0}),
        Row("deadlines.tts.betweenBytes", "4s", {"config deadlines.tts.between_bytes": 4.0}),
        Row("speechCache.maxSize", "32Mi", {"config pipeline.speech_cache.max_bytes": 33554432}),
    ),
)
