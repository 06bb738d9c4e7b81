"""The calls of tools that a model makes in an answer, which come in pieces."""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from parley_gateway.conversation.history import HistoryItem, ToolCall, ToolExchange

_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_-]")
"""A name that no provider takes back would make every later request fail; models do invent such."""


@dataclass(slots=True)
class _Pieces:
    id: str = ""
    name: str = ""
    arguments: str = ""
    opaque: str = ""


class CallsInProgress:
    """Puts one answer's calls together, in the order in which they began."""

    def __init__(self) -> None:
        self._calls: dict[Hashable, _Pieces] = {}

    def __bool__(self) -> bool:
        return bool(self._calls)

    def add(
        self,
        key: Hashable,
        *,
        call_id: str | None = None,
        name: str | None = None,
        arguments: str | None = None,
        opaque: str = "",
    ) -> None:
        """More of the call that the provider knows by `key`, or the beginning of it."""
        call = self._calls.setdefault(key, _Pieces())
        call.id = call.id or call_id or ""
        call.name = call.name or name or ""
        call.arguments += arguments or ""
        call.opaque = call.opaque or opaque

    def finished(self, history: Iterable[HistoryItem]) -> list[ToolCall]:
        """The calls, each with an id that is unique within the session: some servers give none, or repeat them.

        Arguments are as the model wrote them, even where they are no JSON: whoever runs the tool tells the model.
        """
        taken = {item.call.id for item in history if isinstance(item, ToolExchange)}
        calls: list[ToolCall] = []
        for call in self._calls.values():
            number = call.id if call.id and call.id not in taken else f"call_{uuid4().hex}"
            taken.add(number)
            name = _NOT_IN_NAMES.sub("_", call.name)[:64] or "unnamed"
            calls.append(ToolCall(number, name, call.arguments.strip() or "{}", call.opaque))
        return calls


def arguments_of(call: ToolCall) -> dict[str, Any]:
    """The arguments as an object, empty where the model wrote none: providers take nothing else back."""
    try:
        arguments = json.loads(call.arguments)
    except ValueError:
        return {}
    return arguments if isinstance(arguments, dict) else {}
