"""What was said, as the model will be shown it: of a reply only what the caller heard."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from enum import StrEnum

LIMIT = 500
"""Utterances kept, about an hour of talk: older ones are forgotten, so that a session's memory stays bounded."""


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


HistoryItem = Utterance | ToolExchange


class History:
    """The conversation so far, oldest first."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._utterances: deque[Utterance] = deque(maxlen=limit)
        self._appended = 0
        self.version = 0
        """Grows with every change: what was made from one version is out of date at the next."""

    @property
    def utterances(self) -> tuple[Utterance, ...]:
        """All that is kept, as it stands, but for what turned out not to have been heard at all."""
        return tuple(utterance for utterance in self._utterances if utterance.text)

    def append(self, utterance: Utterance) -> int:
        """Add what was said last; the number returned names it for `truncate`."""
        self._utterances.append(utterance)
        self._appended += 1
        self.version += 1
        return self._appended

    def truncate(self, item: int, heard: str) -> None:
        """Replace the text of an interrupted utterance by what is now known to have been heard of it."""
        index = item - (self._appended - len(self._utterances)) - 1
        if index < 0 or self._utterances[index].text == heard:
            return
        self._utterances[index] = replace(self._utterances[index], text=heard)
        self.version += 1
