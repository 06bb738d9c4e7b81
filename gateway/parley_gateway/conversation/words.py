"""Words as they are compared: without case, punctuation and hyphens."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text, in order. Scripts without spaces make one word of a phrase."""
    return tuple(_WORD.findall(text.replace("\u2019", "'").casefold()))


def base_language(tag: str) -> str:
    """`en` of `en-US` (BCP 47)."""
    return tag.partition("-")[0].casefold()
