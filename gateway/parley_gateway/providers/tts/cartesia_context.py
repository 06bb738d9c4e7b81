"""One of Cartesia's contexts: several segments in one flow of speech, told apart, with their words in place."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from parley_contract.pipeline import DeadlinesConfig
from parley_gateway.audio.formats import bytes_to_ms, seconds_to_ms
from parley_gateway.conversation.events import FailureKind, Stage, Word
from parley_gateway.ports import ProviderError, TtsSegment
from parley_gateway.providers.errors import status_failure
from parley_gateway.providers.tts.line import Line
from parley_gateway.providers.tts.socket import audio_of, garbage, packed
from parley_gateway.providers.tts.speech import SegmentSpeech

_FRESH_S = 0.5
"""A context expires 1 s after its last audio was sent: from half of that on, the next sentence takes a new one."""
_SLACK_MS = 20
"""By which a word may seem to begin before its segment."""
_UNSAID = 500
"""The status of an error that names none."""


@dataclass(slots=True)
class _Part:
    """A segment in its context."""

    speech: SegmentSpeech
    flush: object = None
    """Of its audio, once there is some."""
    words_from_ms: int | None = None
    """Where its words' times begin: with the context, or with the segment itself."""


class CartesiaContext:
    """One context. Segments are made one after the other, each with a flush of its own that its audio names.

    Cartesia flushes by itself as well, and then ours has no audio: so it is audio alone that begins a segment, and
    the end of its flush, or audio of another, that ends it.
    """

    def __init__(self, name: str, *, rate: int, deadlines: DeadlinesConfig) -> None:
        self.name = name
        self._rate = rate
        self._deadlines = deadlines
        self._clock = asyncio.get_running_loop().time
        self._line: Line | None = None
        self._parts: deque[_Part] = deque()
        self._made = 0
        self._heard_at: float | None = None
        self._last_flush: object = None
        self._over = False

    def on(self, line: Line) -> None:
        """Speak over this line."""
        self._line = line

    @property
    def fresh(self) -> bool:
        """Whether another segment may follow."""
        if self._over or self._parts or self._heard_at is None:
            return not self._over
        return self._clock() - self._heard_at < _FRESH_S

    def say(self, segment: TtsSegment, settings: Mapping[str, Any], on_sent: Callable[[], None]) -> SegmentSpeech:
        """Send a segment; gives the speech that it is about to become."""
        speech = SegmentSpeech(segment, rate=self._rate, deadlines=self._deadlines)
        self._parts.append(_Part(speech))
        self._post({**settings, "transcript": f"{segment.text} ", "continue": True}, on_sent)
        self._post({**settings, "transcript": "", "continue": True, "flush": True})
        return speech

    def finish(self, settings: Mapping[str, Any]) -> None:
        """No more text: frees the context at the provider."""
        self._post({**settings, "transcript": "", "continue": False})
        self._leave()

    def cancel(self) -> None:
        """Have no more made, also where it went wrong."""
        if self._line is not None:
            self._line.post(packed({"context_id": self.name, "cancel": True}))
        self._leave()

    def distrust(self) -> None:
        """Let the line end with its last context."""
        if self._line is not None:
            self._line.retire()

    def _post(self, message: Mapping[str, Any], on_sent: Callable[[], None] | None = None) -> None:
        if self._line is not None and not self._over:
            self._line.post(packed({**message, "context_id": self.name}), on_sent)

    def _leave(self) -> None:
        self._over = True
        if self._line is not None:
            self._line.leave(self.name)

    # --- from the line ---

    def take(self, message: Mapping[str, Any]) -> None:
        """A message of the context. Raises ProviderError where it is not in Cartesia's format."""
        for part in self._parts:
            part.speech.alive()
        match message.get("type"):
            case "chunk":
                self._audio(message)
            case "timestamps":
                self._words(message)
            case "flush_done":
                self._flushed(message.get("flush_id"))
            case "done":
                self._done()
            case "error":
                self.fail(cartesia_failure(message))

    def fail(self, failure: ProviderError) -> None:
        """Nothing more comes."""
        self._over = True
        for part in self._parts:
            part.speech.fail(failure)
        self._parts.clear()

    def _audio(self, message: Mapping[str, Any]) -> None:
        pcm = audio_of(message.get("data"))
        flush = message.get("flush_id")
        part = self._part_of(flush)
        self._heard_at = self._clock()
        self._made += len(pcm)
        if part is not None:
            part.flush = flush if part.flush is None else part.flush
            part.speech.add(pcm)

    def _part_of(self, flush: object) -> _Part | None:
        """The segment that a message with this flush is about: the one being made, unless that has another."""
        if flush is not None and flush == self._last_flush:
            return None
        if self._parts and flush is not None and self._parts[0].flush not in (None, flush):
            self._end_part()
        return self._parts[0] if self._parts else None

    def _flushed(self, flush: object) -> None:
        if self._parts and self._parts[0].speech.made and self._parts[0].flush in (None, flush):
            self._end_part()

    def _end_part(self) -> None:
        part = self._parts.popleft()
        self._last_flush = part.flush
        part.speech.end()

    def _done(self) -> None:
        """The context is over; what it was asked for after that is lost."""
        if self._parts and self._parts[0].speech.made:
            self._end_part()
        self.fail(ProviderError(Stage.TTS, FailureKind.CUT, "the context ended before its text was spoken"))

    def _words(self, message: Mapping[str, Any]) -> None:
        part = self._part_of(message.get("flush_id"))
        words, starts, ends = _timestamps(message.get("word_timestamps"))
        if part is None or not words:
            return
        begins_ms = bytes_to_ms(self._made - part.speech.made, self._rate)
        if part.words_from_ms is None:
            part.words_from_ms = begins_ms if starts[0] >= begins_ms - _SLACK_MS else 0
        since = part.words_from_ms
        part.speech.place(
            Word(word.strip(), start - since, end - since)
            for word, start, end in zip(words, starts, ends, strict=True)
            if word.strip()
        )


def _timestamps(told: object) -> tuple[Sequence[str], Sequence[int], Sequence[int]]:
    """Words, and in ms when they begin and end. Raises ProviderError (garbage)."""
    if not isinstance(told, Mapping):
        raise garbage("word timestamps that are none")
    words, starts, ends = told.get("words"), told.get("start"), told.get("end")
    try:
        texts = [str(word) for word in words or ()]
        times = [[seconds_to_ms(float(at)) for at in part or ()] for part in (starts, ends)]
    except (TypeError, ValueError, OverflowError):
        raise garbage("word timestamps that are no numbers") from None
    if not len(texts) == len(times[0]) == len(times[1]):
        raise garbage("word timestamps that do not match their words")
    return texts, times[0], times[1]


def cartesia_failure(message: Mapping[str, Any]) -> ProviderError:
    """What an error message tells of."""
    status = message.get("status_code")
    return status_failure(
        Stage.TTS, status if isinstance(status, int) and status >= 400 else _UNSAID, {}, message.get("error_code")
    )
