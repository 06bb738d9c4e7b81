"""OpenAI's speech API: one request per segment, PCM streamed while it is made.

Serves OpenAI itself and the worker pools that speak its API, such as Piper or CosyVoice.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from functools import partial
from types import TracebackType

from openai import AsyncOpenAI, omit

from parley_contract.pipeline import DeadlinesConfig, OpenAICompatibleTts, OpenAITts
from parley_gateway.audio.formats import SAMPLE_BYTES
from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.ports import ProviderError, TtsAudio, TtsRequest, TtsSegment, Unit, Usage
from parley_gateway.providers.credentials import KeyedClients, Keys
from parley_gateway.providers.deadlines import within
from parley_gateway.providers.http import Readiness, failures, http_client
from parley_gateway.providers.openai_client import ENDPOINT, openai_client
from parley_gateway.providers.segments import one_ahead, whole_samples
from parley_gateway.providers.tts.wav import Unwrapped

_RATE = 24_000
"""Hz of OpenAI's own `response_format: pcm` (s16le mono), as its documentation has it."""


class OpenAISpeech:
    """A voice behind OpenAI's speech API."""

    def __init__(
        self,
        config: OpenAITts | OpenAICompatibleTts,
        deadlines: DeadlinesConfig,
        keys: Keys,
        *,
        sample_rate: int,
        instructions: str | None,
    ) -> None:
        self._config = config
        self._deadlines = deadlines
        self._sample_rate = sample_rate
        self._instructions = instructions
        self._http = http_client(deadlines)
        self._base_url = config.base_url or ENDPOINT
        self._clients = KeyedClients(keys, self._build)
        self._readiness = Readiness(self._http, self._base_url, Stage.TTS)

    def _build(self, key: str) -> AsyncOpenAI:
        return openai_client(key, base_url=self._base_url, http=self._http)

    @property
    def sample_rate(self) -> int:
        """Hz of the audio."""
        return self._sample_rate

    async def warm(self) -> None:
        """Read the key, load what the SDK loads late, and connect. Costs nothing. Raises ProviderError."""
        _ = self._clients.any().audio.speech
        await self._readiness.open()

    def speak(self, request: TtsRequest, segments: AsyncIterator[TtsSegment]) -> AsyncGenerator[TtsAudio, None]:
        """Speech for the segments in their order. Raises ProviderError. Closing the iterator ends all requests.

        Each segment is a request of its own; the model hears its language.
        """
        self._readiness.prepare()
        return one_ahead(segments, partial(self._synthesise, request))

    async def _synthesise(self, request: TtsRequest, segment: TtsSegment) -> AsyncGenerator[TtsAudio, None]:
        chunks = within(self._deadlines, Stage.TTS, self._stream(request, segment))
        async with aclosing(whole_samples(chunks)) as pieces:
            async for pcm in pieces:
                yield TtsAudio(segment.segment, pcm)

    async def _stream(self, request: TtsRequest, segment: TtsSegment) -> AsyncGenerator[bytes, None]:
        audio = Unwrapped(rate=self._sample_rate)
        async with self._clients.lease() as client:
            with self._bill(request, segment) as bill, failures(Stage.TTS):
                async with client.audio.speech.with_streaming_response.create(
                    model=self._config.model,
                    voice=self._config.voice,
                    input=segment.text,
                    instructions=self._instructions or omit,
                    response_format="pcm",
                ) as response:
                    _check_audio(response.headers.get("content-type", ""))
                    bill.answered()
                    async for chunk in response.iter_bytes():
                        if pcm := audio.feed(chunk):
                            bill.made(pcm)
                            yield pcm
                self._readiness.used()
                bill.check()

    def _bill(self, request: TtsRequest, segment: TtsSegment) -> _Bill:
        return _Bill(request, segment, self._config.provider, self._config.model, self._sample_rate)

    async def aclose(self) -> None:
        """Let go of all connections."""
        await self._readiness.aclose()
        await self._http.aclose()


class _Bill:
    """What one request costs: characters where the model is billed by them, and seconds of audio for the others.

    The characters are told once the request is answered; a request that is refused costs nothing, but one that is
    ended on our side may.
    """

    def __init__(
        self, request: TtsRequest, segment: TtsSegment, provider: str, model: str, sample_rate: int
    ) -> None:
        self._request = request
        self._text = segment.text
        self._provider = provider
        self._model = model
        self._bytes_per_s = sample_rate * SAMPLE_BYTES
        self._answered = False
        self._bytes = 0

    def answered(self) -> None:
        """The provider has begun to make it."""
        if not self._answered:
            self._answered = True
            self._tell(Unit.CHARACTERS, len(self._text), estimated=False)

    def made(self, pcm: bytes) -> None:
        """Audio has come."""
        self._bytes += len(pcm)

    def check(self) -> None:
        """Raises ProviderError (garbage) for words without audio."""
        if not self._bytes and any(letter.isalnum() for letter in self._text):
            raise ProviderError(Stage.TTS, FailureKind.GARBAGE, "an answer without audio")

    def __enter__(self) -> _Bill:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not isinstance(error, ProviderError):
            self.answered()
        if self._bytes:
            self._tell(Unit.AUDIO_SECONDS, self._bytes / self._bytes_per_s, estimated=error is not None)

    def _tell(self, unit: Unit, amount: float, *, estimated: bool) -> None:
        self._request.meter(Usage(Stage.TTS, self._provider, self._model, {unit: amount}, estimated))


def _check_audio(content_type: str) -> None:
    """A page or an error object played to a caller would be noise, and loud."""
    media = content_type.partition(";")[0].strip().lower()
    if media and not media.startswith("audio/") and media != "application/octet-stream":
        detail = "an answer that is not audio: check baseURL"
        raise ProviderError(Stage.TTS, FailureKind.GARBAGE, detail)


def create(config: OpenAITts | OpenAICompatibleTts, deadlines: DeadlinesConfig, keys: Keys) -> OpenAISpeech:
    """The provider, not connected yet."""
    match config:
        case OpenAICompatibleTts():
            rate, instructions = config.sample_rate, None
        case _:
            rate, instructions = _RATE, config.instructions
    return OpenAISpeech(config, deadlines, keys, sample_rate=rate, instructions=instructions)
