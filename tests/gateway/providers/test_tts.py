"""Every provider of speech keeps the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from parley_contract.pipeline import EmbeddedTts
from parley_gateway.ports import Tts
from parley_gateway.providers.registry import create_tts
from tests.emulators.emulators import Emulators
from tests.gateway.providers import voices
from tests.gateway.providers.conformance_tts import (
    NetworkVoiceConformance,
    SharedLineConformance,
    TtsConformance,
)
from tests.gateway.providers.network import UNHURRIED, Network, open_provider
from tests.gateway.providers.voices import Studio


class TestOpenAI(NetworkVoiceConformance):
    made_by = staticmethod(Network.openai_speech)

    @pytest.fixture
    def studio(self, emulators: Emulators) -> Studio:
        return Studio(emulators, "openai_speech")


class TestOpenAICompatible(NetworkVoiceConformance):
    made_by = staticmethod(voices.worker_pool)

    @pytest.fixture(params=[False, True], ids=["pcm", "wav"])
    def studio(self, emulators: Emulators, request: pytest.FixtureRequest) -> Studio:
        studio = Studio(emulators, "openai_speech")
        studio.script(rate=voices.POOL_RATE, wav=request.param)
        return studio


class TestDeepgram(SharedLineConformance):
    made_by = staticmethod(voices.deepgram)

    @pytest.fixture
    def studio(self, emulators: Emulators) -> Studio:
        return Studio(emulators, "deepgram_speak")


class TestCartesia(SharedLineConformance):
    made_by = staticmethod(voices.cartesia)
    has_words = True

    @pytest.fixture
    def studio(self, emulators: Emulators) -> Studio:
        return Studio(emulators, "cartesia")


class TestElevenLabs(SharedLineConformance):
    made_by = staticmethod(voices.elevenlabs)
    has_words = True
    stops_at_once = False

    @pytest.fixture
    def studio(self, emulators: Emulators) -> Studio:
        return Studio(emulators, "elevenlabs")


class TestEmbedded(TtsConformance):
    has_words = True

    @pytest_asyncio.fixture
    async def tts(self) -> AsyncIterator[Tts]:
        async with open_provider(create_tts(EmbeddedTts(), UNHURRIED)) as tts:
            await tts.warm()
            yield tts
