"""Numbers as they are said: "thirty four" is 34."""

from __future__ import annotations

_BELOW_TWENTY = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
sixteen seventeen eighteen nineteen"""
_UNITS = _BELOW_TWENTY.split()
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_VALUES = {
    **{word: value for value, word in enumerate(_UNITS)},
    **{word: 10 * value for value, word in enumerate(_TENS, start=2)},
    "hundred": 100,
}


def parse_number(text: str) -> int | None:
    """The number from 0 to 199 that `text` says, in words or in digits; None where it says none."""
    if text.isdecimal():
        return int(text)
    values = [_VALUES.get(word) for word in text.split() if word not in ("a", "and")]
    match values:
        case [int(only)]:
            return only
        case [1, 100]:
            return 100
        case [int(tens), int(unit)] if tens >= 20 and tens < 100 and 0 < unit < 10:
            return tens + unit
        case _:
            return None


def say_number(value: int) -> str:
    """A number from 0 to 99 in words, any other in digits."""
    if not 0 <= value < 100:
        return str(value)
    if value < len(_UNITS):
        return _UNITS[value]
    tens = _TENS[value // 10 - 2]
    return f"{tens}-{_UNITS[value % 10]}" if value % 10 else tens
