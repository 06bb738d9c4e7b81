"""Every provider of answers keeps the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from parley_contract.pipeline import EmbeddedLlm
from parley_gateway.ports import Llm
from parley_gateway.providers.registry import create_llm
from tests.gateway.providers.conformance_llm import LlmConformance
from tests.gateway.providers.network import PATIENT, Network, open_provider


class TestAnthropic(LlmConformance):
    @pytest_asyncio.fixture
    async def llm(self, network: Network) -> AsyncIterator[Llm]:
        async with open_provider(network.anthropic()) as llm:
            yield llm


class TestOpenAI(LlmConformance):
    @pytest_asyncio.fixture
    async def llm(self, network: Network) -> AsyncIterator[Llm]:
        async with open_provider(network.openai_chat()) as llm:
            yield llm


class TestEmbedded(LlmConformance):
    @pytest_asyncio.fixture
    async def llm(self) -> AsyncIterator[Llm]:
        async with open_provider(create_llm(EmbeddedLlm(), PATIENT)) as llm:
            yield llm
