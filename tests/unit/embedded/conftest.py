"""The embedded providers as the gateway makes them: through the registry, with their child processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from parley_contract.pipeline import DeadlinesConfig, EmbeddedLlm, EmbeddedStt, EmbeddedTts
from parley_gateway.ports import Llm, Stt, Tts
from parley_gateway.providers.registry import create_llm, create_stt, create_tts
from tests.gateway.providers.network import none_but

# A machine that also runs other tests may take its time.
DEADLINES = DeadlinesConfig(first_byte=60)


@pytest_asyncio.fixture
async def stt() -> AsyncIterator[Stt]:
    before = asyncio.all_tasks()
    provider = create_stt(EmbeddedStt(), DEADLINES)
    await provider.warm()
    yield provider
    await provider.aclose()
    await none_but(before)


@pytest_asyncio.fixture
async def llm() -> AsyncIterator[Llm]:
    provider = create_llm(EmbeddedLlm(), DEADLINES)
    await provider.warm()
    yield provider
    await provider.aclose()


@pytest_asyncio.fixture
async def tts() -> AsyncIterator[Tts]:
    before = asyncio.all_tasks()
    provider = create_tts(EmbeddedTts(), DEADLINES)
    await provider.warm()
    yield provider
    await provider.aclose()
    await none_but(before)
