"""A conversation's history as the messages of a chat model: the two sides in turn, the caller first and last."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from parley_gateway.conversation.history import Speaker, Utterance

CONNECTED = "[The caller has just been connected.]"
"""Stands for the caller where the agent speaks first: models want a message to answer."""
GO_ON = "[The caller is waiting for you to speak.]"
CUT_SHORT = "[The caller interrupted you there and heard no more of your answer than that.]"
CUT_BEFORE_HEARD = "[The caller interrupted your last answer before any of it was heard.]"


@dataclass(frozen=True, slots=True)
class Message:
    """One side's turn. The text is never empty."""

    role: Literal["user", "assistant"]
    text: str = field(repr=False)


def dialogue(history: tuple[Utterance, ...]) -> list[Message]:
    """The history as alternating messages that begin and end with the caller's.

    An interruption is told in the caller's next message rather than within the agent's: a model imitates what it
    finds in its own.
    """
    lines: list[tuple[Speaker, str]] = []
    for utterance in history:
        lines += _lines(utterance)
    if not lines or lines[0][0] is Speaker.AGENT:
        lines.insert(0, (Speaker.CALLER, CONNECTED))
    if lines[-1][0] is Speaker.AGENT:
        lines.append((Speaker.CALLER, GO_ON))
    return _merged(lines)


def _lines(utterance: Utterance) -> list[tuple[Speaker, str]]:
    text = utterance.text.strip()
    lines = [(utterance.speaker, text)] if text else []
    if utterance.interrupted and utterance.speaker is Speaker.AGENT:
        lines.append((Speaker.CALLER, CUT_SHORT if text else CUT_BEFORE_HEARD))
    return lines


def _merged(lines: list[tuple[Speaker, str]]) -> list[Message]:
    messages: list[Message] = []
    for speaker, text in lines:
        role: Literal["user", "assistant"] = "user" if speaker is Speaker.CALLER else "assistant"
        if messages and messages[-1].role == role:
            messages[-1] = Message(role, f"{messages[-1].text}\n{text}")
        else:
            messages.append(Message(role, text))
    return messages
