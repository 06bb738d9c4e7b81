"""Speech that was made once and is said again: the agent's own phrases always, other texts while there is room."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from parley_gateway.audio.resample import Resampler
from parley_gateway.conversation.events import Word


@dataclass(frozen=True, slots=True)
class Text:
    """What is said, and in which language."""

    language: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Speech:
    """How one voice said it."""

    pcm: bytes = field(repr=False)
    rate: int
    """Hz."""
    words: tuple[Word, ...] = field(default=(), repr=False)

    def at(self, rate: int) -> bytes:
        """Its PCM at another rate."""
        resampler = Resampler(self.rate, rate)
        return resampler.feed(self.pcm) + resampler.flush()


class SpeechCache:
    """By voice, which stands for its provider, model and all settings: they do not change while a process runs.

    What was said for a client of a lower rate, a telephone, is of no use to one of a higher rate; the reverse is.
    """

    def __init__(self, max_bytes: int) -> None:
        """`max_bytes`: of PCM, for texts that are not kept anyway; 0 remembers none of them."""
        self._max_bytes = max_bytes
        self._kept: dict[Text, dict[str, Speech]] = {}
        self._recent: OrderedDict[tuple[Text, str], Speech] = OrderedDict()
        self.recent_bytes = 0

    def keep(self, texts: Iterable[Text]) -> None:
        """These are always kept from now on, once they are there; those kept before are forgotten."""
        self._kept = {text: self._kept.get(text, {}) for text in texts}

    def missing(self, voice: str) -> list[Text]:
        """What is to be kept, and was not said by this voice yet."""
        return [text for text, speeches in self._kept.items() if voice not in speeches]

    def wants(self, text: Text) -> bool:
        """Whether it is worth remembering."""
        return self._max_bytes > 0 or text in self._kept

    def find(self, text: Text, voices: Sequence[str], *, rate: int) -> Speech | None:
        """How the first of these voices said it at that rate or a higher one; of what is kept, any of them."""
        if kept := self._kept.get(text):
            fitting = (kept[voice] for voice in voices if voice in kept)
            return next((speech for speech in fitting if speech.rate >= rate), None)
        speech = self._recent.get((text, voices[0]))
        if speech is None or speech.rate < rate:
            return None
        self._recent.move_to_end((text, voices[0]))
        return speech

    def put(self, text: Text, voice: str, speech: Speech) -> None:
        """Remember it; what was not asked for the longest time gives way."""
        if text in self._kept:
            self._kept[text][voice] = speech
        elif len(speech.pcm) <= self._max_bytes:
            self._forget((text, voice))
            self._recent[(text, voice)] = speech
            self.recent_bytes += len(speech.pcm)
            while self.recent_bytes > self._max_bytes:
                self._forget(next(iter(self._recent)))

    def _forget(self, key: tuple[Text, str]) -> None:
        if (speech := self._recent.pop(key, None)) is not None:
            self.recent_bytes -= len(speech.pcm)
