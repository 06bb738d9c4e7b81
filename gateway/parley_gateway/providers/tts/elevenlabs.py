"""ElevenLabs' speech over its multi-context WebSocket: a context per sentence, five of them on one connection.

Without ElevenLabs' SDK: it knows this WebSocket's messages by name only, and brings 10 MB of other APIs. A context
says `isFinal` when it was closed and all of its audio is out, and nothing between its sentences; so that audio
can be told to be of its sentence, each sentence has a context of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any
from urllib.parse import quote, urlencode

from parley_contract.pipeline import DeadlinesConfig, ElevenLabsTts
from parley_gateway.conversation.events import Stage, Word
from parley_gateway.ports import ProviderError, TtsAudio, TtsRequest, TtsSegment
from parley_gateway.providers.credentials import Keys
from parley_gateway.providers.errors import status_failure
from parley_gateway.providers.tts.line import Line, Wire
from parley_gateway.providers.tts.lines import Lines
from parley_gateway.providers.tts.socket import audio_of, garbage, opened, packed, parsed
from parley_gateway.providers.tts.speaking import context_name, spoken, tell_characters
from parley_gateway.providers.tts.speech import SegmentSpeech
from parley_gateway.providers.tts.words import CharacterWords
from parley_gateway.providers.websocket import AbortableWebSocket, websocket_url

_ENDPOINT = "wss://api.elevenlabs.io"
_RATE = 24_000
_CONTEXTS = 5
"""On one connection: a sixth ends it with `max_active_conversations`."""
_KEEP_ALIVE = packed({"text": ""})
"""Of no context: keeps the connection, which is closed after 20 s without a message, and opens nothing."""
_LAST_WORDS_S = 15.0
"""In which a context that nobody listens to any more should have said `isFinal`."""
_STATUS_OF = {
    "invalid_api_key": 401,
    "needs_authorization": 401,
    "quota_exceeded": 402,
    "missing_permissions": 403,
    "voice_not_found": 404,
    "voice_id_does_not_exist": 404,
    "model_not_found": 404,
    "input_timeout_exceeded": 408,
    "max_active_conversations": 429,
    "rate_limit_exceeded": 429,
    "too_many_concurrent_requests": 429,
    "system_busy": 503,
}
"""ElevenLabs' own words for what goes wrong after the handshake, as the status that they answer in other cases."""


class ElevenLabsSpeech:
    """A voice at ElevenLabs, over connections that all sessions share."""

    def __init__(self, config: ElevenLabsTts, deadlines: DeadlinesConfig, keys: Keys) -> None:
        self._config = config
        self._deadlines = deadlines
        self._keys = keys
        self._url = _url(config)
        self._lines = Lines(Wire(connect=self._connect, read=_read, contexts=_CONTEXTS, keep_alive=_KEEP_ALIVE))
        self._settings = _voice_settings(config)

    @property
    def sample_rate(self) -> int:
        """Hz of the audio."""
        return _RATE

    async def warm(self) -> None:
        """Read the keys and open a connection for each. Raises ProviderError."""
        await self._lines.warm(self._keys.usable() or [self._keys.check()])

    def speak(self, request: TtsRequest, segments: AsyncIterator[TtsSegment]) -> AsyncGenerator[TtsAudio, None]:
        """Speech for the segments in their order. Raises ProviderError.

        Closing the iterator sends nothing further; the sentence in the making is made to its end, and dropped.
        """
        return spoken(self._keys, segments, lambda key: _Reply(self, request, key))

    async def aclose(self) -> None:
        """Abort all connections."""
        await self._lines.aclose()

    def _connect(self, key: str) -> AbstractAsyncContextManager[AbortableWebSocket]:
        return opened(self._url, {"xi-api-key": key}, deadlines=self._deadlines)

    def say(self, request: TtsRequest, segment: TtsSegment, key: str) -> _Sentence:
        """Send a segment."""
        name = context_name(request)
        speech = SegmentSpeech(segment, rate=_RATE, deadlines=self._deadlines)
        sentence = _Sentence(name, speech)
        line = self._lines.join(key, name, sentence)
        sentence.on(line)
        # A context begins with a single space, beside which alone settings are taken.
        line.post(packed({"text": " ", "context_id": name, **self._settings}))
        line.post(
            packed({"text": f"{segment.text} ", "context_id": name, "flush": True}),
            lambda: tell_characters(request, segment, provider=self._config.provider, model=self._config.model),
        )
        line.post(packed({"context_id": name, "close_context": True}))
        return sentence


class _Reply:
    """One reply: the contexts of its sentences."""

    def __init__(self, voice: ElevenLabsSpeech, request: TtsRequest, key: str) -> None:
        self._voice = voice
        self._request = request
        self._key = key
        self._sentences: list[_Sentence] = []

    def say(self, segment: TtsSegment) -> AsyncGenerator[TtsAudio, None]:
        """Send a segment now, and hand on its speech."""
        self._sentences = [sentence for sentence in self._sentences if not sentence.over]
        sentence = self._voice.say(self._request, segment, self._key)
        self._sentences.append(sentence)
        return sentence.speech.pieces()

    def finish(self) -> None:
        """All that was sent has been heard."""
        self._sentences.clear()

    def cancel(self) -> None:
        """Hear nothing more of it."""
        for sentence in self._sentences:
            sentence.drop()
        self._sentences.clear()

    def distrust(self) -> None:
        """Speak to nobody else over the same lines."""
        for sentence in self._sentences:
            sentence.distrust()


class _Sentence:
    """One context."""

    def __init__(self, name: str, speech: SegmentSpeech) -> None:
        self.speech = speech
        self.over = False
        self._name = name
        self._words = CharacterWords()
        self._line: Line | None = None
        self._waiting: asyncio.TimerHandle | None = None

    def on(self, line: Line) -> None:
        """Speak over this line."""
        self._line = line

    def drop(self) -> None:
        """Nobody listens any more; the context takes its place at the provider until it is final."""
        if not self.over and self._waiting is None:
            self._waiting = asyncio.get_running_loop().call_later(_LAST_WORDS_S, self._give_up)

    def distrust(self) -> None:
        """Let the line end with its last context."""
        if self._line is not None:
            self._line.retire()

    def _give_up(self) -> None:
        self.distrust()
        self._end()

    # --- from the line ---

    def take(self, message: Mapping[str, Any]) -> None:
        """A message of the context. Raises ProviderError where it is not in ElevenLabs' format."""
        if message.get("error"):
            self.fail(_failure(message))
            self._end()
            return
        if self._waiting is None and message.get("audio"):
            self._place(message.get("normalizedAlignment") or message.get("alignment"))
            self.speech.add(audio_of(message["audio"]))
        if message.get("isFinal"):
            self.speech.place(self._words.end())
            self.speech.end()
            self._end()

    def fail(self, failure: ProviderError) -> None:
        """Nothing more comes."""
        self.speech.fail(failure)

    def _place(self, alignment: object) -> None:
        """Characters as they are spoken: those as they are written come twice from some models."""
        if isinstance(alignment, Mapping):
            self.speech.place(self._words_of(alignment))

    def _words_of(self, alignment: Mapping[str, Any]) -> list[Word]:
        try:
            return self._words.feed(
                alignment["chars"],
                alignment["charStartTimesMs"],
                alignment["charDurationsMs"],
                offset_ms=self.speech.made_ms,
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            raise garbage("an alignment that is not in ElevenLabs' format") from None

    def _end(self) -> None:
        self.over = True
        if self._waiting is not None:
            self._waiting.cancel()
        if self._line is not None:
            self._line.leave(self._name)


def _url(config: ElevenLabsTts) -> str:
    query = {
        "model_id": config.model,
        "output_format": f"pcm_{_RATE}",
        # Whole sentences are sent: each is spoken at once.
        "auto_mode": "true",
        "sync_alignment": "true",
        "inactivity_timeout": 180,
    }
    path = f"/v1/text-to-speech/{quote(config.voice, safe='')}/multi-stream-input"
    return f"{websocket_url(config.base_url or _ENDPOINT)}{path}?{urlencode(query)}"


def _voice_settings(config: ElevenLabsTts) -> Mapping[str, Any]:
    settings = {"stability": config.stability, "similarity_boost": config.similarity_boost}
    told = {name: value for name, value in settings.items() if value is not None}
    return {"voice_settings": told} if told else {}


def _read(raw: str | bytes) -> tuple[str, Mapping[str, Any]] | None:
    message = parsed(raw)
    context = message.get("contextId") or message.get("context_id")
    if isinstance(context, str):
        return context, message
    if message.get("error"):
        raise _failure(message)
    return None


def _failure(message: Mapping[str, Any]) -> ProviderError:
    word = message.get("error")
    return status_failure(Stage.TTS, _STATUS_OF.get(word, 500) if isinstance(word, str) else 500, {}, word)


def create(config: ElevenLabsTts, deadlines: DeadlinesConfig, keys: Keys) -> ElevenLabsSpeech:
    """The provider, not connected yet."""
    return ElevenLabsSpeech(config, deadlines, keys)
