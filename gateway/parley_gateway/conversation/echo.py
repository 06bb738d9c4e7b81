"""Whether words are the agent's own, come back through the caller's microphone.

What was heard is aligned with what the agent has just been saying, word by word, at whatever place costs the
fewest mistakes. A recogniser mishears, so a few are forgiven; but one who repeats a word of the agent's
("Tuesday?") has to be heard: few words prove nothing, and words that go on by themselves are the caller's.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

_PROOF = 3
"""Words in a row that a caller does not say by chance just when the agent says them."""
_ALIKE = 3
"""First letters that words have in common where a recogniser has misheard the rest."""


class Resemblance(Enum):
    """Of what was heard to what is being said."""

    NONE = "none"
    PERHAPS = "perhaps"
    """Too little to tell: more words will."""
    ECHO = "echo"


def resemblance(heard: Sequence[str], said: Sequence[str]) -> Resemblance:
    """Whether `heard` is a part of `said`, in normalised words."""
    if not heard or not said:
        return Resemblance.NONE
    mistakes, at_the_end = _mistakes(heard, said)
    if at_the_end >= 2 or mistakes * 3 > len(heard):
        return Resemblance.NONE
    if len(heard) >= _PROOF and mistakes * 4 <= len(heard):
        return Resemblance.ECHO
    return Resemblance.PERHAPS


def _mistakes(heard: Sequence[str], said: Sequence[str]) -> tuple[int, int]:
    """The fewest with which `heard` is a run of words of `said` (Sellers' algorithm), and how many come last."""
    row = [(0, 0)] * (len(said) + 1)
    for count, word in enumerate(heard, start=1):
        above, row = row, [(count, count)]
        for at, other in enumerate(said, start=1):
            other_one, in_a_row = above[at - 1]
            matched = (other_one, 0) if _alike(word, other) else (other_one + 1, in_a_row + 1)
            added = (above[at][0] + 1, above[at][1] + 1)
            left_out = (row[at - 1][0] + 1, row[at - 1][1])
            row.append(min(matched, added, left_out))
    return min(row)


def _alike(one: str, other: str) -> bool:
    return one == other or (min(len(one), len(other)) > _ALIKE and one[:_ALIKE] == other[:_ALIKE])
