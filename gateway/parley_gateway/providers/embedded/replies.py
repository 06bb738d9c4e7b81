"""What the embedded agent answers: a table of what is said and what is replied. No model, no surprise."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from re import Match, Pattern

from parley_gateway.conversation.history import HistoryItem, Speaker, Utterance
from parley_gateway.providers.embedded.number_words import parse_number, say_number
from parley_gateway.providers.embedded.vocabulary import UNCLEAR

SUGGESTIONS = "Ask me what time it is, tell me to count to ten, or ask for a joke."

_UNHEARD = f"Sorry, I did not understand that. {SUGGESTIONS}"
_COUNT_TO_AT_MOST = 30


@dataclass(frozen=True, slots=True)
class Turn:
    """What a reply may depend on."""

    said: Match[str]
    history: Sequence[Utterance]
    now: datetime

    def __getitem__(self, group: str) -> str:
        """A named part of what was said."""
        return self.said[group]


Answer = str | Callable[[Turn], str]


def utterances(history: Iterable[HistoryItem]) -> list[Utterance]:
    """What was said: the script knows no tools."""
    return [item for item in history if isinstance(item, Utterance)]


def reply_to(history: Iterable[HistoryItem], now: datetime) -> str:
    """The answer to the caller's last turn; something to begin with, or to go on with, where there is none."""
    said_so_far = utterances(history)
    if not said_so_far:
        return f"Hello, I am Parley. {SUGGESTIONS}"
    last = said_so_far[-1]
    if last.speaker is Speaker.AGENT:
        return f"Is there anything else? {SUGGESTIONS}"
    if last.text == UNCLEAR:
        return _UNHEARD
    said = _plain(last.text)
    for pattern, answer in _RULES:
        if match := pattern.fullmatch(said):
            return answer if isinstance(answer, str) else answer(Turn(match, said_so_far, now))
    return f"I heard: {last.text.strip()}. I have no answer to that. {SUGGESTIONS}"


def _plain(text: str) -> str:
    """Lower case, no punctuation: typed turns are understood like spoken ones."""
    return " ".join(re.sub(r"[^a-z0-9' ]+", " ", text.lower()).split())


def _time(turn: Turn) -> str:
    zone = turn.now.tzname() or "local time"
    return f"It is {turn.now.hour}:{turn.now.minute:02d}, {zone}."


def _date(turn: Turn) -> str:
    return f"Today is {turn.now:%A}, {turn.now:%B} {turn.now.day}."


def _count(turn: Turn) -> str:
    last = parse_number(turn["number"])
    if last is None or last < 1:
        return "I can count from one. Tell me to count to ten."
    counted = ", ".join(say_number(value) for value in range(1, min(last, _COUNT_TO_AT_MOST) + 1))
    return f"{counted.capitalize()}." if last <= _COUNT_TO_AT_MOST else f"{counted.capitalize()}, and so on."


def _sum(turn: Turn) -> str:
    left, right = parse_number(turn["left"]), parse_number(turn["right"])
    if left is None or right is None:
        return "I can add, subtract and multiply numbers up to one hundred."
    result = {"plus": left + right, "minus": left - right, "times": left * right}[turn["operator"]]
    sign, size = ("minus ", -result) if result < 0 else ("", result)
    return f"{say_number(left)} {turn['operator']} {say_number(right)} is {sign}{say_number(size)}.".capitalize()


def _repeat(turn: Turn) -> str:
    before = [part.text for part in turn.history if part.speaker is Speaker.AGENT and part.text.strip()]
    return before[-1] if before else "I have not said anything yet."


def _heard_back(template: str) -> Callable[[Turn], str]:
    return lambda turn: template.format(turn.said[0])


def _rule(pattern: str, answer: Answer) -> tuple[Pattern[str], Answer]:
    return re.compile(pattern), answer


_JOKE = (
    "A robot walks into a café and orders a coffee. The waiter says: we do not serve robots. "
    "The robot says: but one day, you will."
)
_STORY = (
    "Once upon a time there was a voice that lived in a small computer. It knew only a few words, but it listened "
    "well. Every day somebody came by to talk, and every day it learned how to wait, how to answer, and when to "
    "be quiet. And if nobody has interrupted it, it is still talking."
)
_COLOURS = "red|green|blue|yellow|orange|purple|black|white|brown|pink"
_CARD = "(?:ace|two|three|four|five|six|seven|eight|nine|ten|jack|queen|king) of (?:clubs|diamonds|hearts|spades)"

_RULES: tuple[tuple[Pattern[str], Answer], ...] = (
    _rule(r"(hello|hi|hey)( there| world| parley)?", "Hello! I am Parley. What can I do for you?"),
    _rule(r"good (?P<part>morning|afternoon|evening)", lambda turn: f"Good {turn['part']}! How are you?"),
    _rule(r"(hello )?how are you( doing)?( today)?", "I am very well, thank you. And how are you?"),
    _rule(r"thank you( very much)?|thanks( a lot)?", "You are welcome."),
    _rule(r"nice to meet you", "Nice to meet you too."),
    _rule(r"yes( please)?|okay", f"Very good. {SUGGESTIONS}"),
    _rule(r"no( thanks| thank you)?|maybe|i do not know", "All right. I am here if you need me."),
    _rule(
        r"what can you do( please)?|what can i (say|ask you)( please)?|help( me)?( please)?",
        "I can tell the time and the date, count, add and multiply, name playing cards, take orders to move, "
        "and tell a joke or a story.",
    ),
    _rule(
        r"who are you|what is your name|what are you",
        "I am Parley, a small voice that needs no account. Give me a real model, and I can talk about anything.",
    ),
    _rule(r"are you (a robot|a person)", "I am a program: a few rules, a recogniser and a synthesiser."),
    _rule(r"are you there|speak to me", "Yes, I am here and I can hear you."),
    _rule(r"what time is it|what is the time|tell me the time", _time),
    _rule(r"what (day is it|is the date)( today)?", _date),
    _rule(r"what is your favorite color", "I like blue. And you?"),
    _rule(
        rf"(my favorite color is |i like )?(?P<colour>{_COLOURS})",
        lambda turn: f"{turn['colour'].capitalize()} is a beautiful color.",
    ),
    _rule(r"what is (?P<left>.+) (?P<operator>plus|minus|times) (?P<right>.+)", _sum),
    _rule(r"count to (?P<number>.+)", _count),
    _rule(r"tell me (a )?joke", _JOKE),
    _rule(r"tell me (a )?story", _STORY),
    _rule(r"say that again|repeat that( please)?", _repeat),
    _rule(r"go somewhere and do something", "Gladly, but I am a voice without legs. Somewhere is here."),
    _rule(r"go (forward|backward|left|right)( .+)?|turn (left|right|around)", _heard_back("All right: {}. Done.")),
    _rule(r"stop|wait|be quiet", "All right, I am listening."),
    _rule(rf"{_CARD}( {_CARD})*", _heard_back("You hold the {}. Good luck with that hand.")),
    _rule(r"goodbye|bye( bye)?|see you( later)?|good night", "Goodbye! It was nice to talk to you."),
    _rule(
        r"(zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|\w+ty|hundred| |\d)+",
        _heard_back("I heard the numbers {}."),
    ),
)
