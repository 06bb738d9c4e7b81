"""What the voices that are spoken to in JSON over a WebSocket have in common."""

from __future__ import annotations

import binascii
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson

from parley_contract.pipeline import DeadlinesConfig
from parley_gateway.conversation.events import FailureKind, Stage
from parley_gateway.ports import ProviderError
from parley_gateway.providers.websocket import AbortableWebSocket

_LARGEST_MESSAGE = 8 * 1024 * 1024
"""A minute of 24 kHz in base64 is 4 MB; some voices send a sentence in one message."""


@asynccontextmanager
async def opened(
    url: str, headers: Mapping[str, str], *, deadlines: DeadlinesConfig
) -> AsyncIterator[AbortableWebSocket]:
    """A connection, aborted in the end. Raises what `websocket_failure` translates."""
    socket = AbortableWebSocket(
        url,
        headers,
        open_timeout=deadlines.connect,
        largest_message=_LARGEST_MESSAGE,
        decode=False,
    )
    try:
        await socket.open()
        yield socket
    finally:
        socket.abort()


def parsed(raw: str | bytes) -> dict[str, Any]:
    """A message. Raises ProviderError (garbage)."""
    try:
        message = orjson.loads(raw)
    except ValueError:
        message = None
    if not isinstance(message, dict):
        raise garbage("a message that is not a JSON object")
    return message


def packed(message: Mapping[str, Any]) -> str:
    """A message to send."""
    return orjson.dumps(message).decode()


def audio_of(data: object) -> bytes:
    """The samples in a message's base64. Raises ProviderError (garbage)."""
    if not isinstance(data, str):
        raise garbage("audio that is not base64")
    try:
        return binascii.a2b_base64(data)
    except (binascii.Error, ValueError):
        raise garbage("audio that is not base64") from None


def garbage(detail: str) -> ProviderError:
    """A message that is not in the provider's format."""
    return ProviderError(Stage.TTS, FailureKind.GARBAGE, detail)
