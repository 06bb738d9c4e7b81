"""Messages that are almost right: one thing is changed as a broken or a hostile client would, or nothing is."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import orjson

Message = dict[str, Any]
ODD: list[Any] = [
    None,
    True,
    -1,
    2**63,
    1e308,
    "",
    "x" * 300,
    "\u0000",
    "\U0001f4a9" * 20,
    [],
    {},
    [[]],
    {"name": {}},
    {"type": "session.end"},
]
"""What stands where something else belongs."""
NOT_MESSAGES = [
    "",
    "\ud800",
    "{",
    "null",
    "\u0000",
    "0",
    '"' * 40,
    "[" * 2000,
    '{"a":' * 500,
    "NaN",
]


def spoilt(message: Message, generator: random.Random) -> str:
    """A text frame."""
    changes: list[Callable[[], str]] = [
        lambda: _text(message),
        lambda: _text(message),
        lambda: _text(_altered(message, generator)),
        lambda: _text({**message, str(generator.random()): generator.choice(ODD)}),
        lambda: _cut(_text(message), generator),
        lambda: _text([message]),
        lambda: generator.choice(NOT_MESSAGES),
    ]
    # What ends a session at once is rarer than what does not: most of them are to live for a while.
    return generator.choices(changes, weights=[20, 20, 20, 10, 1, 1, 1])[0]()


def _text(content: object) -> str:
    return orjson.dumps(content).decode()


def _altered(message: Message, generator: random.Random) -> Message:
    """A field at any depth has another value, or is gone."""
    name = generator.choice([*message])
    value = message[name]
    if isinstance(value, dict) and value and generator.random() < 0.7:
        return {**message, name: _altered(value, generator)}
    if generator.random() < 0.3:
        return {other: kept for other, kept in message.items() if other != name}
    return {**message, name: _number_near(value, generator)}


def _number_near(value: object, generator: random.Random) -> object:
    if isinstance(value, int) and generator.random() < 0.5:
        return value + generator.choice([-1, 1, 0.5, 2**31])
    return generator.choice(ODD)


def _cut(text: str, generator: random.Random) -> str:
    return text[: generator.randrange(len(text))]
