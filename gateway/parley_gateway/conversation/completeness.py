"""Whether what the caller has said so far sounds as if it went on: the semantic rule for the end of a turn.

It judges the last words only, as a listener does who waits for a pause: "I would like to" goes on, "a table for
two, please" does not. English, with the most telling words of German, Spanish and French; of other languages
only the punctuation is judged.
"""

# ruff: noqa: RUF001 - punctuation of other scripts is meant

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from parley_gateway.conversation.words import base_language, words_of

_QUESTION = ("?", "？", "؟")
_FINAL = (*_QUESTION, ".", "!", "。", "！", "｡", "।")
_OPEN = (",", ";", ":", "-", "–", "—", "…", "...", "、", "，")
_CLOSERS = "\"')]}»”’」』）】"


class Completeness(Enum):
    """How finished a turn sounds."""

    COMPLETE = "complete"
    UNSURE = "unsure"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class _Language:
    links: frozenset[str]
    """Conjunctions, articles and possessives: nothing ends with one, not even a question."""
    leads: frozenset[str]
    """Prepositions, auxiliaries and pronouns: a statement rarely ends with one, a question may."""
    fillers: frozenset[str]
    """Sounds and phrases of one who looks for words; of several words as one text."""
    answers: frozenset[str]
    """What is complete by itself."""
    digits: frozenset[str]


def _set(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.split(","))


_LANGUAGES = {
    "en": _Language(
        links=_set(
            "and, or, but, because, cause, if, unless, although, though, while, whereas, than, which, who, whose, "
            "the, a, an, my, your, his, its, our, their, these, every, very"
        ),
        leads=_set(
            "to, for, with, at, of, from, by, about, between, into, during, after, before, until, since, "
            "is, are, was, were, am, be, been, can, could, would, will, should, shall, may, might, must, "
            "do, does, i, we, they, he, she, i'm, i'd, i'll, i've, we're, we'd, we'll, it's, that's, "
            "there's, let's, want, need, wanna, gonna, like"
        ),
        fillers=_set(
            "uh, um, uhm, er, erm, hmm, mm, you know, i mean, let me see, let me think, let's see, "
            "how do i say, kind of, sort of, hold on, one moment, one second"
        ),
        answers=_set(
            "yes, no, yeah, yep, nope, okay, ok, sure, right, thanks, thank you, hello, hi, hey, bye, goodbye, "
            "stop, please, yes please, no thanks, no thank you, that's it, that's all, that's right, of course, "
            "never mind, yes it is, yes i do, yes i am, no i don't"
        ),
        digits=_set("zero, oh, one, two, three, four, five, six, seven, eight, nine, double, triple"),
    ),
    "de": _Language(
        links=_set(
            "und, oder, aber, weil, denn, dass, ob, wenn, als, damit, sondern, sowie, der, die, den, dem, des, "
            "ein, eine, einen, einem, einer, mein, meine, meinen, meinem, dein, ihre, unser, seine"
        ),
        leads=_set(
            "zu, für, mit, bei, von, nach, aus, in, im, am, um, zum, zur, vor, seit, bis, gegen, ohne, über, "
            "ist, sind, war, bin, habe, hat, kann, könnte, würde, möchte, will, soll, ich, wir, er, sie, noch"
        ),
        fillers=_set("äh, ähm, öh, hm, hmm, also, naja, na ja, moment, warte, sagen wir, wie sagt man, sozusagen"),
        answers=_set(
            "ja, nein, doch, danke, nein danke, ja bitte, bitte, okay, genau, gut, hallo, tschüss, stopp"
        ),
        digits=_set("null, eins, zwei, zwo, drei, vier, fünf, sechs, sieben, acht, neun"),
    ),
    "es": _Language(
        links=_set(
            "y, e, o, u, pero, porque, que, si, aunque, cuando, como, el, la, los, las, un, una, unos, unas, "
            "mi, mis, tu, su, sus, nuestro, muy"
        ),
        leads=_set(
            "a, de, en, con, para, por, sin, sobre, desde, hasta, entre, del, al, es, son, está, estoy, soy, "
            "quiero, quisiera, puedo, puede, necesito, tengo, yo, también, entonces"
        ),
        fillers=_set("eh, em, pues, bueno, o sea, a ver, es que, digamos, un momento"),
        answers=_set("sí, no, gracias, no gracias, sí por favor, por favor, vale, claro, hola, adiós, bien"),
        digits=_set("cero, uno, dos, tres, cuatro, cinco, seis, siete, ocho, nueve, doble"),
    ),
    "fr": _Language(
        links=_set(
            "et, ou, mais, parce que, car, donc, que, qui, si, comme, quand, le, la, les, l, un, une, des, du, "
            "mon, ma, mes, votre, notre, son, sa, ses, très"
        ),
        leads=_set(
            "à, de, en, avec, pour, par, sans, sur, dans, chez, vers, au, aux, depuis, est, sont, suis, "
            "je, nous, il, elle, c'est, j'ai, veux, voudrais, peux, pouvez, aussi, alors"
        ),
        fillers=_set("euh, heu, hum, ben, bah, enfin, alors, voyons, comment dire, attendez, un instant, disons"),
        answers=_set("oui, non, merci, non merci, oui merci, s'il vous plaît, d'accord, bonjour, au revoir, bien"),
        digits=_set("zéro, un, deux, trois, quatre, cinq, six, sept, huit, neuf"),
    ),
}
_MOST_WORDS = 4
"""Of a filler or an answer."""
_DIGIT_GROUP = re.compile(r"\d{1,4}")
"""Numbers are dictated in groups that a recogniser may write as figures: 555 0123."""


def completeness(text: str, *, language: str, punctuated: bool) -> Completeness:
    """How finished `text` sounds. `punctuated`: whether its recogniser is known to write punctuation."""
    text = text.strip().rstrip(_CLOSERS)
    words = words_of(text)
    if not words:
        return Completeness.UNSURE
    if text.endswith(_OPEN):
        return Completeness.INCOMPLETE
    ended = punctuated and text.endswith(_FINAL)
    known = _LANGUAGES.get(base_language(language))
    if known is None:
        return Completeness.COMPLETE if ended else Completeness.UNSURE
    if _is_one_of(known.answers, words, whole=True):
        return Completeness.COMPLETE
    if words[-1] in known.links or _is_one_of(known.fillers, words, whole=False) or _is_dictated(known, text):
        return Completeness.INCOMPLETE
    if words[-1] in known.leads and not text.endswith(_QUESTION):
        return Completeness.UNSURE if ended else Completeness.INCOMPLETE
    return Completeness.COMPLETE if ended else Completeness.UNSURE


def _is_one_of(phrases: frozenset[str], words: tuple[str, ...], *, whole: bool) -> bool:
    """Whether a phrase ends the words, or is all of them."""
    lengths = [len(words)] if whole else range(1, _MOST_WORDS + 1)
    return any(" ".join(words[-length:]) in phrases for length in lengths)


def _is_dictated(language: _Language, text: str) -> bool:
    """A number or a name that is said sign by sign: more of them may come. A number by itself is only a number."""
    before, _, last = text.casefold().rstrip(".!?").rpartition(" ")
    before = before.rpartition(" ")[2]
    spelled = len(last) == len(before) == 1 and last.isalpha() and before.isalpha()
    return spelled or (_is_digit(language, last) and _is_digit(language, before))


def _is_digit(language: _Language, word: str) -> bool:
    return word in language.digits or _DIGIT_GROUP.fullmatch(word) is not None
