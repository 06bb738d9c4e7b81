"""Every provider of answers keeps the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from parley_contract.pipeline import EmbeddedLlm
from parley_gateway.ports import Llm
from parley_gateway.providers.registry import create_llm
from tests.emulators.emulators import Emulators
from tests.emulators.language_model import ScriptedCall
from tests.gateway.providers.conformance_llm import LlmConformance, LlmToolsConformance, Scripted
from tests.gateway.providers.network import PATIENT, Network, befall, open_provider


class OverTheNetwork(LlmConformance, LlmToolsConformance):
    provider: str

    @pytest_asyncio.fixture
    async def llm(self, network: Network) -> AsyncIterator[Llm]:
        async with open_provider(getattr(network, self.provider)()) as llm:
            yield llm

    @pytest.fixture
    def scripted(self, emulators: Emulators) -> Scripted:
        def script(calls: dict[str, list[ScriptedCall]]) -> None:
            befall(emulators, self.provider, calls=calls)

        return script


class TestAnthropic(OverTheNetwork):
    provider = "anthropic"


class TestOpenAI(OverTheNetwork):
    provider = "openai_chat"


class TestOpenAICompatible(OverTheNetwork):
    provider = "compatible_chat"


class TestGemini(OverTheNetwork):
    provider = "gemini"


class TestEmbedded(LlmConformance):
    @pytest_asyncio.fixture
    async def llm(self) -> AsyncIterator[Llm]:
        async with open_provider(create_llm(EmbeddedLlm(), PATIENT)) as llm:
            yield llm
