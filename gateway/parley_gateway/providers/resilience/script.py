"""What a voice is to say, how much of it has been handed on, and so what another voice would have to say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from parley_gateway.audio.formats import bytes_to_ms
from parley_gateway.conversation.events import Word
from parley_gateway.conversation.heard import Spoken
from parley_gateway.conversation.sentences import is_speakable
from parley_gateway.ports import TtsAudio, TtsSegment

OnMade = Callable[[int, str | None], None]
"""A segment has been spoken in full, by the voice of this name; None for several voices."""


@dataclass(slots=True)
class _Line:
    """A segment that a voice has been given, as far as it has been spoken."""

    number: int
    text: str
    """What the present voice was given of it."""
    voices: list[str] = field(default_factory=list)
    before: int = 0
    """Bytes of audio that earlier voices made of it."""
    made: int = 0
    """Bytes of the present voice's."""
    words: list[Word] = field(default_factory=list)


class Script:
    """One reply's. Outlives the voices that speak it, one after the other."""

    def __init__(self, *, rate: int, on_made: OnMade) -> None:
        """`rate`: Hz of all audio."""
        self._rate = rate
        self._on_made = on_made
        self._voice = ""
        self._lines: list[_Line] = []

    @property
    def left(self) -> list[TtsSegment]:
        """What has been read and not been said."""
        return [TtsSegment(line.number, line.text) for line in self._lines]

    @property
    def owed(self) -> bool:
        """Whether the present voice has been given something of which there is no audio yet."""
        return any(not line.made for line in self._lines)

    @property
    def begun(self) -> bool:
        """Whether the present voice has said anything."""
        return any(line.made for line in self._lines)

    def cast(self, voice: str) -> None:
        """Who speaks from now on."""
        self._voice = voice

    def add(self, segment: TtsSegment) -> None:
        """The present voice has been given this to say next."""
        self._lines.append(_Line(segment.segment, segment.text.strip()))

    def hand_on(self, audio: TtsAudio) -> TtsAudio:
        """Takes note of the present voice's audio; its words come back placed in all of the segment's audio."""
        line = next((line for line in self._lines if line.number == audio.segment), None)
        if line is None:
            return audio
        if audio.pcm and not line.made:
            line.voices.append(self._voice)
            self._finish(line.number)
        line.made += len(audio.pcm)
        line.words += audio.words
        if not line.before or not audio.words:
            return audio
        before_ms = bytes_to_ms(line.before, self._rate)
        return replace(audio, words=tuple(_later(word, before_ms) for word in audio.words))

    def finish(self) -> None:
        """All has been said."""
        for line in self._lines:
            self._tell(line)
        self._lines = []

    def leave_off(self, failed: int | None) -> None:
        """The present voice says no more; `failed` is the segment that it could not finish, if it knows."""
        if failed is not None:
            self._finish(failed)
        for line in self._lines:
            if line.made:
                line.text = self._rest(line)
                line.before, line.made, line.words = line.before + line.made, 0, []
        self._lines = [line for line in self._lines if is_speakable(line.text)]

    def _finish(self, before: int) -> None:
        """Segments come in their order: once a later one is spoken, earlier ones have been."""
        for line in [line for line in self._lines if line.number < before]:
            self._tell(line)
            self._lines.remove(line)

    def _tell(self, line: _Line) -> None:
        if line.voices:
            self._on_made(line.number, line.voices[0] if len(line.voices) == 1 else None)

    def _rest(self, line: _Line) -> str:
        """From the last word that was said to its end: a part of a word is said again rather than left out."""
        ms = bytes_to_ms(line.made, self._rate)
        spoken = Spoken()
        spoken.add_text(line.text)
        spoken.add_audio(0, ms, line.words)
        return line.text[len(spoken.heard(ms)) :].strip()


def _later(word: Word, ms: int) -> Word:
    return replace(word, start_ms=word.start_ms + ms, end_ms=word.end_ms + ms)
