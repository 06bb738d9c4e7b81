"""Every provider of recognition keeps the contract."""

from __future__ import annotations

import wave
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from parley_contract.pipeline import EmbeddedStt
from parley_gateway.ports import Stt
from parley_gateway.providers.registry import create_stt
from tests.emulators.speech import speech_like
from tests.gateway.providers.conformance_stt import SttConformance
from tests.gateway.providers.network import UNHURRIED, Network, open_provider

RECORDING = Path(__file__).parents[2] / "recordings" / "five-five.wav"


class TestDeepgram(SttConformance):
    @pytest_asyncio.fixture
    async def stt(self, network: Network) -> AsyncIterator[Stt]:
        async with open_provider(network.deepgram()) as stt:
            yield stt

    @pytest.fixture
    def utterance(self) -> bytes:
        return speech_like(1200, rate=16_000)


class TestDeepgramFlux(SttConformance):
    @pytest_asyncio.fixture
    async def stt(self, network: Network) -> AsyncIterator[Stt]:
        async with open_provider(network.deepgram_flux()) as stt:
            yield stt

    @pytest.fixture
    def utterance(self) -> bytes:
        return speech_like(1200, rate=16_000)


class TestOpenAI(SttConformance):
    @pytest_asyncio.fixture
    async def stt(self, network: Network) -> AsyncIterator[Stt]:
        async with open_provider(network.openai_transcription()) as stt:
            yield stt

    @pytest.fixture
    def utterance(self) -> bytes:
        return speech_like(1200, rate=16_000)


class TestOpenAICompatible(SttConformance):
    @pytest_asyncio.fixture
    async def stt(self, network: Network) -> AsyncIterator[Stt]:
        async with open_provider(network.compatible_transcription()) as stt:
            yield stt

    @pytest.fixture
    def utterance(self) -> bytes:
        return speech_like(1200, rate=16_000)


class TestEmbedded(SttConformance):
    @pytest_asyncio.fixture
    async def stt(self) -> AsyncIterator[Stt]:
        async with open_provider(create_stt(EmbeddedStt(), UNHURRIED)) as stt:
            await stt.warm()
            yield stt

    @pytest.fixture
    def utterance(self) -> bytes:
        with wave.open(str(RECORDING)) as recording:
            assert (recording.getframerate(), recording.getnchannels(), recording.getsampwidth()) == (16_000, 1, 2)
            return bytes(recording.readframes(recording.getnframes()))
