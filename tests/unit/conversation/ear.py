"""What a caller can have heard of each reply, reckoned from the audio and the link's reports alone.

Every word that a test's model writes is the only one of its kind and names its reply, so that each word in a
history can be traced to where it lies in which audio.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from parley_gateway.conversation.events import Quality, Word
from parley_gateway.conversation.history import HistoryItem, Speaker, Utterance

_LETTERS = str.maketrans("0123456789", "abcdefghij")
_DIGITS = str.maketrans("abcdefghij", "0123456789")
_WORD = re.compile(r"r([a-j]+)w([a-j]+)z")
_SLACK_MS = 1.0
"""Of rounding."""


def word(reply: int, number: int) -> str:
    """The n-th word that the model writes in a reply."""
    return f"r{reply}w{number}z".translate(_LETTERS)


def words_in(text: str) -> list[tuple[int, int]]:
    """Which words of which replies are in a text, in their order."""
    return [(int(a.translate(_DIGITS)), int(b.translate(_DIGITS))) for a, b in _WORD.findall(text)]


@dataclass
class _Segment:
    text: str
    ms: int = 0
    starts_ms: int | None = None
    ends: dict[str, int] = field(default_factory=dict)
    """Of the words whose timings the voice gave, from the reply's beginning."""


@dataclass
class _Reply:
    segments: list[_Segment] = field(default_factory=list)
    made_ms: int = 0
    at_ms: int = 0
    quality: Quality = Quality.ESTIMATED
    completed: bool = False

    def latest_ms(self, spoken: str) -> float:
        """No earlier than this can a word have been heard."""
        segment = next(one for one in self.segments if spoken in one.text)
        if segment.starts_ms is None:
            later = [one.starts_ms for one in self.segments if one.starts_ms is not None]
            return min((at for at in later if at >= self._before(segment)), default=float("inf"))
        if spoken in segment.ends:
            return segment.ends[spoken]
        whole = segment.starts_ms + segment.ms
        if segment.ends:
            return whole
        share = (segment.text.index(spoken) + len(spoken)) / len(segment.text)
        return segment.starts_ms + share * segment.ms

    def surely_heard(self) -> list[tuple[int, int]]:
        """The words of the segments that were over when another one was heard."""
        over = [
            one
            for one, following in zip(self.segments, self.segments[1:], strict=False)
            if one.starts_ms is not None
            and following.starts_ms is not None
            and one.starts_ms + one.ms <= self.at_ms
            and following.starts_ms < self.at_ms
        ]
        return words_in(" ".join(one.text for one in over))

    def _before(self, segment: _Segment) -> int:
        before = self.segments[: self.segments.index(segment)]
        return max((one.starts_ms + one.ms for one in before if one.starts_ms is not None), default=0)


class Ear:
    """One caller's."""

    def __init__(self) -> None:
        self._replies: dict[int, _Reply] = {}
        self.last_cut = 0
        self._told: dict[int, list[tuple[int, int]]] = {}
        """What was said to have been heard of replies that were cut short, until the link knew better."""

    def began(self, reply: int) -> None:
        self._replies[reply] = _Reply()

    def said(self, reply: int, text: str) -> None:
        assert all(of == reply for of, _ in words_in(text)), "the words of another reply"
        self._replies[reply].segments.append(_Segment(text))

    def made(self, reply: int, number: int, ms: int, *, timed: int) -> tuple[Word, ...]:
        """More audio of a segment, in which so many of its words end; returns them in the segment's own time."""
        said = self._replies[reply]
        segment = said.segments[number]
        if segment.starts_ms is None:
            segment.starts_ms = said.made_ms
        untimed = [text for text in _spoken_words(segment.text) if text not in segment.ends][:timed]
        words = []
        for count, text in enumerate(untimed, start=1):
            end_ms = segment.ms + ms * count // len(untimed)
            words.append(Word(text, max(0, end_ms - 10), end_ms))
            segment.ends[text] = segment.starts_ms + end_ms
        segment.ms += ms
        said.made_ms += ms
        return tuple(words)

    def next_segment(self, reply: int, skip: int) -> int | None:
        """The one whose audio may come next: voices speak in order, and may leave one out."""
        segments = self._replies[reply].segments if reply in self._replies else []
        latest = max((number for number, one in enumerate(segments) if one.starts_ms is not None), default=-1)
        number = max(0, latest + skip)
        return number if number < len(segments) else None

    def made_ms(self, reply: int) -> int:
        return self._replies[reply].made_ms if reply in self._replies else 0

    def played(self, reply: int, ms: int, quality: Quality, *, living: int | None) -> None:
        """The link says so; of a reply that is over, only what it knows of the last one that was cut short."""
        late = reply == self.last_cut and quality is not Quality.ESTIMATED
        if reply in self._replies and (reply == living or late):
            said = self._replies[reply]
            said.at_ms, said.quality = min(ms, said.made_ms), quality
            self._told.pop(reply, None)

    def over(self, reply: int, *, completed: bool) -> None:
        self._replies[reply].completed = completed
        if not completed:
            self.last_cut = reply

    def check_cut(self, reply: int, text: str) -> None:
        """What was told to have been heard of a reply that was cut short just now."""
        said = self._replies[reply]
        heard = words_in(text)
        assert set(said.surely_heard()) <= set(heard), "more was heard than is said"
        self._check_words(reply, heard)
        self._told[reply] = heard

    def check(self, history: Iterable[HistoryItem]) -> None:
        """A history holds of each reply a beginning of what was said, and no more than can have been heard."""
        heard: dict[int, list[tuple[int, int]]] = {}
        for item in history:
            if isinstance(item, Utterance) and item.speaker is Speaker.AGENT and (found := words_in(item.text)):
                reply = found[0][0]
                heard.setdefault(reply, []).extend(found)
                assert item.quality is self._replies[reply].quality, "how well it is known"
        for reply, told in self._told.items():
            assert heard.get(reply, []) == told, "what was told to have been heard is what is kept"
        for reply, words in heard.items():
            self._check_words(reply, words)

    def _check_words(self, reply: int, heard: list[tuple[int, int]]) -> None:
        said = self._replies[reply]
        spoken = words_in(" ".join(one.text for one in said.segments))
        assert heard == spoken[: len(heard)], "a prefix of what was spoken"
        if said.completed:
            assert heard == spoken, "all of it"
            return
        for _, number in heard:
            latest = said.latest_ms(word(reply, number))
            assert latest <= said.at_ms + _SLACK_MS, "later than the link reported"


def _spoken_words(text: str) -> list[str]:
    return [word(reply, number) for reply, number in words_in(text)]
