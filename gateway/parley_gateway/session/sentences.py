"""What the voice is to say next: written by the core, read by the voice, bounded by making the model wait."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Self

from parley_gateway.ports import TtsSegment

MAX_SENTENCES = 16
"""Written ahead of the voice; with more of them the model is not read on."""


class Sentences:
    """Those of one round of a reply, in their order."""

    def __init__(self) -> None:
        self._waiting: deque[TtsSegment] = deque()
        self._closed = False
        self._changed = asyncio.Event()
        self._room = asyncio.Event()

    def put(self, segment: TtsSegment) -> None:
        """Say this next."""
        self._waiting.append(segment)
        self._changed.set()

    def close(self) -> None:
        """There is no more to say."""
        self._closed = True
        self._changed.set()
        self._room.set()

    async def room(self) -> None:
        """Wait while the voice is too far behind."""
        while len(self._waiting) >= MAX_SENTENCES and not self._closed:
            self._room.clear()
            await self._room.wait()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> TtsSegment:
        while not self._waiting:
            if self._closed:
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        self._room.set()
        return self._waiting.popleft()
