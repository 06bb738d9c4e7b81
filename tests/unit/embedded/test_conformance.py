"""The embedded providers keep the contract of the ports, like all others."""

from __future__ import annotations

import pytest

from tests.gateway.providers.conformance_llm import LlmConformance
from tests.gateway.providers.conformance_stt import SttConformance
from tests.gateway.providers.conformance_tts import TtsConformance
from tests.recordings import recording


class TestEmbeddedRecognition(SttConformance):
    @pytest.fixture
    def utterance(self) -> bytes:
        return recording("seven-of-clubs")


class TestEmbeddedReplies(LlmConformance):
    pass


class TestEmbeddedSpeech(TtsConformance):
    pass
