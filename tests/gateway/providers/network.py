"""The providers that are reached over the network, set up against the emulators."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from parley_contract.pipeline import (
    AnthropicLlm,
    DeadlinesConfig,
    DeepgramFluxStt,
    DeepgramStt,
    GeminiLlm,
    OpenAICompatibleLlm,
    OpenAICompatibleStt,
    OpenAILlm,
    OpenAIStt,
    OpenAITts,
)
from parley_gateway.conversation.history import HistoryItem, Speaker, Utterance
from parley_gateway.ports import LlmRequest, Meter, ProviderError, ToolSpec, TtsRequest, TtsSegment, unmetered
from parley_gateway.providers.registry import create_llm, create_stt, create_tts
from tests.emulators.emulators import Emulators
from tests.emulators.faults import Fault

PATIENT = DeadlinesConfig(connect=20, first_byte=20, between_bytes=20)
"""For what succeeds, or fails without a deadline: a loaded machine may be slow."""
IMPATIENT = DeadlinesConfig(connect=0.5, first_byte=0.5, between_bytes=0.3)
"""For a provider that never answers, and is to be given up."""
WARY = DeadlinesConfig(connect=20, first_byte=2, between_bytes=2)
"""For one that never answers, and answers again after that."""
UNHURRIED = DeadlinesConfig(first_byte=60, between_bytes=60)
"""For child processes, which a machine that runs other tests as well starts in its own time."""
SAID = "my secret word is zanzibar"

P = TypeVar("P")


@dataclass(frozen=True)
class Network:
    """Where a provider under test finds its endpoint and its key."""

    address: str
    key_file: Path
    deadlines: DeadlinesConfig = PATIENT

    def anthropic(self, **options: Any) -> Any:
        """Anthropic's messages."""
        config = AnthropicLlm(model="claude-haiku-4-5", **self._where(self.address), **options)
        return create_llm(config, self.deadlines)

    def openai_chat(self, **options: Any) -> Any:
        """OpenAI's chat completions."""
        config = OpenAILlm(model="gpt-4.1-mini", **self._where(f"{self.address}/v1"), **options)
        return create_llm(config, self.deadlines)

    def compatible_chat(self, **options: Any) -> Any:
        """A server of one's own with OpenAI's chat completions; it wants no key."""
        config = OpenAICompatibleLlm(model="llama", base_url=f"{self.address}/compatible/v1", **options)
        return create_llm(config, self.deadlines)

    def gemini(self, **options: Any) -> Any:
        """Google's Gemini."""
        config = GeminiLlm(model="gemini-2.5-flash", **self._where(self.address), **options)
        return create_llm(config, self.deadlines)

    def openai_speech(self, **options: Any) -> Any:
        """OpenAI's speech."""
        return create_tts(
            OpenAITts(model="gpt-4o-mini-tts", **self._where(f"{self.address}/v1"), **options), self.deadlines
        )

    def deepgram(self, **options: Any) -> Any:
        """Deepgram's recognition."""
        return create_stt(DeepgramStt(**self._where(self.address), **options), self.deadlines)

    def deepgram_flux(self, **options: Any) -> Any:
        """Deepgram's conversational recognition."""
        return create_stt(DeepgramFluxStt(**self._where(self.address), **options), self.deadlines)

    def openai_transcription(self, **options: Any) -> Any:
        """OpenAI's transcription of whole utterances."""
        config = OpenAIStt(model="gpt-4o-mini-transcribe", **self._where(f"{self.address}/v1"), **options)
        return create_stt(config, self.deadlines)

    def compatible_transcription(self, **options: Any) -> Any:
        """A Whisper server of one's own; it wants no key."""
        config = OpenAICompatibleStt(model="whisper", base_url=f"{self.address}/compatible/v1", **options)
        return create_stt(config, self.deadlines)

    def _where(self, base_url: str) -> dict[str, Any]:
        return {"api_key_files": [self.key_file], "base_url": base_url}


def befall(emulators: Emulators, provider: str, *faults: Fault, **script: Any) -> None:
    """Let these faults befall the next requests to a provider."""
    endpoint = getattr(emulators, provider)
    endpoint.set_script(endpoint.script.model_copy(update={"faults": list(faults), **script}))


@asynccontextmanager
async def open_provider(provider: P) -> AsyncIterator[P]:
    """The provider, closed at the end."""
    try:
        yield provider
    finally:
        await provider.aclose()  # type: ignore[attr-defined]


def a_request(
    *history: HistoryItem,
    instructions: str = "Be brief.",
    tools: tuple[ToolSpec, ...] = (),
    meter: Meter = unmetered,
) -> LlmRequest:
    """A request for an answer; to `SAID` where no history is given."""
    said = history or (Utterance(Speaker.CALLER, SAID),)
    return LlmRequest(
        session="s",
        reply=1,
        instructions=instructions,
        history=said,
        language="en-US",
        tools=tools,
        meter=meter,
    )


async def spoken(*texts: str) -> AsyncIterator[TtsSegment]:
    """Segments that are all there at once."""
    for number, text in enumerate(texts, start=1):
        yield TtsSegment(number, text)


SPEECH = TtsRequest(context="s:1", language="en-US")


async def drained(source: AsyncIterator[P]) -> tuple[list[P], ProviderError | None]:
    """All items, and the failure that ended them where there was one."""
    items: list[P] = []
    try:
        async for item in source:
            items.append(item)  # noqa: PERF401 - what came before a failure counts
    except ProviderError as failure:
        return items, failure
    return items, None


async def none_but(
    tasks: set[asyncio.Task[Any]],
    *,
    kept: Callable[[asyncio.Task[Any]], bool] = lambda _: False,
    within_s: float = 10.0,
) -> None:
    """Returns when all other tasks have ended, but those that are kept; fails where one goes on."""
    end = asyncio.get_running_loop().time() + within_s
    while others := {task for task in asyncio.all_tasks() - tasks - {asyncio.current_task()} if not kept(task)}:
        left = end - asyncio.get_running_loop().time()
        _, going_on = await asyncio.wait(others, timeout=max(left, 0))
        assert not going_on
