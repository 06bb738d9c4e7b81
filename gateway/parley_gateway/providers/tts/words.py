"""Where words lie in a segment's audio, out of what providers tell of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from parley_gateway.conversation.events import Word

_FIRST_IDEOGRAPH = "\u2e80"
"""From here on scripts write no spaces: each character counts as a word."""


class PlacedWords:
    """One segment's words: each is handed on once there is the audio that it lies in, in their order."""

    def __init__(self) -> None:
        self._waiting: deque[Word] = deque()

    def add(self, words: Iterable[Word]) -> None:
        """More of them; times in ms from the segment's beginning."""
        self._waiting.extend(words)

    def within(self, ms: int) -> tuple[Word, ...]:
        """Those that end within the first `ms`."""
        found = []
        while self._waiting and self._waiting[0].end_ms <= ms:
            found.append(_cut(self._waiting.popleft(), ms))
        return tuple(found)

    def rest(self, ms: int) -> tuple[Word, ...]:
        """All others, when there is no more audio than `ms`: a voice's clock may run ahead of its audio."""
        words = tuple(_cut(word, ms) for word in self._waiting)
        self._waiting.clear()
        return words


def _cut(word: Word, ms: int) -> Word:
    end = min(max(word.end_ms, 0), ms)
    start = min(max(word.start_ms, 0), end)
    return word if (start, end) == (word.start_ms, word.end_ms) else Word(word.text, start, end)


class CharacterWords:
    """Words out of characters with their times. A word may begin in one message and end in the next."""

    def __init__(self) -> None:
        self._text = ""
        self._start_ms = 0
        self._end_ms = 0

    def feed(
        self, characters: Sequence[str], starts_ms: Sequence[float], lengths_ms: Sequence[float], *, offset_ms: int
    ) -> list[Word]:
        """The words that are complete. `offset_ms`: where the message's audio begins in the segment's.

        Raises ValueError where not each character has its times.
        """
        words: list[Word] = []
        for character, start, length in zip(characters, starts_ms, lengths_ms, strict=True):
            if character.isspace() or character >= _FIRST_IDEOGRAPH:
                words += self.end()
            if not character.strip():
                continue
            if not self._text:
                self._start_ms = offset_ms + round(start)
            self._text += character
            self._end_ms = offset_ms + round(start + length)
        return words

    def end(self) -> list[Word]:
        """The word that was begun, when nothing follows."""
        if not self._text:
            return []
        word = Word(self._text, self._start_ms, self._end_ms)
        self._text = ""
        return [word]
