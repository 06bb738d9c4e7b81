"""Recognition of a small vocabulary in a child process: no account, no network."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from importlib.util import find_spec

from parley_contract.pipeline import DeadlinesConfig, EmbeddedStt
from parley_gateway.audio.formats import bytes_to_ms
from parley_gateway.conversation.events import (
    EndOfTurn,
    FailureKind,
    SpeechStarted,
    SpeechStopped,
    Stage,
    TranscriptChanged,
    TurnEnd,
    Word,
)
from parley_gateway.ports import ProviderError, SttEvent, SttRequest, SttStream
from parley_gateway.providers.embedded.endpointing import Endpointer, Finish, Listen, Step
from parley_gateway.providers.embedded.vocabulary import UNCLEAR
from parley_gateway.providers.embedded.worker import Worker
from parley_gateway.providers.stt.stall import StallWatch

SAMPLE_RATE = 16_000
"""Hz that the acoustic model was trained with."""

_UNCLEAR_SPOKEN_MS = 800
"""Speech of that length was meant for somebody; less is a cough."""

_WORDED_SHARE = 0.25
"""Of its length that is some word or other. In speech it is 0.4 and more, in a hum next to nothing."""

_STALLED = 0.8
"""Seconds without audio after which an utterance is over: the file ended, or the button was let go."""

_MOST_WAITING = 16
"""Utterances and ends of them that wait. More means that the machine does not keep up: then audio is dropped."""


def create(config: EmbeddedStt, deadlines: DeadlinesConfig) -> EmbeddedRecognition:
    """The recogniser; its process starts with `warm`. Raises ModuleNotFoundError without pocketsphinx."""
    del config
    if find_spec("pocketsphinx") is None:
        raise ModuleNotFoundError("pocketsphinx is not installed", name="pocketsphinx")
    worker = Worker("parley_gateway.providers.embedded.recognise", stage=Stage.STT, deadline=deadlines.first_byte)
    return EmbeddedRecognition(worker)


class EmbeddedRecognition:
    """One model in one child process, for all sessions."""

    sample_rate = SAMPLE_RATE
    owns_turns = True

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    async def warm(self) -> None:
        """Load the model. Raises ProviderError."""
        await self._worker.start()

    def open(self, request: SttRequest) -> SttStream:
        """One session."""
        del request
        return EmbeddedRecognitionStream(self._worker)

    async def aclose(self) -> None:
        """End the child process."""
        await self._worker.aclose()


class EmbeddedRecognitionStream:
    """One session's speech. Finds utterances as audio comes; while `events` is iterated they are recognised."""

    owns_turns = True

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._endpointer = Endpointer(SAMPLE_RATE)
        self._work: deque[Listen | Finish] = deque()
        self._to_do = asyncio.Event()
        self._events: deque[SttEvent] = deque()
        self._to_tell = asyncio.Event()
        self._aborted = False
        self._heard: _Heard | None = None
        self._shown = ""
        self._stall = StallWatch(
            _STALLED,
            is_open=lambda: self._endpointer.open,
            on_stall=lambda: self._take(self._endpointer.finish(asked=False)),
        )

    def send(self, pcm: bytes) -> int:
        """Take audio; returns the ms dropped because too many utterances wait."""
        if self._aborted:
            return 0
        drop = len(self._work) >= _MOST_WAITING
        # Silence keeps the time of what is dropped.
        self._take(self._endpointer.feed(bytes(len(pcm)) if drop else pcm))
        self._stall.audio_came()
        return bytes_to_ms(len(pcm), SAMPLE_RATE) if drop else 0

    def finalize(self) -> None:
        """Answered by a final transcript, which is empty when nothing was said."""
        if not self._aborted:
            self._take(self._endpointer.finish(asked=True))

    def abort(self) -> None:
        """Let go at once."""
        self._aborted = True
        self._work.clear()
        self._events.clear()
        self._to_tell.set()
        self._stall.close()

    async def events(self) -> AsyncIterator[SttEvent]:
        """What is heard. Raises ProviderError when the recogniser does not run."""
        recognition = asyncio.create_task(self._recognise_all(), name="embedded recognition")
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
            recognition.cancel()
            await asyncio.gather(recognition, return_exceptions=True)

    def _take(self, steps: list[Step]) -> None:
        for step in steps:
            if isinstance(step, SpeechStarted | SpeechStopped):
                self._tell(step)
            elif isinstance(step, Finish) or step.final or not (self._work or self._worker.busy):
                # An interim transcript is worth no waiting.
                self._work.append(step)
                self._to_do.set()

    def _tell(self, event: SttEvent) -> None:
        self._events.append(event)
        self._to_tell.set()

    async def _recognise_all(self) -> None:
        while True:
            while self._work:
                step = self._work[0]
                if isinstance(step, Listen):
                    self._listened(step, await self._recognise(step))
                else:
                    self._finish(step)
                if self._work:
                    self._work.popleft()
            self._to_do.clear()
            await self._to_do.wait()

    async def _recognise(self, step: Listen) -> _Heard:
        async with aclosing(self._worker.request(step.pcm)) as frames:
            async for frame in frames:
                return _Heard.read(frame.payload, step.begins_ms)
        raise ProviderError(Stage.STT, FailureKind.GARBAGE, "the recogniser answered nothing")

    def _listened(self, step: Listen, heard: _Heard) -> None:
        if step.final:
            self._heard = heard
            self._endpointer.judged(step.utterance, complete=heard.certain and heard.complete)
        if heard.certain and heard.text != self._shown:
            self._shown = heard.text
            self._tell(TranscriptChanged(step.utterance, heard.text, final=False, words=heard.words))

    def _finish(self, step: Finish) -> None:
        heard, self._heard, self._shown = self._heard, None, ""
        text, words = "", tuple[Word, ...]()
        if heard is not None and heard.certain and heard.complete:
            text, words = heard.text, heard.words
        elif heard is not None and _is_speech(heard, step.spoken_ms):
            text = UNCLEAR
        self._tell(TranscriptChanged(step.utterance, text, final=True, words=words))
        if not step.asked:
            self._tell(EndOfTurn(TurnEnd.FINAL))


def _is_speech(heard: _Heard, spoken_ms: int) -> bool:
    """Whether sound of that length is speech, though not of the vocabulary: words are found all over it."""
    worded = sum(word.end_ms - word.start_ms for word in heard.words)
    return spoken_ms >= _UNCLEAR_SPOKEN_MS and worded >= _WORDED_SHARE * spoken_ms


@dataclass(frozen=True, slots=True)
class _Heard:
    """What the child process made of some audio; times are those of the session."""

    words: tuple[Word, ...]
    certain: bool
    complete: bool

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @classmethod
    def read(cls, payload: bytes, begins_ms: int) -> _Heard:
        heard = json.loads(payload)
        words = tuple(
            Word(word["text"], begins_ms + word["start_ms"], begins_ms + word["end_ms"]) for word in heard["words"]
        )
        return cls(words, heard["certain"], heard["complete"])
