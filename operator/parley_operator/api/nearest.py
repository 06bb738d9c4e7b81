"""The name that somebody probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 64
"""Characters; nothing that is longer is a slip of a name, and comparing takes the square of it."""


def did_you_mean(word: object, names: Iterable[str], *, likeness: float = 0.7) -> str:
    """As in "; did you mean agent?", to end a sentence with; empty where no name is near.

    Capitals do not count. `likeness` is how near, from 0 to 1, as difflib measures it.
    """
    if not isinstance(word, str) or len(word) > _LONGEST:
        return ""
    spellings = {name.lower(): name for name in names if name != word}
    near = get_close_matches(word.lower(), spellings, n=1, cutoff=likeness)
    return f"; did you mean {spellings[near[0]]}?" if near else ""
