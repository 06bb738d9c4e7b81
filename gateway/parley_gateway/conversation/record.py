"""What the history says of one reply: the text that was heard, around the calls of tools that it made.

A reply that calls tools has parts, since models want what was said before a call to stand before it. What was
heard of a part is not known before the reply is over: until then its place in the history is kept empty.
"""

from __future__ import annotations

from itertools import pairwise

from parley_gateway.conversation.heard import Spoken
from parley_gateway.conversation.history import History, HistoryItem, Quality, Speaker, Utterance


class Record:
    """One reply's."""

    def __init__(self, history: History, spoken: Spoken) -> None:
        self._history = history
        self._spoken = spoken
        self._items: list[int] = []
        self._ends: list[int] = []
        """Of each part: the number of segments before its end."""

    def end_part(self) -> None:
        """What is said from now on follows a call. To be called before the call is in the history."""
        end = len(self._spoken.segments)
        if end > (self._ends[-1] if self._ends else 0):
            self._ends.append(end)
            self._items.append(self._history.append(Utterance(Speaker.AGENT, "")))

    def as_written(self) -> tuple[HistoryItem, ...]:
        """The history with all of the reply's text, for the model that is to go on with it."""
        parts = self._parts(list(self._spoken.segments))
        return self._history.with_replaced(
            {item: Utterance(Speaker.AGENT, text) for item, text in zip(self._items, parts, strict=False)}
        )

    def complete(self, quality: Quality) -> None:
        """All of the text was heard."""
        self.end_part()
        self._write(list(self._spoken.segments), quality, interrupted=False)

    def cut(self, heard_ms: int, quality: Quality) -> None:
        """No more of the audio than this was heard."""
        heard = self._spoken.heard_of_segments(heard_ms)
        if "".join(heard).strip():
            self.end_part()
        self._write(heard, quality, interrupted=True)

    def correct(self, heard_ms: int, quality: Quality) -> None:
        """It is known better by now how much was heard. What nothing was heard of has no place any more."""
        self._write(self._spoken.heard_of_segments(heard_ms), quality, interrupted=True)

    def _write(self, segments: list[str], quality: Quality, *, interrupted: bool) -> None:
        parts = self._parts(segments)
        last = max((number for number, text in enumerate(parts) if text), default=-1)
        for number, (item, text) in enumerate(zip(self._items, parts, strict=True)):
            self._history.replace(item, Utterance(Speaker.AGENT, text, interrupted and number == last, quality))

    def _parts(self, segments: list[str]) -> list[str]:
        return ["".join(segments[start:end]).strip() for start, end in pairwise([0, *self._ends])]
