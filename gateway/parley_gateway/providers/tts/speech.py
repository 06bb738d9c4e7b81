"""One segment's speech on its way from a socket that others use as well.

The socket's reader puts in what comes and never waits; whoever speaks takes it out at its own pace. So a slow
listener holds up nobody but itself: what is made for it stays here, and its next segment is not asked for.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterable

from parley_contract.pipeline import DeadlinesConfig
from parley_gateway.audio.formats import SampleAligner, bytes_to_ms, ms_to_bytes
from parley_gateway.conversation.events import FailureKind, Stage, Word
from parley_gateway.ports import ProviderError, TtsAudio, TtsSegment
from parley_gateway.providers.alarm import Alarm
from parley_gateway.providers.tts.words import PlacedWords

_PIECE_MS = 250
"""The longest piece that is handed on: resampling more at once would hold up the other sessions."""
_LONGEST_MS = 120_000
"""A segment has 240 characters, which take 20 s: one that is six times as long is not speech for them."""


class SegmentSpeech:
    """What is made of one segment."""

    def __init__(self, segment: TtsSegment, *, rate: int, deadlines: DeadlinesConfig) -> None:
        """Counts as asked for from now on."""
        self.segment = segment
        self._rate = rate
        self._deadlines = deadlines
        self._largest = ms_to_bytes(_PIECE_MS, rate)
        self._pending: deque[bytes] = deque()
        self._aligner = SampleAligner()
        self._words = PlacedWords()
        self._made = 0
        self._taken = 0
        self._over = False
        self._failure: ProviderError | None = None
        self._changed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._since = self._loop.time()

    # --- from the socket ---

    @property
    def made_ms(self) -> int:
        """Length of the audio so far."""
        return bytes_to_ms(self._made, self._rate)

    @property
    def made(self) -> int:
        """The same in bytes."""
        return self._made

    def alive(self) -> None:
        """The provider works on what comes before it: its time has not begun."""
        self._since = self._loop.time()

    def add(self, pcm: bytes) -> None:
        """More audio, cut anywhere."""
        if self._over or not pcm:
            return
        self.alive()
        self._made += len(pcm)
        if self.made_ms > _LONGEST_MS:
            self.fail(ProviderError(Stage.TTS, FailureKind.GARBAGE, "far more speech than there is text"))
            return
        whole = self._aligner.feed(pcm)
        for at in range(0, len(whole), self._largest):
            self._pending.append(whole[at : at + self._largest])
        self._changed.set()

    def place(self, words: Iterable[Word]) -> None:
        """Words, with times from the segment's beginning; their audio may come sooner or later."""
        self._words.add(words)

    def end(self) -> None:
        """That was all of it."""
        self._over = True
        self._changed.set()

    def fail(self, failure: ProviderError) -> None:
        """There will be no more; what came is still handed on."""
        if not self._over:
            self._failure = failure
            self.end()

    # --- to whoever speaks ---

    async def pieces(self) -> AsyncGenerator[TtsAudio, None]:
        """The speech as it comes. Raises ProviderError, also when nothing comes in time."""
        number = self.segment.segment
        with Alarm() as alarm:
            while await self._more(alarm):
                pcm = self._take()
                self._taken += len(pcm)
                yield TtsAudio(number, pcm, self._words.within(bytes_to_ms(self._taken, self._rate)))
        self._check()
        if words := self._words.rest(self.made_ms):
            yield TtsAudio(number, b"", words)

    async def _more(self, alarm: Alarm) -> bool:
        """Waits for audio; False when there is no more."""
        while not self._pending and not self._over:
            self._changed.clear()
            limit, what = self._limit()
            try:
                await alarm.until(self._since + limit, self._changed.wait())
            except TimeoutError:
                # What comes before it may have been heard of meanwhile.
                if self._loop.time() >= self._since + limit:
                    detail = f"did not {what} within {limit:g} s"
                    raise ProviderError(Stage.TTS, FailureKind.TIMEOUT, detail) from None
        return bool(self._pending)

    def _limit(self) -> tuple[float, str]:
        if self._made:
            return self._deadlines.between_bytes, "go on"
        return self._deadlines.first_byte, "begin"

    def _take(self) -> bytes:
        """The next piece: of what waits, as much as one may hold."""
        pieces = [self._pending.popleft()]
        size = len(pieces[0])
        while self._pending and size + len(self._pending[0]) <= self._largest:
            size += len(self._pending[0])
            pieces.append(self._pending.popleft())
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._aligner.pending:
            raise ProviderError(Stage.TTS, FailureKind.CUT, "the audio ended within a sample")
        if not self._made and any(character.isalnum() for character in self.segment.text):
            raise ProviderError(Stage.TTS, FailureKind.GARBAGE, "an answer without audio")
