"""The audio that a recogniser was given and has not made up its mind about: what a next one must hear again."""

from __future__ import annotations

from parley_gateway.audio.formats import SAMPLE_BYTES, bytes_to_ms, ms_to_bytes
from parley_gateway.conversation.events import SpeechStarted, TranscriptChanged
from parley_gateway.ports import SttEvent

SPEECH_MS = 10_000
"""Kept of what is being said: more than a sentence."""
QUIET_MS = 1_500
"""Kept where nobody is known to speak: the beginning of a word that was not recognised yet."""
NEW_MS = 20_000
"""A stream that was given so much and said nothing says nothing of silence; until then it may not be connected.

More than the deadlines for a connection and a first answer together, by default.
"""


class Unsettled:
    """One stream's. Positions are ms of the stream's audio."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._audio = bytearray()
        self._end = 0
        self._new_until = self._patience = ms_to_bytes(NEW_MS, rate)
        """Up to here the recogniser may not listen yet; 0 once it has said something."""
        self._speaking = False

    def again(self, pcm: bytes) -> None:
        """The recogniser begins with this, which another one did not settle, and has as much time as that one."""
        self._new_until = len(pcm) + self._patience
        self.sent(pcm)

    def sent(self, pcm: bytes) -> None:
        """The recogniser was given this."""
        self._audio += pcm
        self._end += len(pcm)
        self._trim()

    def heard(self, event: SttEvent) -> None:
        """The recogniser said this: a final transcript settles what it was made of."""
        self._new_until = 0
        if isinstance(event, SpeechStarted):
            self._speaking = True
        elif isinstance(event, TranscriptChanged):
            self._speaking = not event.final and (self._speaking or bool(event.text))
            if event.final:
                settled_ms = max((word.end_ms for word in event.words), default=bytes_to_ms(self._end, self._rate))
                self._settle(ms_to_bytes(settled_ms, self._rate))
        self._trim()

    def forget(self) -> None:
        """Nobody is to hear again what was said so far."""
        self._audio.clear()

    def take(self) -> bytes:
        """What is left, to be given to another stream; this one is over."""
        left, self._audio = bytes(self._audio), bytearray()
        self._end, self._new_until, self._speaking = 0, self._patience, False
        return left

    def _trim(self) -> None:
        is_new = self._end <= self._new_until
        limit = ms_to_bytes(SPEECH_MS if self._speaking or is_new else QUIET_MS, self._rate)
        if len(self._audio) > limit:
            del self._audio[: len(self._audio) - limit]

    def _settle(self, end: int) -> None:
        begin = self._end - len(self._audio)
        settled = min(max(0, end - begin), len(self._audio))
        del self._audio[: settled - settled % SAMPLE_BYTES]
