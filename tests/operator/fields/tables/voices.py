"""`spec.pipeline.tts`: who speaks."""

from __future__ import annotations

from collections.abc import Mapping

from tests.operator.fields.row import Row, below, table
from tests.operator.fields.shared import as_fallback, fallback_name, secret_rows
from tests.unit.operator.examples import KEYED_TTS, MINIMAL, secret

PIPER = {
    "provider": "OpenAICompatible",
    "baseURL": "http://piper.example.com/v1",
    "model": "piper",
    "voice": "amy",
}
ELEVEN = {"provider": "ElevenLabs", "voice": "21m00", "apiKeys": [secret("keys", "eleven")]}


def with_tts(tts: Mapping[str, object]) -> dict[str, object]:
    return {**MINIMAL["spec"]["pipeline"], "tts": tts}


OPENAI = below(
    "spec.pipeline.tts",
    table(
        Row("provider", "Cartesia", {"config pipeline.tts.provider": "Cartesia"}),
        Row("model", "tts-1", {"config pipeline.tts.model": "tts-1"}),
        *secret_rows("apiKeys[]", "config pipeline.tts.api_key_files[0]", name="keys", key="openai"),
        Row(
            "baseURL",
            "https://speech.example.com/v1",
            {"config pipeline.tts.base_url": "https://speech.example.com/v1"},
        ),
        Row("requestsPerMinute", 60, {"config pipeline.tts.requests_per_minute": 60}),
        Row("concurrentRequests", 5, {"config pipeline.tts.concurrent_requests": 5}),
        Row("voice", "coral", {"config pipeline.tts.voice": "coral"}),
        Row("openAI.instructions", "slowly", {"config pipeline.tts.instructions": "slowly"}),
        pipeline=with_tts(KEYED_TTS),
    ),
)

COMPATIBLE = below(
    "spec.pipeline.tts.openAICompatible",
    table(
        Row("sampleRate", 22050, {"config pipeline.tts.sample_rate": 22050}),
        pipeline=with_tts(PIPER),
    ),
)

ELEVENLABS = below(
    "spec.pipeline.tts.elevenLabs",
    table(
        Row("stability", "0.5", {"config pipeline.tts.stability": 0.5}),
        Row("similarityBoost", "1", {"config pipeline.tts.similarity_boost": 1.0}),
        pipeline=with_tts(ELEVEN),
    ),
)

EMBEDDED = below(
    "spec.pipeline.tts.embedded",
    table(
        Row("wordsPerMinute", 150, {"config pipeline.tts.words_per_minute": 150}),
    ),
)

PRIMARY = OPENAI + COMPATIBLE + ELEVENLABS + EMBEDDED
ROWS = (*PRIMARY, *as_fallback("tts", PRIMARY), fallback_name("tts"))
