"""Segments as they are written, for one voice after the other: what one did not wait for comes to the next."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from parley_gateway.ports import TtsSegment


class Relay:
    """Reads a source that must not be cancelled in its wait, for that would end it."""

    def __init__(self, source: AsyncIterator[TtsSegment]) -> None:
        self._source = source
        self._coming: asyncio.Future[TtsSegment | None] | None = None
        self._returned: list[TtsSegment] = []
        self.at_end = False
        """Whether there is no more to come."""

    async def next(self) -> TtsSegment | None:
        """The next segment; None at the end. May be cancelled."""
        if self._returned:
            return self._returned.pop()
        if self.at_end:
            return None
        if self._coming is None:
            self._coming = asyncio.ensure_future(anext(self._source, None))
        segment = await asyncio.shield(self._coming)
        self._coming = None
        self.at_end = segment is None
        return segment

    def unread(self, segment: TtsSegment) -> None:
        """It is the next one again."""
        self._returned.append(segment)

    async def aclose(self) -> None:
        """Stop waiting."""
        if self._coming is not None:
            self._coming.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(self._coming, return_exceptions=True)
