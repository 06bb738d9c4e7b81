"""What was said, as the model will be shown it: of a reply only what the caller heard."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

LIMIT = 500
"""Items kept, about an hour of talk: older ones are forgotten, so that a session's memory stays bounded."""


class Quality(StrEnum):
    """How well it is known what the caller heard, best first."""

    REPORTED = "reported"
    MARK = "mark"
    ESTIMATED = "estimated"


class Speaker(StrEnum):
    """Who said it."""

    CALLER = "caller"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Utterance:
    """One thing said by one side. `interrupted`: the agent was cut short after `text`."""

    speaker: Speaker
    text: str = field(repr=False)
    interrupted: bool = False
    quality: Quality | None = field(default=None, compare=False)
    """Of the agent's: how well it is known that this is what was heard. It is beside what was said."""

    @property
    def shown(self) -> bool:
        """Whether the model is shown it: not what was never heard."""
        return bool(self.text)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model asks for a tool. `id` is the model's own, unique within the session."""

    id: str
    name: str
    arguments: str = field(repr=False)
    """A JSON object, as the model wrote it."""
    opaque: str = field(default="", repr=False)
    """What the provider wants back beside the call, and nobody else reads."""


class ToolStatus(StrEnum):
    """How a call of a tool ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """The tool said no, or could not be reached: nothing was done."""
    UNKNOWN = "unknown"
    """Whether it was done is not known: it is not repeated unless the tool is declared idempotent."""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a call brought, as the model will be shown it: an answer, or in words what went wrong."""

    call: str
    """`ToolCall.id`."""
    status: ToolStatus
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ToolExchange:
    """A call and its result, together even where words were said in between: models want them so."""

    call: ToolCall
    result: ToolResult

    @property
    def shown(self) -> bool:
        """Whether the model is shown it."""
        return True


HistoryItem = Utterance | ToolExchange


class History:
    """The conversation so far, oldest first."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._items: deque[HistoryItem] = deque(maxlen=limit)
        self._appended = 0
        self.version = 0
        """Grows with every change: what was made from one version is out of date at the next."""

    @property
    def items(self) -> tuple[HistoryItem, ...]:
        """All that is kept, as it stands, but for what was not heard, or not heard yet."""
        return tuple(item for item in self._items if item.shown)

    def append(self, item: HistoryItem) -> int:
        """Add what happened last; the number returned names it for `replace`."""
        self._items.append(item)
        self._appended += 1
        self.version += 1
        return self._appended

    def replace(self, number: int, item: HistoryItem) -> None:
        """Put what is now known in the place of what was; nothing if that is forgotten already."""
        index = number - (self._appended - len(self._items)) - 1
        if index >= 0:
            self.version += self._items[index] != item
            self._items[index] = item

    def with_replaced(self, items: Mapping[int, HistoryItem]) -> tuple[HistoryItem, ...]:
        """`items` as it would be after such replacements, changing nothing."""
        first = self._appended - len(self._items) + 1
        shown = (items.get(number, item) for number, item in enumerate(self._items, start=first))
        return tuple(item for item in shown if item.shown)
