"""One reply's text beside its audio: what of the text was heard when so much of the audio was played.

Word timings say it exactly where the voice gives them. Where it does not, text is taken to be spread evenly
over its segment's audio. Either way only whole words count, and what was heard is a prefix of what was said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from parley_gateway.conversation.events import Word

MS_PER_CHARACTER = 60
"""Of speech whose length is not known yet: 170 words of 5.8 characters a minute."""

_FIRST_IDEOGRAPH = "\u2e80"
"""From here on scripts write no spaces: any place between two characters is good enough to cut at."""


@dataclass(slots=True)
class _Segment:
    text: str
    ms: int = 0
    words: list[Word] = field(default_factory=list)


class Spoken:
    """What is being said in one reply."""

    def __init__(self) -> None:
        self._segments: list[_Segment] = []
        self._last_voiced = -1
        self.ms = 0
        """Length of the audio so far."""
        self.complete = False
        """Whether no more audio of this text follows."""

    @property
    def text(self) -> str:
        """All of the text so far."""
        return "".join(segment.text for segment in self._segments).strip()

    @property
    def segments(self) -> Sequence[str]:
        """The texts of the segments, by their numbers."""
        return [segment.text for segment in self._segments]

    def add_text(self, text: str) -> int:
        """The next segment, with the white space before it; returns its number, counted from 0."""
        self.complete = False
        self._segments.append(_Segment(text))
        return len(self._segments) - 1

    def add_audio(self, segment: int, ms: int, words: Iterable[Word]) -> None:
        """`ms` more of a segment's audio; a segment that was never announced has none."""
        if not 0 <= segment < len(self._segments):
            return
        self._segments[segment].ms += ms
        self._segments[segment].words.extend(words)
        self._last_voiced = max(self._last_voiced, segment)
        self.ms += ms

    def heard(self, ms: int) -> str:
        """The text within the first `ms` of the audio, cut at the end of a word."""
        return "".join(self.heard_of_segments(ms)).strip()

    def heard_of_segments(self, ms: int) -> list[str]:
        """The same, by segments, up to the last that was heard at all or in part."""
        heard: list[str] = []
        for number, segment in enumerate(self._segments):
            whole = self.complete or number < self._last_voiced
            if ms <= 0 or not (whole and ms >= segment.ms):
                heard.append(_heard_of(segment, min(ms, segment.ms), whole=whole))
                break
            heard.append(segment.text)
            ms -= segment.ms
        return heard

    def between(self, from_ms: int, to_ms: int) -> str:
        """The words that end between two positions of the audio."""
        return self.heard(to_ms)[len(self.heard(from_ms)) :]


def _heard_of(segment: _Segment, ms: int, *, whole: bool) -> str:
    if ms <= 0:
        return ""
    heard = sum(1 for word in segment.words if word.end_ms <= ms)
    if segment.words:
        return segment.text[: _end_of_words(segment.text, segment.words[:heard])]
    expected = segment.ms if whole else max(segment.ms, len(segment.text) * MS_PER_CHARACTER)
    return segment.text[: _word_boundary(segment.text, len(segment.text) * ms // expected)]


def _end_of_words(text: str, words: Sequence[Word]) -> int:
    """Where the last of `words` ends in `text`, with the punctuation that clings to it.

    A voice may name words otherwise than they are written ("twenty" for "20"): those are passed over.
    """
    lowered = text.lower()
    end = 0
    for word in words:
        spelled = word.text.lower().strip(".,;:!?\"'()")
        found = lowered.find(spelled, end) if spelled else -1
        if found >= 0:
            end = found + len(spelled)
    while 0 < end < len(text) and not _may_cut(text, end):
        end += 1
    return end


def _word_boundary(text: str, position: int) -> int:
    while position > 0 and not _may_cut(text, position):
        position -= 1
    return position


def _may_cut(text: str, position: int) -> bool:
    return position >= len(text) or text[position].isspace() or text[position - 1] >= _FIRST_IDEOGRAPH
