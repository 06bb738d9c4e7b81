"""Cuts a text into sentences while it is still being written, each of them at its end at once.

Waiting for the token after a full stop would cost the caller a token's time in every sentence; so an end is
taken when it is seen, unless the word before it says that it may be none: a title, an initial, a number, an
address. What the same piece of text shows behind it (`.com`, `...`) is used; what comes later is not waited for,
but after a digit or in an address, where the next character decides.
"""

# ruff: noqa: RUF001 - punctuation of other scripts is meant

from __future__ import annotations

import re

FIRST_CLAUSE = 40
"""Characters after which a first sentence may be cut at a comma, so that the caller hears something soon."""
LONGEST = 240
"""Characters after which a sentence is cut where it can be."""

_ENDS = ".!?"
_WIDE_ENDS = "。！？｡．।؟"
_CLOSERS = "\"')]}»”’」』）】*_"
_CLAUSE_ENDS = ",;:—–"
_WIDE_CLAUSE_ENDS = "，、；："
_NO_END = re.compile(
    """mr|mrs|ms|dr|prof|st|sr|jr|rev|gen|sen|rep|gov|capt|lt|col|sgt|hon|messrs|vs|etc|approx|dept|est|fig|figs|vol
    |inc|ltd|corp|co|al|cf|ca|bzw|usw|nr|ggf|sog|mme|mlle|sra|dra|ud|uds""",
    re.VERBOSE,
)
"""Words whose full stop rarely ends a sentence: English, some German, French and Spanish."""
_LETTERS_WITH_DOTS = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")
"""U.S, a.m, J.R.R: what a single letter between full stops abbreviates."""


def is_speakable(text: str) -> bool:
    """Whether there is anything in a text that a voice could say."""
    return any(character.isalnum() for character in text)


class Segmenter:
    """One answer.

    The segments, joined, are the text as it was written, but for what no voice could say at its end.
    """

    def __init__(self) -> None:
        self._text = ""
        self._scanned = 0
        self._clause = 0
        self._first = True
        self._last = ""
        self._resumes = False

    def feed(self, delta: str) -> list[str]:
        """The segments that end in this piece of text, each with the white space before it."""
        if self._resumes and delta:
            self._resumes = False
            delta = _joined(self._last, delta)
        self._text += delta
        segments = []
        while self._scanned < len(self._text):
            cut = self._cut_at(self._scanned)
            if cut is None:
                break
            self._scanned += 1
            if cut and is_speakable(self._text[:cut]):
                segments.append(self._take(cut))
        return segments

    def flush(self) -> list[str]:
        """The rest, as the last segment, if a voice could say it. More may follow, after a pause."""
        rest = self._take(len(self._text))
        self._resumes = bool(self._last)
        return [rest] if is_speakable(rest) else []

    def rewind(self) -> None:
        """Forget what no segment was made of: another goes on from the end of the last one."""
        self._text = ""
        self._scanned = self._clause = 0
        self._resumes = bool(self._last)

    def _take(self, cut: int) -> str:
        segment, self._text = self._text[:cut], self._text[cut:]
        self._last = segment[-1:] or self._last
        self._scanned = self._clause = 0
        self._first = False
        return segment

    def _cut_at(self, at: int) -> int | None:
        """Where to cut on account of the character at `at`: 0 for nowhere, None until the next one is there."""
        character = self._text[at]
        if character in _WIDE_ENDS:
            return self._after_closers(at + 1)
        if character == "\n":
            return at
        if character in _ENDS:
            return self._cut_at_end(at)
        return self._cut_at_length(at)

    def _cut_at_end(self, at: int) -> int | None:
        """An end of a sentence, or a full stop that is something else."""
        token = _token_before(self._text, at)
        following = self._text[at + 1 : at + 2]
        if not following and _next_decides(token, self._text[at]):
            return None
        if following and not (following.isspace() or following in _CLOSERS):
            return 0
        if self._text[at] == "." and self._is_no_end(token, at):
            return 0
        return self._after_closers(at + 1)

    def _is_no_end(self, token: str, at: int) -> bool:
        if not token or token.endswith("."):
            return True
        if token.isdigit():
            return len(token) <= 3 and not self._text[: at - len(token)].strip()
        word = token.lower()
        if len(word) == 1 and word.isalpha():
            return word != "i"
        return bool(_NO_END.fullmatch(word) or _LETTERS_WITH_DOTS.fullmatch(word))

    def _cut_at_length(self, at: int) -> int:
        """A clause of a long first sentence, or the last good place of one that is too long."""
        before = self._text[at - 1 : at]
        if self._text[at] in _WIDE_CLAUSE_ENDS:
            self._clause = at + 1
        elif self._text[at].isspace() and before and before in _CLAUSE_ENDS:
            self._clause = at
        if self._first and self._clause >= FIRST_CLAUSE:
            return self._clause
        if at < LONGEST:
            return 0
        return self._clause or max(self._text.rfind(" ", 1, at), 0) or at

    def _after_closers(self, at: int) -> int:
        while self._text[at : at + 1] and self._text[at] in _CLOSERS:
            at += 1
        return at


def _joined(last: str, text: str) -> str:
    """`text` as it follows `last`: one who goes on for another does not know whether a space is due."""
    spaced = last.isspace() or text[0].isspace() or last in _WIDE_ENDS or last in _WIDE_CLAUSE_ENDS
    return text if spaced else f" {text}"


def _token_before(text: str, at: int) -> str:
    """The word that ends before `at`, without what opens it."""
    start = at
    while start > 0 and not text[start - 1].isspace():
        start -= 1
    return text[start:at].lstrip("\"'([{«“‘¿¡*_")


def _next_decides(token: str, end: str) -> bool:
    """Whether only the next character tells an end from a decimal point or a part of an address."""
    if "://" in token or "@" in token or token.lower().startswith("www"):
        return True
    return end == "." and token[-1:].isdigit()
