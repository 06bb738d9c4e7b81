"""OpenAI's speech API: one request per segment, PCM streamed while it is made."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator

from openai import AsyncOpenAI, omit

from parley_contract.pipeline import DeadlinesConfig, OpenAITts
from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.ports import ProviderError, TtsAudio, TtsRequest, TtsSegment
from parley_gateway.providers.credentials import KeyedClients, Keys
from parley_gateway.providers.deadlines import within
from parley_gateway.providers.http import failures, http_client, open_connection
from parley_gateway.providers.openai_client import ENDPOINT, openai_client
from parley_gateway.providers.segments import one_ahead

_RATE = 24_000
"""Hz of `response_format: pcm` (s16le mono), as OpenAI's documentation has it."""


class OpenAISpeech:
    """A voice behind OpenAI's speech API."""

    def __init__(self, config: OpenAITts, deadlines: DeadlinesConfig, keys: Keys) -> None:
        self._config = config
        self._deadlines = deadlines
        self._http = http_client(deadlines)
        self._base_url = config.base_url or ENDPOINT
        self._clients = KeyedClients(keys, self._build)

    def _build(self, key: str) -> AsyncOpenAI:
        return openai_client(key, base_url=self._base_url, http=self._http)

    @property
    def sample_rate(self) -> int:
        """Hz of the audio."""
        return _RATE

    async def warm(self) -> None:
        """Read the key, load what the SDK loads late, and connect. Costs nothing. Raises ProviderError."""
        _ = self._clients.any().audio.speech
        await open_connection(self._http, self._base_url, Stage.TTS)

    def speak(
        self,
        request: TtsRequest,  # noqa: ARG002 - each segment is a request of its own, and the model hears its language
        segments: AsyncIterator[TtsSegment],
    ) -> AsyncGenerator[TtsAudio, None]:
        """Speech for the segments in their order. Raises ProviderError. Closing the iterator ends all requests."""
        return one_ahead(segments, self._synthesise)

    def _synthesise(self, segment: TtsSegment) -> AsyncGenerator[bytes, None]:
        return within(self._deadlines, Stage.TTS, self._stream(segment))

    async def _stream(self, segment: TtsSegment) -> AsyncGenerator[bytes, None]:
        silent = True
        async with self._clients.lease() as client:
            with failures(Stage.TTS):
                async with client.audio.speech.with_streaming_response.create(
                    model=self._config.model,
                    voice=self._config.voice,
                    input=segment.text,
                    instructions=self._config.instructions or omit,
                    response_format="pcm",
                ) as response:
                    _check_audio(response.headers.get("content-type", ""))
                    async for chunk in response.iter_bytes():
                        silent = silent and not chunk
                        yield chunk
        if silent and any(letter.isalnum() for letter in segment.text):
            raise ProviderError(Stage.TTS, FailureKind.GARBAGE, "an answer without audio")

    async def aclose(self) -> None:
        """Let go of all connections."""
        await self._http.aclose()


def _check_audio(content_type: str) -> None:
    """A page or an error object played to a caller would be noise, and loud."""
    media = content_type.partition(";")[0].strip().lower()
    if media and not media.startswith("audio/") and media != "application/octet-stream":
        detail = "an answer that is not audio: check baseURL"
        raise ProviderError(Stage.TTS, FailureKind.GARBAGE, detail)


def create(config: OpenAITts, deadlines: DeadlinesConfig, keys: Keys) -> OpenAISpeech:
    """The provider, not connected yet."""
    return OpenAISpeech(config, deadlines, keys)
