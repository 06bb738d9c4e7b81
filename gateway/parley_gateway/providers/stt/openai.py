"""OpenAI's transcription API, and servers that speak it: whole utterances, cut by our own voice activity.

There are no interim transcripts: the API knows no audio that is still coming. Silence decides when a turn ends.
"""

from __future__ import annotations

import asyncio
import io
import wave
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import replace

from openai import AsyncOpenAI, omit

from parley_contract.pipeline import DeadlinesConfig, OpenAICompatibleStt, OpenAIStt
from parley_gateway.audio.energy import EnergyActivity
from parley_gateway.audio.formats import SAMPLE_BYTES, bytes_to_ms
from parley_gateway.conversation.events import (
    FailureKind,
    SpeechStarted,
    SpeechStopped,
    Stage,
    TranscriptChanged,
)
from parley_gateway.ports import ProviderError, SttEvent, SttRequest, VoiceActivity
from parley_gateway.providers.credentials import KeyedClients, Keys
from parley_gateway.providers.http import Readiness, failures, http_client
from parley_gateway.providers.openai_client import ENDPOINT, openai_client
from parley_gateway.providers.stt.metering import AudioMeter
from parley_gateway.providers.stt.stall import StallWatch
from parley_gateway.providers.stt.utterances import Utterance, Utterances

RATE = 16_000
"""Hz that these models work with."""
_STALLED_S = 0.8
"""Without audio for so long, an utterance is over: the file ended, or the button was let go."""
_MOST_WAITING = 8
"""Utterances of one caller. They are asked for one after the other; when more wait, the oldest is given up."""
_UNBILLED = {
    FailureKind.REFUSED,
    FailureKind.RATE_LIMITED,
    FailureKind.OVERLOADED,
    FailureKind.UNREACHABLE,
}


class OpenAITranscription:
    """Recognition of utterances; all sessions share the connections."""

    sample_rate = RATE
    owns_turns = False

    def __init__(
        self,
        config: OpenAIStt | OpenAICompatibleStt,
        deadlines: DeadlinesConfig,
        keys: Keys,
        hearing: VoiceActivity,
    ) -> None:
        self._config = config
        self._deadlines = deadlines
        self._hearing = hearing
        self._http = http_client(deadlines)
        self._base_url = config.base_url or ENDPOINT
        self._clients = KeyedClients(keys, self._build)
        self._readiness = Readiness(self._http, self._base_url, Stage.STT)
        self._streams: set[TranscriptionStream] = set()

    def _build(self, key: str) -> AsyncOpenAI:
        return openai_client(key, base_url=self._base_url, http=self._http)

    async def warm(self) -> None:
        """Read the key, load what is loaded late, and connect. Costs nothing. Raises ProviderError."""
        _ = self._clients.any().audio.transcriptions
        await self._hearing.warm()
        await self._readiness.open()

    def open(self, request: SttRequest) -> TranscriptionStream:
        """Begin to recognise one session."""
        stream = TranscriptionStream(self, request, self._hearing)
        self._streams.add(stream)
        return stream

    def prepare(self) -> None:
        """Somebody speaks, and will have spoken soon."""
        self._readiness.prepare()

    def ended(self, stream: TranscriptionStream) -> None:
        """It is over."""
        self._streams.discard(stream)

    async def transcribe(self, pcm: bytes, request: SttRequest) -> str:
        """What is said in it. Raises ProviderError."""
        limit = self._deadlines.connect + self._deadlines.first_byte
        try:
            async with asyncio.timeout(limit), self._clients.lease() as client:
                with self._billed(pcm, request):
                    return await self._ask(client, pcm, request.language)
        except TimeoutError:
            detail = f"no transcript within {limit:g} s"
            raise ProviderError(Stage.STT, FailureKind.TIMEOUT, detail) from None

    @contextmanager
    def _billed(self, pcm: bytes, request: SttRequest) -> Iterator[None]:
        """What is refused costs nothing; what is given up on this side may."""
        billed = True
        try:
            yield
        except ProviderError as failure:
            billed = failure.kind not in _UNBILLED
            raise
        finally:
            if billed:
                meter = AudioMeter(request, provider=self._config.provider, model=self._config.model, rate=RATE)
                meter.sent(pcm)
                meter.settle()

    async def _ask(self, client: AsyncOpenAI, pcm: bytes, language: str) -> str:
        with failures(Stage.STT):
            answer = await client.audio.transcriptions.create(
                file=("utterance.wav", _wav(pcm), "audio/wav"),
                model=self._config.model,
                language=language.partition("-")[0].lower() or omit,
                prompt=self._config.prompt or omit,
                response_format="json",
            )
        self._readiness.used()
        text = getattr(answer, "text", None)
        if not isinstance(text, str):
            raise ProviderError(Stage.STT, FailureKind.GARBAGE, "an answer without a transcript: check baseURL")
        return text.strip()

    async def aclose(self) -> None:
        """End all streams; let go of the connections, and of the detector: nobody else may be there to do it."""
        for stream in list(self._streams):
            stream.abort()
        await self._readiness.aclose()
        await self._http.aclose()
        await self._hearing.aclose()


class TranscriptionStream:
    """One session's speech: cut as audio comes; while `events` is iterated, utterances are recognised."""

    owns_turns = False

    def __init__(self, provider: OpenAITranscription, request: SttRequest, hearing: VoiceActivity) -> None:
        self._provider = provider
        self._request = request
        self._hearing = hearing
        self._utterances = Utterances(RATE)
        self._base_ms = 0
        self._detector = hearing.open(sample_rate=RATE, on_event=self._on_sound)
        self._waiting: deque[Utterance] = deque()
        self._asking = False
        self._dropped_ms = 0
        self._to_do = asyncio.Event()
        self._events: deque[SttEvent] = deque()
        self._to_tell = asyncio.Event()
        self._aborted = False
        self._stall = StallWatch(_STALLED_S, is_open=lambda: self._utterances.open, on_stall=self._stalled)

    def send(self, pcm: bytes) -> int:
        """Take audio; returns the ms of utterances that were given up because too many wait."""
        if self._aborted:
            return 0
        self._recognise(self._utterances.feed(pcm))
        self._detector.send(pcm)
        self._stall.audio_came()
        dropped_ms, self._dropped_ms = self._dropped_ms, 0
        return dropped_ms

    def finalize(self) -> None:
        """Answered by the transcripts that are still to come, or by an empty one."""
        if self._aborted:
            return
        self._recognise(self._utterances.now())
        if not self._waiting and not self._asking:
            self._tell(TranscriptChanged(self._utterances.number(), "", final=True))

    def abort(self) -> None:
        """Let go at once."""
        self._aborted = True
        self._provider.ended(self)
        self._detector.close()
        self._waiting.clear()
        self._events.clear()
        self._to_tell.set()
        self._stall.close()

    async def events(self) -> AsyncGenerator[SttEvent, None]:
        """What is heard. Raises ProviderError when an utterance cannot be recognised."""
        recognition = asyncio.create_task(self._recognise_all(), name="transcription")
        recognition.add_done_callback(lambda _: self._to_tell.set())
        try:
            while not self._aborted:
                while self._events:
                    yield self._events.popleft()
                if recognition.done():
                    recognition.result()
                self._to_tell.clear()
                await self._to_tell.wait()
        finally:
            self.abort()
            recognition.cancel()
            await asyncio.gather(recognition, return_exceptions=True)

    def _on_sound(self, sound: SpeechStarted | SpeechStopped) -> None:
        sound = replace(sound, audio_ms=sound.audio_ms + self._base_ms)
        self._tell(sound)
        if isinstance(sound, SpeechStarted):
            self._provider.prepare()
            self._utterances.started(sound.audio_ms)
        else:
            self._recognise(self._utterances.stopped(sound.audio_ms))

    def _tell(self, event: SttEvent) -> None:
        self._events.append(event)
        self._to_tell.set()

    def _stalled(self) -> None:
        if self._utterances.open:
            self._end_speech()

    def _end_speech(self) -> None:
        """The detector would wait for silence: another one begins with what comes next."""
        self._detector.close()
        self._base_ms = self._utterances.position_ms
        self._detector = self._hearing.open(sample_rate=RATE, on_event=self._on_sound)
        self._tell(SpeechStopped(self._base_ms))
        self._recognise(self._utterances.stopped(self._base_ms))

    # --- utterances ---

    def _recognise(self, utterance: Utterance | None) -> None:
        if utterance is None:
            return
        self._waiting.append(utterance)
        if len(self._waiting) > _MOST_WAITING:
            self._dropped_ms += bytes_to_ms(len(self._waiting.popleft().pcm), RATE)
        self._to_do.set()

    async def _recognise_all(self) -> None:
        while True:
            while self._waiting:
                utterance, self._asking = self._waiting.popleft(), True
                text = await self._provider.transcribe(utterance.pcm, self._request)
                self._asking = False
                self._tell(TranscriptChanged(utterance.number, text, final=True))
            self._to_do.clear()
            await self._to_do.wait()


def _wav(pcm: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(SAMPLE_BYTES)
        written.setframerate(RATE)
        written.writeframes(pcm)
    return file.getvalue()


def create(
    config: OpenAIStt | OpenAICompatibleStt,
    deadlines: DeadlinesConfig,
    keys: Keys,
    hearing: VoiceActivity | None = None,
) -> OpenAITranscription:
    """The provider, not connected yet. `hearing` cuts the utterances; loudness where none is given."""
    return OpenAITranscription(config, deadlines, keys, hearing or EnergyActivity())
