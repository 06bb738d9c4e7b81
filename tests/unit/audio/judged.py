"""Waiting for a detector that judges what it hears later than it is sent."""

from __future__ import annotations

import asyncio

from parley_gateway.audio.silero import SileroStream
from parley_gateway.ports import VoiceActivityStream


async def settled(*streams: VoiceActivityStream) -> None:
    """Returns when all that was sent has been judged."""
    for stream in streams:
        while isinstance(stream, SileroStream) and stream.behind:  # noqa: ASYNC110 - a thread has it
            await asyncio.sleep(0.001)
