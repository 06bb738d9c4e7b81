"""Every provider of speech keeps the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from parley_contract.pipeline import EmbeddedTts
from parley_gateway.ports import Tts
from parley_gateway.providers.registry import create_tts
from tests.gateway.providers.conformance_tts import TtsConformance
from tests.gateway.providers.network import PATIENT, Network, open_provider


class TestOpenAI(TtsConformance):
    @pytest_asyncio.fixture
    async def tts(self, network: Network) -> AsyncIterator[Tts]:
        async with open_provider(network.openai_speech()) as tts:
            yield tts


class TestEmbedded(TtsConformance):
    @pytest_asyncio.fixture
    async def tts(self) -> AsyncIterator[Tts]:
        async with open_provider(create_tts(EmbeddedTts(), PATIENT)) as tts:
            await tts.warm()
            yield tts
