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
from tests.emulators.emulators import Emulators
from tests.gateway.providers.conformance_stt import NetworkSttConformance, SttConformance
from tests.gateway.providers.network import UNHURRIED, open_provider

RECORDING = Path(__file__).parents[2] / "recordings" / "five-five.wav"


class TestDeepgram(NetworkSttConformance):
    made_by = emulator = "deepgram"
    billed = ("Deepgram", "nova-3")


class TestDeepgramFlux(NetworkSttConformance):
    made_by = emulator = "deepgram_flux"
    billed = ("DeepgramFlux", "flux-general-en")


class _OfUtterances(NetworkSttConformance):
    def sent_s(self, emulators: Emulators) -> float:
        return float(sum(entry.body["audio"]["ms"] for entry in emulators.journal.entries)) / 1000


class TestOpenAI(_OfUtterances):
    made_by = emulator = "openai_transcription"
    billed = ("OpenAI", "gpt-4o-mini-transcribe")


class TestOpenAICompatible(_OfUtterances):
    made_by = emulator = "compatible_transcription"
    billed = ("OpenAICompatible", "whisper")


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
