"""A conversation's history as the messages of a chat model: the two sides in turn, the caller first and last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from parley_gateway.conversation.history import (
    HistoryItem,
    Speaker,
    ToolCall,
    ToolExchange,
    ToolResult,
    Utterance,
)

CONNECTED = "[The caller has just been connected.]"
"""Stands for the caller where the agent speaks first: models want a message to answer."""
GO_ON = "[The caller is waiting for you to speak.]"
CUT_SHORT = "[The caller interrupted you there and heard no more of your answer than that.]"
CUT_BEFORE_HEARD = "[The caller interrupted your last answer before any of it was heard.]"

Role = Literal["user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    """One side's turn: something said, or a tool's call or its result, or both.

    The agent calls after it has spoken; what the caller said follows the result. The text is empty where nothing
    was said.
    """

    role: Role
    text: str = field(default="", repr=False)
    call: ToolCall | None = None
    """The agent's; its result is in the next message."""
    result: ToolResult | None = None


def dialogue(history: Iterable[HistoryItem]) -> list[Message]:
    """The history as alternating messages that begin and end with the caller's.

    An interruption is told in the caller's next message rather than within the agent's: a model imitates what it
    finds in its own. Every call of a tool is a step of its own, followed by its result, also where several were
    made at once: which of them were is not in the history, and all models understand them one by one.
    """
    parts: list[Message] = []
    note: list[Message] = []
    for item in history:
        if isinstance(item, ToolExchange):
            parts += [Message("assistant", call=item.call), Message("user", result=item.result)]
        else:
            parts += note
            parts += _said(item)
            note = _note(item)
    return _merged(_framed(parts + note))


def _said(utterance: Utterance) -> list[Message]:
    text = utterance.text.strip()
    return [Message("user" if utterance.speaker is Speaker.CALLER else "assistant", text)] if text else []


def _note(utterance: Utterance) -> list[Message]:
    """What the model must know of an interruption: after the calls that belong to the interrupted answer."""
    if not utterance.interrupted or utterance.speaker is Speaker.CALLER:
        return []
    return [Message("user", CUT_SHORT if utterance.text.strip() else CUT_BEFORE_HEARD)]


def _framed(parts: list[Message]) -> list[Message]:
    if not parts or parts[0].role == "assistant":
        parts = [Message("user", CONNECTED), *parts]
    if parts[-1].role == "assistant":
        parts = [*parts, Message("user", GO_ON)]
    return parts


def _merged(parts: list[Message]) -> list[Message]:
    """One message for what a side said at a stretch; no two calls can meet, for a result lies between them."""
    messages: list[Message] = []
    for part in parts:
        if messages and messages[-1].role == part.role:
            messages[-1] = _joined(messages[-1], part)
        else:
            messages.append(part)
    return messages


def _joined(first: Message, then: Message) -> Message:
    text = "\n".join(part.text for part in (first, then) if part.text)
    return Message(first.role, text, call=first.call or then.call, result=first.result or then.result)


def shown(result: ToolResult) -> str:
    """A result as models take it: they refuse one without a word."""
    return result.text.strip() or "[The tool answered nothing.]"
