"""The caller's audio on its way to the recogniser, and what it hears on its way back.

A stream that breaks is opened anew within a bound. The next one hears again what the broken one had not settled,
and what came meanwhile, as much of it as is still worth hearing. Numbers and times of a later stream go on where
the earlier one's stopped.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from parley_gateway.audio.formats import bytes_to_ms, ms_to_bytes
from parley_gateway.audio.resample import Resampler
from parley_gateway.conversation.events import (
    FailureKind,
    SpeechStarted,
    SpeechStopped,
    Stage,
    TranscriptChanged,
    Word,
)
from parley_gateway.ports import ProviderError, Stt, SttEvent, SttRequest, SttStream, VoiceActivity
from parley_gateway.session.hearing import Hearing
from parley_gateway.session.outage import Outage
from parley_gateway.session.unsettled import Unsettled

COALESCE_MS = 80
"""Audio is handed on in pieces of at least this: a send costs an SDK 34 µs, whatever its size."""
LISTENING_MS = 40
"""The same where a detector listens, which is to notice speech at once: providers put more together themselves."""
BACKLOG_MS = 5_000
"""Audio kept while there is no stream; what is older is dropped."""


@dataclass(frozen=True, slots=True)
class RecognitionObserver:
    """Who is told what."""

    on_event: Callable[[SttEvent], None]
    on_interrupted: Callable[[FailureKind], None]
    """A stream broke; another is about to be opened."""
    on_lost: Callable[[FailureKind], None]
    on_dropped: Callable[[int], None]
    """So many ms of audio were left out at this moment, 0 for none."""
    on_deaf: Callable[[], None] = lambda: None
    """There has been no stream for so long that the caller notices; once for each such time."""
    on_owns_turns: Callable[[bool], None] = lambda _: None
    """A stream takes over that says itself when turns end, where the one before did not, or the reverse."""


class Recognition:
    """One session's recognition, over as many streams as it takes."""

    def __init__(
        self,
        stt: Stt,
        request: SttRequest,
        *,
        input_rate: int,
        observer: RecognitionObserver,
        voice_activity: VoiceActivity | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`voice_activity`: what hears speech beside the recogniser, if anything does."""
        self._stt = stt
        self._request = request
        self._observer = observer
        self._outage = Outage(jitter)
        self._heard = False
        self._input_rate = input_rate
        self._resampler = Resampler(input_rate, stt.sample_rate)
        self._hearing: Hearing | None = None
        if voice_activity is not None:
            self._hearing = Hearing(voice_activity, sample_rate=stt.sample_rate, tell=observer.on_event)
        self._coalesce_bytes = ms_to_bytes(LISTENING_MS if voice_activity else COALESCE_MS, input_rate)
        self._backlog_bytes = ms_to_bytes(BACKLOG_MS, stt.sample_rate)
        self._pending = bytearray()
        self._backlog = bytearray()
        self._stream: SttStream | None = None
        self._received = 0
        self._made = 0
        self._base_ms = 0
        self._next_utterance = 0
        self._utterance_shift: int | None = 0
        """From a stream's numbers to the session's; None until it has told its first, whatever it counts from."""
        self._unfinished = False
        self._asked = False
        """Whether a stream was told to make up its mind, and none has said what it heard."""
        self._unsettled = Unsettled(stt.sample_rate)
        self._owns_turns = stt.owns_turns

    @property
    def received_ms(self) -> int:
        """All of the caller's audio so far."""
        return bytes_to_ms(self._received, self._input_rate)

    def audio(self, pcm: bytes) -> None:
        """More of it, in pieces of any length of whole samples."""
        self._received += len(pcm)
        if not self._pending and len(pcm) >= self._coalesce_bytes:
            self._hand_over(pcm)
            return
        self._pending += pcm
        if len(self._pending) >= self._coalesce_bytes:
            self._flush()

    def finalize(self) -> None:
        """Have the recogniser make up its mind about all there is; where it breaks first, the next one."""
        self._flush()
        self._asked = True
        if self._stream is not None:
            self._stream.finalize()

    def discard(self) -> None:
        """Nothing that was said so far counts: the recogniser is to be done with it, and no other to hear it."""
        self.finalize()
        self._asked = False
        self._unsettled.forget()
        self._backlog.clear()

    def pause(self) -> None:
        """No audio comes for now: what was said is over."""
        self.finalize()
        if self._hearing is not None:
            self._hearing.pause()

    def abort(self) -> None:
        """Let go of everything at once."""
        if self._hearing is not None:
            self._hearing.close()
        self._let_go()

    def _let_go(self) -> None:
        if self._stream is not None:
            self._stream.abort()
            self._stream = None

    async def run(self) -> None:
        """Recognise until cancelled, or until it is known that it cannot be done."""
        clock = asyncio.get_running_loop().time
        while True:
            opened, self._heard = clock(), False
            error = await self._listen()
            wait = self._outage.failed(error, opened=opened, heard=self._heard, now=clock())
            if wait is None:
                self._observer.on_lost(error.kind)
                return
            self._observer.on_interrupted(error.kind)
            if self._outage.is_noticed(clock(), wait=wait):
                self._observer.on_deaf()
            await asyncio.sleep(wait)

    async def _listen(self) -> ProviderError:
        """One stream's life; returns why it ended."""
        self._backlog[:0] = self._unsettled.take()
        self._base_ms = bytes_to_ms(self._made - len(self._backlog), self._stt.sample_rate)
        self._utterance_shift = None
        try:
            self._stream = stream = self._stt.open(self._request)
            self._tell_who_owns_turns(stream.owns_turns)
            if self._backlog:
                backlog, self._backlog = bytes(self._backlog), bytearray()
                self._unsettled.again(backlog)
                self._observer.on_dropped(stream.send(backlog))
                if self._asked:
                    stream.finalize()
            async for event in stream.events():
                self._heard = True
                self._asked &= not (isinstance(event, TranscriptChanged) and event.final)
                self._unsettled.heard(event)
                self._tell(self._placed(event))
        except ProviderError as error:
            return error
        finally:
            self._let_go()
        return ProviderError(Stage.STT, FailureKind.CUT, "the stream ended by itself")

    def _flush(self) -> None:
        if self._pending:
            pcm, self._pending = bytes(self._pending), bytearray()
            self._hand_over(pcm)

    def _hand_over(self, pcm: bytes) -> None:
        pcm = self._resampler.feed(pcm)
        self._made += len(pcm)
        if self._hearing is not None:
            self._hearing.audio(pcm)
        if self._stream is not None:
            self._send(self._stream, pcm)
            return
        self._backlog += pcm
        excess = max(0, len(self._backlog) - self._backlog_bytes)
        del self._backlog[:excess]
        self._observer.on_dropped(bytes_to_ms(excess, self._stt.sample_rate))

    def _tell_who_owns_turns(self, owns_turns: bool) -> None:
        if owns_turns is not self._owns_turns:
            self._owns_turns = owns_turns
            self._observer.on_owns_turns(owns_turns)

    def _send(self, stream: SttStream, pcm: bytes) -> None:
        self._unsettled.sent(pcm)
        self._observer.on_dropped(stream.send(pcm))

    def _tell(self, event: SttEvent) -> None:
        if self._hearing is not None and isinstance(event, SpeechStarted | SpeechStopped):
            self._hearing.told(event)
        else:
            self._observer.on_event(event)

    def _placed(self, event: SttEvent) -> SttEvent:
        """The event in the session's own numbers and times."""
        if isinstance(event, TranscriptChanged):
            number = self._number_of(event)
            self._next_utterance = max(self._next_utterance, number + 1)
            self._unfinished = not event.final
            if not (self._base_ms or self._utterance_shift):
                return event
            return replace(event, utterance=number, words=tuple(map(self._placed_word, event.words)))
        if self._base_ms and isinstance(event, SpeechStarted | SpeechStopped):
            return replace(event, audio_ms=event.audio_ms + self._base_ms)
        return event

    def _number_of(self, event: TranscriptChanged) -> int:
        """A stream's first utterance takes the place of the one that the stream before it did not finish."""
        if self._utterance_shift is None:
            first = self._next_utterance - self._unfinished
            self._utterance_shift = first - event.utterance if self._next_utterance else 0
        return event.utterance + self._utterance_shift

    def _placed_word(self, word: Word) -> Word:
        return replace(word, start_ms=word.start_ms + self._base_ms, end_ms=word.end_ms + self._base_ms)
