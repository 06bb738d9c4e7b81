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
    @pytest.fixture
    def studio(self, emulators: Emulators) -> Studio:
        return Studio(emulators, "openai_speech")

    @pytest_asyncio.fixture
    async def tts(self, network: Network) -> AsyncIterator[Tts]:
        async with open_provider(network.openai_speech()) as tts:
            yield tts

    @pytest_asyncio.fixture
    async def impatient_tts(self, impatient: Network) -> AsyncIterator[Tts]:
        async with open_provider(impatient.openai_speech()) as tts:
            yield tts


class TestOpenAICompatible(NetworkVoiceConformance):
    @pytest.fixture(params=[False, True], ids=["pcm", "wav"])
    def studio(self, emulators: Emulators, request: pytest.FixtureRequest) -> Studio:
        studio = Studio(emulators, "openai_speech")
        studio.script(rate=voices.POOL_RATE, wav=request.param)
        return studio

    @pytest_asyncio.fixture
    async def tts(self, network: Network) -> AsyncIterator[Tts]:
        async with open_provider(voices.worker_pool(network)) as tts:
            yield tts

    @pytest_asyncio.fixture
    async def impatient_tts(self, impatient: Network) -> AsyncIterator[Tts]:
        async with open_provider(voices.worker_pool(impatient)) as tts:
            yield tts


class TestDeepgram(SharedLineConformance):
    @pytest.fixture
    def studio(self, emulators: Emulators) -> Studio:
        return Studio(emulators, "deepgram_speak")

    @pytest_asyncio.fixture
    async def tts(self, network: Network) -> AsyncIterator[Tts]:
        async with open_provider(voices.deepgram(network)) as tts:
            yield tts

    @pytest_asyncio.fixture
    async def impatient_tts(self, impatient: Network) -> AsyncIterator[Tts]:
        async with open_provider(voices.deepgram(impatient)) as tts:
            yield tts


class TestCartesia(SharedLineConformance):
    has_words = True

    @pytest.fixture
    def studio(self, emulators: Emulators) -> Studio:
        return Studio(emulators, "cartesia")

    @pytest_asyncio.fixture
    async def tts(self, network: Network) -> AsyncIterator[Tts]:
        async with open_provider(voices.cartesia(network)) as tts:
            yield tts

    @pytest_asyncio.fixture
    async def impatient_tts(self, impatient: Network) -> AsyncIterator[Tts]:
        async with open_provider(voices.cartesia(impatient)) as tts:
            yield tts


class TestElevenLabs(SharedLineConformance):
    has_words = True
    stops_at_once = False

    @pytest.fixture
    def studio(self, emulators: Emulators) -> Studio:
        return Studio(emulators, "elevenlabs")

    @pytest_asyncio.fixture
    async def tts(self, network: Network) -> AsyncIterator[Tts]:
        async with open_provider(voices.elevenlabs(network)) as tts:
            yield tts

    @pytest_asyncio.fixture
    async def impatient_tts(self, impatient: Network) -> AsyncIterator[Tts]:
        async with open_provider(voices.elevenlabs(impatient)) as tts:
            yield tts


class TestEmbedded(TtsConformance):
    has_words = True

    @pytest_asyncio.fixture
    async def tts(self) -> AsyncIterator[Tts]:
        async with open_provider(create_tts(EmbeddedTts(), UNHURRIED)) as tts:
            await tts.warm()
            yield tts
