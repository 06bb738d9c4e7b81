"""Words by which a listener says no more than "I hear you": they stop no reply.

Words that contradict or ask for the floor ("no", "wait", "sorry") are in no list.
"""

from __future__ import annotations

from collections.abc import Iterable

from parley_gateway.conversation.words import base_language, words_of

_ANYWHERE = "mhm, mm, mmm, hm, hmm, mm-hmm, mmhmm, uh-huh, ah, aha, oh, ok, okay"
_BY_LANGUAGE = {
    "en": """uh, um, huh, yeah, yes, yep, yup, ya, right, sure, alright, all right, i see, got it, gotcha, of
        course, exactly, absolutely, good, great, cool, nice, fine, wow, oh wow, true, indeed, understood, i
        understand, makes sense, sounds good, that's right""",
    "de": """ja, jaja, jo, genau, gut, klar, na klar, stimmt, richtig, achso, ach so, ach, alles klar, verstehe,
        ich verstehe, verstanden, in ordnung, schön, super, so, eben""",
    "es": """sí, si, ya, ajá, vale, claro, bueno, bien, muy bien, exacto, de acuerdo, entiendo, entendido,
        perfecto, correcto, eso, por supuesto, ya veo""",
    "fr": """oui, ouais, d'accord, bien, très bien, voilà, entendu, je vois, je comprends, exact, exactement,
        compris, bien sûr, parfait, ça marche, tout à fait, super""",
}


class Backchannels:
    """Those of one session."""

    def __init__(self, language: str, chosen: Iterable[str] | None = None) -> None:
        """`chosen` takes the place of the language's own."""
        if chosen is None:
            chosen = f"{_ANYWHERE}, {_BY_LANGUAGE.get(base_language(language), '')}".split(",")
        self._phrases = frozenset(words for phrase in chosen if (words := words_of(phrase)))
        self._longest = max(map(len, self._phrases), default=0)

    def make_up(self, text: str) -> bool:
        """Whether a text has words, and each of them is of a backchannel: "yeah, okay, I see"."""
        words = words_of(text)
        reached = [True] + [False] * len(words)
        for end in range(1, len(words) + 1):
            starts = range(max(0, end - self._longest), end)
            reached[end] = any(reached[start] and words[start:end] in self._phrases for start in starts)
        return bool(words) and reached[-1]
