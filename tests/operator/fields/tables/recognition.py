"""`spec.pipeline.stt`: who hears."""

from __future__ import annotations

from collections.abc import Mapping

from tests.operator.fields.row import ABSENT, Row, below, table
from tests.operator.fields.shared import as_fallback, fallback_name, secret_rows
from tests.unit.operator.examples import KEYED_STT, MINIMAL, secret

WHISPER = {"provider": "OpenAICompatible", "baseURL": "http://whisper.example.com/v1", "model": "large-v3"}
FLUX = {"provider": "DeepgramFlux", "apiKeys": [secret("keys", "deepgram")]}


def with_stt(stt: Mapping[str, object]) -> dict[str, object]:
    return {**MINIMAL["spec"]["pipeline"], "stt": stt}


DEEPGRAM = below(
    "spec.pipeline.stt",
    table(
        Row(
            "provider",
            "Embedded",
            {
                "config pipeline.stt.api_key_files": ABSENT,
                "config pipeline.stt.model": ABSENT,
                "config pipeline.stt.provider": "Embedded",
                "secrets keys": ABSENT,
            },
            also={"model": ABSENT, "apiKeys": ABSENT},
        ),
        Row("model", "nova-2", {"config pipeline.stt.model": "nova-2"}),
        *secret_rows("apiKeys[]", "config pipeline.stt.api_key_files[0]", name="keys", key="deepgram"),
        Row(
            "baseURL",
            "https://deepgram.example.com",
            {"config pipeline.stt.base_url": "https://deepgram.example.com"},
        ),
        Row("requestsPerMinute", 60, {"config pipeline.stt.requests_per_minute": 60}),
        Row("concurrentRequests", 5, {"config pipeline.stt.concurrent_requests": 5}),
        Row("deepgram.keyterms", ["rye"], {"config pipeline.stt.keyterms": ["rye"]}),
        Row("deepgram.endpointing", "400ms", {"config pipeline.stt.endpointing_ms": 400}),
        Row("deepgram.utteranceEnd", "2s", {"config pipeline.stt.utterance_end_ms": 2000}),
        pipeline=with_stt(KEYED_STT),
    ),
)

FLUX_SETTINGS = below(
    "spec.pipeline.stt.flux",
    table(
        Row("keyterms", ["rye"], {"config pipeline.stt.keyterms": ["rye"]}),
        Row("eagerThreshold", "0.4", {"config pipeline.stt.eager_eot_threshold": 0.4}),
        Row("threshold", "0.8", {"config pipeline.stt.eot_threshold": 0.8}),
        Row("timeout", "3s", {"config pipeline.stt.eot_timeout_ms": 3000}),
        pipeline=with_stt(FLUX),
    ),
)

TRANSCRIPTION = below(
    "spec.pipeline.stt.transcription",
    table(
        Row("prompt", "Rye, wheat.", {"config pipeline.stt.prompt": "Rye, wheat."}),
        pipeline=with_stt(WHISPER),
    ),
)

PRIMARY = DEEPGRAM + FLUX_SETTINGS + TRANSCRIPTION
ROWS = (*PRIMARY, *as_fallback("stt", PRIMARY), fallback_name("stt"))
